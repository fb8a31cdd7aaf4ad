//! Public keys, their names, and what people read about them. Nothing here is secret.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::moment;

/// Names a key: the first 8 bytes of SHA-256 of the public key, as 16 lower-case hexadecimal digits.
///
/// The name does not vouch for the key: it is too short for that, and nothing relies on it. The key itself enters
/// every sealed password.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct KeyId(String);

impl KeyId {
    /// The name of a public key.
    #[must_use]
    pub fn of(public: &[u8; 32]) -> Self {
        Self(Sha256::digest(public).iter().take(8).map(|byte| format!("{byte:02x}")).collect())
    }

    /// Takes a name that was made before; nothing if the text is not 16 lower-case hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let fits = text.len() == 16 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        fits.then(|| Self(text.to_owned()))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A public key as `GET /v1/keys` gives it:
/// `{"id":"<16 hex>","key":"<base64url, 43 characters>","created":1790000000,"accepted_until":null}`, times in seconds
/// since 1970 UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct PublicKey {
    /// Its name.
    pub id: KeyId,
    /// The key: 32 bytes of X25519 (RFC 7748).
    pub key: [u8; 32],
    /// When it was made, in seconds since 1970 UTC.
    pub created: u64,
    /// Until when a password sealed with it is accepted, in seconds since 1970 UTC; nothing for the current key.
    pub accepted_until: Option<u64>,
}

/// [`PublicKey`] in JSON.
#[derive(Serialize, Deserialize)]
struct Written {
    id: String,
    key: String,
    created: u64,
    accepted_until: Option<u64>,
}

impl From<PublicKey> for Written {
    fn from(public: PublicKey) -> Self {
        let PublicKey { id, key, created, accepted_until } = public;
        Self { id: id.0, key: URL_SAFE_NO_PAD.encode(key), created, accepted_until }
    }
}

impl TryFrom<Written> for PublicKey {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        let key = URL_SAFE_NO_PAD.decode(&written.key).map_err(|_| "a key is base64url without padding")?;
        let key: [u8; 32] = key.try_into().map_err(|_| "a key has 32 bytes")?;
        let id = KeyId::of(&key);
        if id.0 != written.id {
            return Err("the id is not the one of the key");
        }
        Ok(Self { id, key, created: written.created, accepted_until: written.accepted_until })
    }
}

/// What `portcullis keys list` prints of a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeyInfo {
    /// Its name.
    pub id: KeyId,
    /// When it was made, in seconds since 1970 UTC; [`KeyInfo::created`] is for people.
    #[serde(rename = "created")]
    pub created_at: u64,
    /// What it is good for now.
    #[serde(flatten)]
    pub state: KeyState,
}

impl KeyInfo {
    /// When it was made, as people read it: `2027-01-15T08:00:00Z`.
    pub fn created(&self) -> impl fmt::Display {
        fmt::from_fn(|f| moment::write(self.created_at, f))
    }
}

/// What a key is good for now. As text: `current`, `accepted until 2027-01-15T08:00:00Z`,
/// `retired since 2027-01-15T08:00:00Z`. A key that was erased is in no list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum KeyState {
    /// The newest: the one to seal with.
    Current,
    /// What was sealed with it is taken until then, in seconds since 1970 UTC.
    Accepted {
        /// The end of its overlap.
        until: u64,
    },
    /// Nothing new is taken; kept only while something that waits was sealed with it.
    Retired {
        /// The end of its overlap, in seconds since 1970 UTC.
        since: u64,
    },
}

impl fmt::Display for KeyState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (words, time) = match self {
            Self::Current => return f.write_str("current"),
            Self::Accepted { until } => ("accepted until", until),
            Self::Retired { since } => ("retired since", since),
        };
        write!(f, "{words} ")?;
        moment::write(*time, f)
    }
}
