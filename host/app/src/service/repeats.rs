//! Telling a repeated request from another one with the same idempotency key, passwords included.
//!
//! What is kept is a digest under a key of the day. Yesterday's key is kept too, so that a repeat is known for at least
//! a day; older ones are erased, and with them what the digests could tell about a password to someone who guesses.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hmac::{Hmac, KeyInit as _, Mac as _};
use portcullis_model::{Fault, FaultCode};
use sha2::Sha256;
use zeroize::Zeroizing;

/// How long a key is the one of the day.
const DAY: Duration = Duration::from_secs(86_400);

const FILE: &str = "repeats.keys";

/// A key: when it was made, in seconds since 1970, and its bytes.
type Key = (u64, Zeroizing<[u8; 32]>);

/// The keys of today and yesterday.
pub(super) struct Repeats {
    path: PathBuf,
    keys: Mutex<Vec<Key>>,
}

impl Repeats {
    /// Reads the keys from the state folder, or makes the first one.
    pub(super) fn open(folder: &Path) -> Result<Self, Fault> {
        let path = folder.join(FILE);
        let keys = match std::fs::read(&path) {
            Ok(bytes) => read(&Zeroizing::new(bytes)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(unusable(&path, &error)),
        };
        Ok(Self { path, keys: Mutex::new(keys) })
    }

    /// The digests of a request: today's, which is kept, and those that a repeat may have been kept under.
    pub(super) fn digests(&self, now: SystemTime, parts: &[&[u8]]) -> Result<Vec<[u8; 32]>, Fault> {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        let seconds = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        if keys.first().is_none_or(|(made, _)| made + DAY.as_secs() <= seconds) {
            let mut bytes = Zeroizing::new([0_u8; 32]);
            getrandom::fill(bytes.as_mut()).map_err(|error| unusable(&self.path, &std::io::Error::other(error)))?;
            keys.insert(0, (seconds, bytes));
            keys.truncate(2);
            write(&self.path, &keys).map_err(|error| unusable(&self.path, &error))?;
        }
        Ok(keys.iter().map(|(_, key)| digest(key, parts)).collect())
    }

    /// Erases keys that are too old to tell a repeat by, also where nobody has asked since.
    pub(super) fn tidy(&self, now: SystemTime) -> Result<(), Fault> {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        let seconds = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let before = keys.len();
        keys.retain(|(made, _)| made + 2 * DAY.as_secs() > seconds);
        if keys.len() == before {
            Ok(())
        } else {
            write(&self.path, &keys).map_err(|error| unusable(&self.path, &error))
        }
    }
}

fn digest(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    // A key of 32 bytes always fits; HMAC takes any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return [0; 32] };
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// 40 bytes for each key. What is not of this form is no key: the digests under it no longer count.
fn read(bytes: &[u8]) -> Vec<Key> {
    let one = |chunk: &[u8]| {
        let (made, key) = chunk.split_first_chunk::<8>()?;
        Some((u64::from_be_bytes(*made), Zeroizing::new(*key.first_chunk::<32>()?)))
    };
    bytes.chunks_exact(40).filter_map(one).take(2).collect()
}

fn write(path: &Path, keys: &[Key]) -> std::io::Result<()> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(80));
    for (made, key) in keys {
        bytes.extend_from_slice(&made.to_be_bytes());
        bytes.extend_from_slice(key.as_ref());
    }
    let beside = path.with_extension("new");
    let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    file.write_all(&bytes)?;
    file.sync_all()?;
    std::fs::rename(&beside, path)
}

fn unusable(path: &Path, error: &std::io::Error) -> Fault {
    Fault::new(FaultCode::JournalUnwritable, format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

    use super::*;

    fn at(days: u64) -> SystemTime {
        UNIX_EPOCH + DAY * 20_000 + DAY * u32::try_from(days).unwrap()
    }

    #[test]
    fn a_repeat_is_known_for_a_day_at_least_and_then_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let digests = |day, parts: &[&[u8]]| Repeats::open(folder.path()).unwrap().digests(at(day), parts).unwrap();
        let first = digests(0, &[b"reset", b"alice", b"secret"])[0];
        assert_eq!(digests(0, &[b"reset", b"alice", b"secret"]), [first], "over a restart");
        assert!(digests(1, &[b"reset", b"alice", b"secret"]).contains(&first), "the day after");
        assert!(!digests(2, &[b"reset", b"alice", b"secret"]).contains(&first), "its key is erased");
    }

    #[test]
    fn another_request_has_another_digest() {
        let folder = tempfile::tempdir().unwrap();
        let repeats = Repeats::open(folder.path()).unwrap();
        let digests = |parts: &[&[u8]]| repeats.digests(at(0), parts).unwrap()[0];
        let one = digests(&[b"reset", b"alice", b"secret"]);
        for other in
            [&[&b"reset"[..], b"alice", b"secre"][..], &[b"reset", b"alices", b"ecret"], &[b"resetalicesecret"]]
        {
            assert_ne!(one, digests(other));
        }
    }

    #[test]
    fn only_the_owner_reads_the_keys() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        Repeats::open(folder.path()).unwrap().digests(at(0), &[]).unwrap();
        let mode = std::fs::metadata(folder.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
