//! Passwords in the hands of the host: erased when dropped, never printed, never compared in variable time.

mod occurs;

use std::fmt;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// A password: 1 to 1024 bytes of UTF-8 without control characters, carried as it was given.
///
/// It is not normalised: a directory compares bytes (RFC 4513 section 5.1.3 leaves the preparation to the client that
/// asks for the password), and a host that changed them would set a password that the person did not choose.
/// Control characters are refused, NUL above all: a directory that keeps the text up to the NUL would store another,
/// shorter password than the one that was asked for.
pub struct Password(Zeroizing<String>);

/// Why a text is not taken as a password. No variant holds the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Nothing was given. Directories take an empty value for "no password", or as an anonymous bind.
    #[error("the password is empty")]
    Empty,
    /// Longer than [`Password::MAX_BYTES`].
    #[error("the password is longer than 1024 bytes")]
    TooLong,
    /// A control character: NUL, a line break, a tabulator, an escape.
    #[error("the password holds a control character (such as NUL or a line break)")]
    ControlCharacter,
    /// The bytes are not UTF-8.
    #[error("the password is not UTF-8 text")]
    NotText,
}

/// How a password becomes the value of an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// The bytes of the text (RFC 4519 section 2.41).
    Utf8,
    /// In double quotes, UTF-16 little endian (MS-ADTS section 3.1.1.3.1.5.1).
    QuotedUtf16Le,
}

impl Password {
    /// The longest password that is taken, in bytes of UTF-8.
    pub const MAX_BYTES: usize = 1024;

    /// Takes a password.
    ///
    /// # Errors
    /// [`PasswordError`] says what is wrong with it, and never holds it. The text is erased in either case.
    pub fn new(text: impl Into<Zeroizing<String>>) -> Result<Self, PasswordError> {
        let text = text.into();
        if text.is_empty() {
            return Err(PasswordError::Empty);
        }
        if text.len() > Self::MAX_BYTES {
            return Err(PasswordError::TooLong);
        }
        if text.chars().any(char::is_control) {
            return Err(PasswordError::ControlCharacter);
        }
        Ok(Self(text))
    }

    /// Takes a password from bytes, as they come from a pipe or a file.
    ///
    /// # Errors
    /// As [`Password::new`], and [`PasswordError::NotText`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, PasswordError> {
        if bytes.len() > Self::MAX_BYTES {
            return Err(PasswordError::TooLong);
        }
        let text = std::str::from_utf8(bytes).map_err(|_| PasswordError::NotText)?;
        Self::new(text.to_owned())
    }

    /// Makes a password of 20 characters that people can read aloud: no look-alikes, about 118 bits, and at least one
    /// lower-case letter, upper-case letter, digit and punctuation mark, as directories' policies want.
    ///
    /// # Errors
    /// [`getrandom::Error`] if the system gives no random bytes.
    pub fn generate() -> Result<Self, getrandom::Error> {
        const LENGTH: usize = 20;
        const CLASSES: [&[u8]; 4] = [b"abcdefghijkmnpqrstuvwxyz", b"ABCDEFGHJKLMNPQRSTUVWXYZ", b"23456789", b"-+=.:!"];
        // 62 letters, digits and marks; a byte at or above 248 = 4 * 62 would favour the first ones.
        let all = Zeroizing::new(CLASSES.concat());
        loop {
            let mut text = Zeroizing::new(String::with_capacity(LENGTH));
            while text.len() < LENGTH {
                let mut byte = Zeroizing::new([0_u8; 1]);
                getrandom::fill(byte.as_mut())?;
                let index = usize::from(byte[0]);
                if index < all.len() * 4 {
                    text.push(char::from(all[index % all.len()]));
                }
            }
            if CLASSES.iter().all(|class| text.bytes().any(|b| class.contains(&b))) {
                return Ok(Self(text));
            }
        }
    }

    /// The text. The name is long so that every reader of it is found by a search: only the encoders of directories,
    /// the granted `reveal` and the printing of a generated password may call it.
    #[must_use]
    pub fn expose_secret(&self) -> &str {
        &self.0
    }

    /// The bytes that go into an attribute; erased when dropped.
    #[must_use]
    pub fn encode(&self, encoding: Encoding) -> Zeroizing<Vec<u8>> {
        match encoding {
            Encoding::Utf8 => Zeroizing::new(self.0.as_bytes().to_vec()),
            Encoding::QuotedUtf16Le => {
                // Twice the bytes always holds the UTF-16 form: growing would leave a copy behind.
                let mut bytes = Zeroizing::new(Vec::with_capacity(2 * self.0.len() + 4));
                for unit in std::iter::once(0x22).chain(self.0.encode_utf16()).chain(std::iter::once(0x22)) {
                    bytes.extend_from_slice(&unit.to_le_bytes());
                }
                bytes
            }
        }
    }

    /// Whether another text is this password, in a time that depends on the lengths alone.
    #[must_use]
    pub fn matches(&self, other: &[u8]) -> bool {
        self.0.as_bytes().ct_eq(other).into()
    }

    /// Whether a text of a directory holds this password, or enough of it, in a form in which servers repeat what they
    /// were sent, so that the text must be withheld.
    ///
    /// A password of fewer than four bytes counts only where it stands alone between non-letters: `5` is in every
    /// error code, and withholding those would tell the password instead of hiding it.
    #[must_use]
    pub fn occurs_in(&self, text: &str) -> bool {
        let secret: &str = &self.0;
        if secret.len() >= 4 {
            return occurs::occurs(secret, text.as_bytes());
        }
        let alone = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
        text.match_indices(secret)
            .any(|(at, found)| alone(text[..at].chars().next_back()) && alone(text[at + found.len()..].chars().next()))
    }

    /// As [`Password::occurs_in`], for a value of a directory or a plugin, which may be no text.
    #[must_use]
    pub fn occurs_in_bytes(&self, bytes: &[u8]) -> bool {
        if self.0.len() >= 4 {
            return occurs::occurs(&self.0, bytes);
        }
        let quoted = self.encode(Encoding::QuotedUtf16Le);
        let wide = quoted.get(2..quoted.len() - 2).unwrap_or_default();
        self.occurs_in(&String::from_utf8_lossy(bytes)) || (wide.len() >= 4 && occurs::holds(bytes, wide))
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(withheld)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> Password {
        Password::new(text.to_owned()).unwrap()
    }

    #[test]
    fn refuses_what_a_directory_would_misread() {
        let refused = |text: &str| Password::new(text.to_owned()).unwrap_err();
        assert_eq!(refused(""), PasswordError::Empty);
        assert_eq!(refused(&"x".repeat(10_240)), PasswordError::TooLong);
        assert_eq!(refused("secret\0tail"), PasswordError::ControlCharacter);
        assert_eq!(refused("secret\n"), PasswordError::ControlCharacter);
        assert_eq!(Password::from_bytes(&[0xff, 0xfe]).unwrap_err(), PasswordError::NotText);
    }

    #[test]
    fn never_prints_itself() {
        let shown = format!("{:?}", password("Tr0ub4dor"));
        assert!(!shown.contains("Tr0ub4dor"), "{shown}");
    }

    #[test]
    fn encodes_quotes_and_emoji_as_active_directory_wants() {
        assert_eq!(password("a\"").encode(Encoding::QuotedUtf16Le).as_slice(), b"\"\0a\0\"\0\"\0");
        assert_eq!(password("😀").encode(Encoding::QuotedUtf16Le).as_slice(), b"\"\0\x3d\xd8\x00\xde\"\0");
        assert_eq!(password("e\u{301}").encode(Encoding::Utf8).as_slice(), "e\u{301}".as_bytes());
    }

    #[test]
    fn the_encoder_never_grows_its_buffer() {
        for text in ["x", "😀😀", "日本語", &"é".repeat(512)] {
            let bytes = password(text).encode(Encoding::QuotedUtf16Le);
            assert!(bytes.len() <= 2 * text.len() + 4, "{text}");
        }
    }

    #[test]
    fn generated_passwords_have_every_class_and_differ() {
        let (a, b) = (Password::generate().unwrap(), Password::generate().unwrap());
        assert_ne!(a.expose_secret(), b.expose_secret());
        for p in [a, b] {
            let text = p.expose_secret();
            assert_eq!(text.len(), 20);
            assert!(text.chars().any(|c| c.is_ascii_lowercase()) && text.chars().any(|c| c.is_ascii_uppercase()));
            assert!(text.chars().any(|c| c.is_ascii_digit()) && text.chars().any(|c| c.is_ascii_punctuation()));
        }
    }

    #[test]
    fn finds_itself_in_a_text() {
        assert!(password("hunter2").occurs_in("bad value hunter2 for attribute"));
        assert!(!password("hunter2").occurs_in("0000052D: too short"));
        assert!(!password("5").occurs_in("0000052D: too short"));
        assert!(password("5").occurs_in("refused: 5"));
        assert!(password("5").occurs_in_bytes(b"\xff5"));
        assert!(!password("5").occurs_in_bytes(b"\xff52"));
        assert!(password("5x").occurs_in_bytes(b"\xff5\0x\0"));
        assert!(password("hunter2").occurs_in_bytes(b"\xffHUNTER2\xff"));
        assert!(password("hunter2").occurs_in_bytes(&[0xff; 20_000]), "too long to be looked at");
    }
}
