//! The lock around a batch of lines: several processes write into one log.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::{AuditError, segment};

/// A process that was stopped while it held the lock must not stop everybody else for ever.
pub(super) const LONGEST_HELD: Duration = Duration::from_secs(10);
const LOOK_AGAIN: Duration = Duration::from_millis(1);

/// The lock, given up when this is dropped.
pub(super) struct Held(File);

impl Held {
    /// The lock, waited for at most so long.
    pub(super) fn of(lock: &File, folder: &Path, longest: Duration) -> Result<Self, AuditError> {
        let until = Instant::now() + longest;
        let held = Self::or_again(lock, folder, || {
            let again = Instant::now() < until;
            if again {
                std::thread::sleep(LOOK_AGAIN);
            }
            again
        })?;
        held.ok_or_else(|| {
            let why = format!("another process has held it for {} s", longest.as_secs());
            AuditError::Io { doing: "locking", path: folder.to_owned(), why }
        })
    }

    /// The lock, asked for as long as `again` says so; none if it stays with somebody else.
    pub(super) fn or_again(
        lock: &File,
        folder: &Path,
        mut again: impl FnMut() -> bool,
    ) -> Result<Option<Self>, AuditError> {
        // The lock belongs to the opened file, which the clone shares.
        let own = lock.try_clone().map_err(AuditError::io("opening", folder))?;
        loop {
            match own.try_lock() {
                Ok(()) => return Ok(Some(Self(own))),
                Err(TryLockError::Error(error)) => return Err(AuditError::io("locking", folder)(error)),
                Err(TryLockError::WouldBlock) if again() => {}
                Err(TryLockError::WouldBlock) => return Ok(None),
            }
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Err(error) = self.0.unlock() {
            tracing::error!("the audit log's lock cannot be given up: {error}");
        }
    }
}

/// The file that is locked; nothing is ever in it.
pub(super) fn lock_file(folder: &Path) -> Result<File, AuditError> {
    segment::made(folder, "audit.lock", 0o600)
}
