//! Padding: the length of a password does not show in the length of what is sealed.
//!
//! `length (2 bytes, big-endian) ‖ password ‖ zeros`, up to the next multiple of 64 bytes. A password of up to 62 bytes
//! fills one block, the longest (1024 bytes) fills 17. There is exactly one padded form of a password; any other is refused.

use portcullis_model::Password;
use zeroize::Zeroizing;

/// What a padded password is a multiple of, in bytes.
pub(crate) const BLOCK: usize = 64;

/// Bytes before the password that hold its length.
const PREFIX: usize = 2;

/// The longest padded password, in bytes.
pub(crate) const LONGEST: usize = (PREFIX + Password::MAX_BYTES).next_multiple_of(BLOCK);

/// Pads a password; nothing if its length cannot be written, which no [`Password`] can be long enough for.
pub(crate) fn pad(password: &Password) -> Option<Zeroizing<Vec<u8>>> {
    let text = password.expose_secret().as_bytes();
    let length = u16::try_from(text.len()).ok()?;
    let size = (PREFIX + text.len()).next_multiple_of(BLOCK);
    // Reserved at once: a buffer that grew would leave a copy of the password behind.
    let mut padded = Zeroizing::new(Vec::with_capacity(size));
    padded.extend_from_slice(&length.to_be_bytes());
    padded.extend_from_slice(text);
    padded.resize(size, 0);
    Some(padded)
}

/// Takes the password out of its padded form; nothing if that is not the one form that [`pad`] makes.
pub(crate) fn unpad(padded: &[u8]) -> Option<Password> {
    let (prefix, rest) = padded.split_first_chunk::<PREFIX>()?;
    let length = usize::from(u16::from_be_bytes(*prefix));
    let (text, zeros) = rest.split_at_checked(length)?;
    if padded.len() != (PREFIX + length).next_multiple_of(BLOCK) || zeros.iter().any(|byte| *byte != 0) {
        return None;
    }
    Password::from_bytes(text).ok()
}
