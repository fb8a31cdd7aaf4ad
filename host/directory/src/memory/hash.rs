//! Passwords at rest: PBKDF2-HMAC-SHA-256 in the form that OpenLDAP's `pw-pbkdf2` reads.
//!
//! The number of iterations is the policy's and tiny by default, because this directory plays one in tests: it keeps
//! passwords from being read at a glance, and is no protection against somebody who has the file and time.

use std::fmt;
use std::num::NonZeroU32;

use base64::Engine as _;
use base64::alphabet::Alphabet;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD};
use ring::pbkdf2::{self, PBKDF2_HMAC_SHA256};

const SCHEME: &str = "{PBKDF2-SHA256}";
const SALT_BYTES: usize = 16;
const KEY_BYTES: usize = 32;
/// A file that is edited by hand must not be able to stop the host for minutes.
const MAX_ITERATIONS: u32 = 10_000_000;

/// A salted hash of a password. Two hashes of one password differ.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Hash {
    iterations: NonZeroU32,
    salt: [u8; SALT_BYTES],
    key: [u8; KEY_BYTES],
}

impl Hash {
    /// # Errors
    /// If the system gives no random bytes.
    pub(super) fn new(password: &[u8], iterations: u32) -> Result<Self, getrandom::Error> {
        let iterations = NonZeroU32::new(iterations.min(MAX_ITERATIONS)).unwrap_or(NonZeroU32::MIN);
        let mut salt = [0; SALT_BYTES];
        getrandom::fill(&mut salt)?;
        let mut key = [0; KEY_BYTES];
        pbkdf2::derive(PBKDF2_HMAC_SHA256, iterations, &salt, password, &mut key);
        Ok(Self { iterations, salt, key })
    }

    /// In constant time.
    pub(super) fn matches(&self, password: &[u8]) -> bool {
        pbkdf2::verify(PBKDF2_HMAC_SHA256, self.iterations, &self.salt, password, &self.key).is_ok()
    }

    /// Reads what [`Hash::to_string`] wrote.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix(SCHEME)?.split('$');
        let (iterations, salt, key) = (parts.next()?, parts.next()?, parts.next()?);
        let iterations: NonZeroU32 = iterations.parse().ok()?;
        if parts.next().is_some() || iterations.get() > MAX_ITERATIONS {
            return None;
        }
        let engine = engine()?;
        let salt = engine.decode(salt).ok()?.try_into().ok()?;
        let key = engine.decode(key).ok()?.try_into().ok()?;
        Some(Self { iterations, salt, key })
    }

    /// Whether a value of `userPassword` is a hash of any scheme (RFC 2307 section 5.3) and not a password.
    pub(super) fn has_scheme(value: &str) -> bool {
        let scheme = value.strip_prefix('{').and_then(|rest| rest.split_once('}')).map(|(scheme, _)| scheme);
        scheme.is_some_and(|s| {
            s.len() >= 3 && s.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-')
        })
    }
}

/// The "adapted" base64 of that form: a dot for the plus, no padding.
fn engine() -> Option<GeneralPurpose> {
    let alphabet = Alphabet::new("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789./").ok()?;
    Some(GeneralPurpose::new(&alphabet, NO_PAD))
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let engine = engine().ok_or(fmt::Error)?;
        write!(f, "{SCHEME}{}${}${}", self.iterations, engine.encode(self.salt), engine.encode(self.key))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hash(withheld)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_passwords_apart() {
        let hash = Hash::new(b"correct horse", 1).unwrap();
        assert!(!hash.matches(b"correct horsE"));
        assert!(!hash.matches(b""));
        assert!(hash.matches(b"correct horse"));
        assert_ne!(hash, Hash::new(b"correct horse", 1).unwrap(), "the salt is missing");
    }

    #[test]
    fn what_is_written_is_read_and_nothing_else() {
        let hash = Hash::new(b"secret", 3).unwrap();
        let text = hash.to_string();
        assert!(text.starts_with("{PBKDF2-SHA256}3$"), "{text}");
        assert_eq!(Hash::parse(&text), Some(hash));
        for bad in ["secret", "{SSHA}abc", "{PBKDF2-SHA256}", "{PBKDF2-SHA256}0$AA$AA", "{PBKDF2-SHA256}3$AA$AA"] {
            assert_eq!(Hash::parse(bad), None, "{bad}");
        }
        assert_eq!(Hash::parse(&text.replacen("}3$", "}4000000000$", 1)), None);
    }

    #[test]
    fn a_password_in_braces_is_no_scheme() {
        assert!(Hash::has_scheme("{SSHA}abcdef") && Hash::has_scheme("{PBKDF2-SHA256}x"));
        assert!(!Hash::has_scheme("{smile} at me") && !Hash::has_scheme("{}x") && !Hash::has_scheme("p{SSHA}"));
    }
}
