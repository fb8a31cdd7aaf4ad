//! A sealed password as text: one line, in exactly one form.
//!
//! `pcs1.<key id>.<expires>.<encapsulated key>.<ciphertext>`: the id in 16 lower-case hexadecimal digits, the expiry in
//! decimal seconds since 1970 UTC, the last two in base64url without padding (RFC 4648 section 5). Every envelope has one
//! text and every text that is taken is the text of one envelope. The digest that tells a replay is made over it, so a
//! second text for the same envelope would be a way around.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use crate::{KeyId, moment, padding, suite};

/// A sealed password. It holds no secret that could be read without a private key of the host.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Envelope {
    key: KeyId,
    expires: u64,
    encapsulated: [u8; 32],
    ciphertext: Vec<u8>,
}

/// Why a text is not a sealed password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum EnvelopeError {
    /// Longer than [`Envelope::MAX_TEXT`].
    #[error("a sealed password has at most {} characters", Envelope::MAX_TEXT)]
    TooLong,
    /// It does not begin with `pcs1.`.
    #[error("a sealed password begins with `pcs1.`")]
    Version,
    /// It has not five parts.
    #[error("a sealed password has five parts: pcs1.<key>.<expires>.<encapsulated key>.<ciphertext>")]
    Parts,
    /// The second part is not the id of a key.
    #[error("the second part of a sealed password is the id of a key: 16 lower-case hexadecimal digits")]
    Key,
    /// The third part is not a time.
    #[error("the third part of a sealed password is the time at which it expires, in seconds since 1970 UTC")]
    Expires,
    /// The fourth part is not an encapsulated key.
    #[error("the fourth part of a sealed password is 32 bytes in base64url without padding")]
    Encapsulated,
    /// The fifth part is not a ciphertext.
    #[error(
        "the fifth part of a sealed password is 64 to 1088 bytes (a multiple of 64) and a tag of 16, in base64url without padding"
    )]
    Ciphertext,
}

impl Envelope {
    /// The longest text, in bytes.
    pub const MAX_TEXT: usize =
        "pcs1.".len() + 16 + 1 + 12 + 1 + 43 + 1 + (padding::LONGEST + suite::TAG).div_ceil(3) * 4;

    pub(crate) fn new(key: KeyId, expires: u64, encapsulated: [u8; 32], ciphertext: Vec<u8>) -> Self {
        Self { key, expires, encapsulated, ciphertext }
    }

    /// The key that it was sealed with, as the text claims; only opening proves it.
    #[must_use]
    pub fn key(&self) -> &KeyId {
        &self.key
    }

    /// Until when it may be handed over, in seconds since 1970 UTC, as the text claims; only opening proves it.
    #[must_use]
    pub fn expires(&self) -> u64 {
        self.expires
    }

    pub(crate) fn encapsulated(&self) -> &[u8; 32] {
        &self.encapsulated
    }

    pub(crate) fn ciphertext(&self) -> &[u8] {
        &self.ciphertext
    }

    /// SHA-256 of the text: what tells that an envelope was used before.
    ///
    /// No other text opens to the same password unless somebody sealed it anew: every byte of the text is authenticated
    /// (the id and the expiry as associated data, the encapsulated key by the key schedule of RFC 9180 section 4.1, the
    /// ciphertext by its tag), and the text has one form.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(self.to_string()).into()
    }
}

impl fmt::Display for Envelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, expires, encapsulated, ciphertext } = self;
        let encoded = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        write!(f, "pcs1.{key}.{expires}.{}.{}", encoded(encapsulated), encoded(ciphertext))
    }
}

impl FromStr for Envelope {
    type Err = EnvelopeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() > Self::MAX_TEXT {
            return Err(EnvelopeError::TooLong);
        }
        let rest = text.strip_prefix("pcs1.").ok_or(EnvelopeError::Version)?;
        let mut parts = rest.split('.');
        let (Some(key), Some(expires), Some(encapsulated), Some(ciphertext), None) =
            (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(EnvelopeError::Parts);
        };
        let decoded = |text: &str| URL_SAFE_NO_PAD.decode(text).ok();
        let key = KeyId::parse(key).ok_or(EnvelopeError::Key)?;
        let expires = seconds(expires).ok_or(EnvelopeError::Expires)?;
        let encapsulated =
            decoded(encapsulated).and_then(|bytes| bytes.try_into().ok()).ok_or(EnvelopeError::Encapsulated)?;
        let ciphertext = decoded(ciphertext).filter(|bytes| fits(bytes.len())).ok_or(EnvelopeError::Ciphertext)?;
        Ok(Self { key, expires, encapsulated, ciphertext })
    }
}

/// Decimal digits without sign and leading zeros, not after the year 9999.
fn seconds(text: &str) -> Option<u64> {
    let canonical = text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    text.parse().ok().filter(|seconds| canonical && *seconds <= moment::LATEST)
}

/// Whether a ciphertext with its tag can have this length.
fn fits(length: usize) -> bool {
    length.checked_sub(suite::TAG).is_some_and(|padded| {
        (padding::BLOCK..=padding::LONGEST).contains(&padded) && padded.is_multiple_of(padding::BLOCK)
    })
}
