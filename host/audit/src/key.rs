//! The key that signs checkpoints: Ed25519 (RFC 8032), `audit.key` in the state folder, readable by its owner alone.
//!
//! Its public half is printed by `portcullis audit key`: whoever verifies the log should have it from there and not
//! from beside the log.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use rustix::fs::OFlags;
use zeroize::Zeroizing;

use crate::segment::give;
use crate::{AuditError, segment};

/// The name of the file in the state folder.
pub(crate) const FILE: &str = "audit.key";

/// What is wrong where the key is there without a log.
pub(crate) const GONE: &str = "the log is gone, and its key is there";

/// What is signed begins with it, so that the key's signatures mean nothing elsewhere.
const DOMAIN: &str = "portcullis audit place v1";

/// Which key signed: the first 8 bytes of the SHA-256 of the public key, in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct KeyId(pub String);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The public half of the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey(Vec<u8>);

impl PublicKey {
    /// From base64, as [`PublicKey`] prints itself.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = STANDARD.decode(text.trim()).ok()?;
        (bytes.len() == 32).then_some(Self(bytes))
    }

    /// Its name.
    #[must_use]
    pub fn id(&self) -> KeyId {
        KeyId(crate::Hash::of(&self.0).to_string().chars().take(16).collect())
    }

    /// Whether it signed this place.
    #[must_use]
    pub(crate) fn signed(&self, seq: u64, hash: crate::Hash, signature: &str) -> bool {
        let Ok(signature) = STANDARD.decode(signature) else { return false };
        UnparsedPublicKey::new(&ED25519, &self.0).verify(&message(seq, hash), &signature).is_ok()
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(&self.0))
    }
}

/// The public half of the key that signs the log of a state folder. Makes nothing.
///
/// # Errors
/// There is no log, or it is gone and its key is there, or its key cannot be used.
pub fn public_key(state: &Path) -> Result<PublicKey, AuditError> {
    let key = Key::of_log(state)?;
    let folder = state.join(crate::FOLDER);
    if segment::is_log(&folder)? { Ok(key.public()) } else { Err(AuditError::damaged(&folder, GONE)) }
}

/// The key that signs.
pub(crate) struct Key(Ed25519KeyPair);

impl Key {
    /// The key of a log that is there, or that was.
    pub(crate) fn of_log(state: &Path) -> Result<Self, AuditError> {
        let never_begun =
            fs::symlink_metadata(state.join(FILE)).is_err() && !segment::is_log(&state.join(crate::FOLDER))?;
        if never_begun {
            return Err(AuditError::NoLog { state: state.to_owned() });
        }
        Self::open(state, false)
    }

    /// Reads the key; where there is none yet, and `make` says so, makes one.
    pub(crate) fn open(state: &Path, make: bool) -> Result<Self, AuditError> {
        let path = state.join(FILE);
        let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
        let file = match OpenOptions::new().read(true).custom_flags(flags).open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && make => return Self::make(state, &path),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let what = "the log is there and its key is gone: put it back, or `portcullis audit begin-anew`";
                return Err(AuditError::Key { path, what: what.into() });
            }
            Err(error) => return Err(AuditError::io("opening", &path)(error)),
        };
        let mode = file.metadata().map_err(AuditError::io("looking at", &path))?.mode();
        if mode & 0o077 != 0 {
            let what = format!("others than its owner may read it: `chmod 600 {}`", path.display());
            return Err(AuditError::Key { path, what });
        }
        // A key of ring's is 83 or 85 bytes; what is longer is none.
        let mut bytes = Zeroizing::new(Vec::with_capacity(256));
        (&file).take(256).read_to_end(&mut bytes).map_err(AuditError::io("reading", &path))?;
        Self::parse(&bytes).ok_or_else(|| AuditError::Key { path, what: "it is no Ed25519 key in PKCS#8".into() })
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        Ed25519KeyPair::from_pkcs8(bytes).ok().map(Self)
    }

    fn make(state: &Path, path: &Path) -> Result<Self, AuditError> {
        let failed = || AuditError::Key { path: path.to_owned(), what: "the system gave no random numbers".into() };
        let made = Ed25519KeyPair::generate_pkcs8(&ring::rand::SystemRandom::new()).map_err(|_| failed())?;
        // Whole or not at all: a crash in between must not leave half a key.
        let new = state.join("audit.key.new");
        match fs::remove_file(&new) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(AuditError::io("removing", &new)(error));
            }
            _ => {}
        }
        let mut file = OpenOptions::new()
            .create_new(true)
            .write(true)
            .mode(0o600)
            .open(&new)
            .map_err(AuditError::io("making", &new))?;
        give(&file, state).map_err(AuditError::io("giving to its owner", &new))?;
        file.write_all(made.as_ref())
            .and_then(|()| file.sync_all())
            .and_then(|()| fs::rename(&new, path))
            .and_then(|()| File::open(state)?.sync_all())
            .map_err(AuditError::io("writing", path))?;
        Self::parse(made.as_ref()).ok_or_else(failed)
    }

    pub(crate) fn public(&self) -> PublicKey {
        PublicKey(self.0.public_key().as_ref().to_vec())
    }

    pub(crate) fn sign(&self, seq: u64, hash: crate::Hash) -> String {
        STANDARD.encode(self.0.sign(&message(seq, hash)))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.public().id())
    }
}

fn message(seq: u64, hash: crate::Hash) -> Vec<u8> {
    format!("{DOMAIN}\n{seq}\n{hash}\n").into_bytes()
}
