//! Putting a backup back: checked first, never over a journal that is in use, and the old file is kept.
//!
//! What was open when the backup was made may have been carried out since. It becomes in doubt: the host looks before
//! it does anything, and never delivers it again by itself.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rusqlite::Connection;

use crate::check::{self, Depth};
use crate::folder::{self, Folder};
use crate::row::millis;
use crate::writer::restored;
use crate::{JournalError, schema};

/// How far the numbers of operations and lines jump: numbers that were given out after the backup was made are not
/// given out again, so that whoever follows the lines misses nothing.
const GAP: i64 = 1 << 32;

/// What [`restore`] did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// How many operations the journal holds now.
    pub operations: u64,
    /// How many of them were open in the backup, and are in doubt now.
    pub in_doubt: u64,
    /// Where the journal is that was there before. It may hold sealed passwords: remove it once it is not needed.
    pub kept: Option<PathBuf>,
}

/// Makes a backup the journal of a folder. Reads and writes the disk: not to be called from a thread that others wait
/// for.
///
/// # Errors
/// [`JournalError::Held`] while a service uses the folder, [`JournalError::Damaged`] or [`JournalError::Newer`] if the
/// backup is not to be used; the journal of the folder is then as it was. [`JournalError::Io`] and
/// [`JournalError::Storage`] otherwise.
pub fn restore(from: &Path, folder: &Path) -> Result<Restored, JournalError> {
    let mut folder = Folder::take(folder)?;
    let fresh = folder.path().join("journal.db.new");
    for file in with_companions(&fresh) {
        folder::remove(&file)?;
    }
    let prepared = prepare(from, &fresh);
    let (operations, in_doubt) = match prepared {
        Ok(counts) => counts,
        Err(error) => {
            for file in with_companions(&fresh) {
                folder::remove(&file)?;
            }
            return Err(error);
        }
    };
    let kept = keep(&folder)?;
    folder.put(&fresh)?;
    Ok(Restored { operations, in_doubt, kept })
}

/// Copies, checks and marks; afterwards the copy is one file without a log beside it.
fn prepare(from: &Path, fresh: &Path) -> Result<(u64, u64), JournalError> {
    // A log beside the file belongs to it: somebody may have copied both from a journal.
    for (source, target) in with_companions(from).into_iter().zip(with_companions(fresh)).take(2) {
        if source == from || folder::exists(&source)? {
            folder::create(&target)?;
            let mut reading = fs::File::open(&source).map_err(JournalError::io("read", &source))?;
            let writing = fs::OpenOptions::new().write(true).open(&target);
            let mut writing = writing.map_err(JournalError::io("write", &target))?;
            std::io::copy(&mut reading, &mut writing).map_err(JournalError::io("copy", &source))?;
        }
    }
    let blame = |error| match error {
        // The operator knows the file that was named, not the copy.
        JournalError::Damaged { what, .. } => JournalError::damaged(from, what),
        JournalError::Newer { found, known, .. } => JournalError::Newer { path: from.to_owned(), found, known },
        error => error,
    };
    let connection = schema::connect(fresh).map_err(blame)?;
    check::identity(&connection, fresh).map_err(blame)?;
    check::content(&connection, fresh, Depth::Whole).map_err(blame)?;
    let counts = mark(&connection, fresh)?;
    let failed = |e: rusqlite::Error| JournalError::sqlite("prepare", fresh, &e);
    connection.pragma_update(None, "journal_mode", "WAL").map_err(failed)?;
    connection.close().map_err(|(_, e)| failed(e))?;
    Ok(counts)
}

fn mark(connection: &Connection, fresh: &Path) -> Result<(u64, u64), JournalError> {
    let failed = |e: rusqlite::Error| JournalError::sqlite("prepare", fresh, &e);
    let all = connection.unchecked_transaction().map_err(failed)?;
    all.execute("UPDATE sqlite_sequence SET seq = seq + ?1", [GAP]).map_err(failed)?;
    let in_doubt = restored(&all)?;
    let operations =
        all.query_row("SELECT COUNT(*) FROM operations", [], |row| row.get::<_, i64>(0)).map_err(failed)?;
    all.commit().map_err(failed)?;
    Ok((operations.cast_unsigned(), in_doubt))
}

/// Puts the present journal aside. Its log goes first: it must never lie beside another database.
fn keep(folder: &Folder) -> Result<Option<PathBuf>, JournalError> {
    let present = folder::database(folder.path());
    let mut kept = folder::beside(&present, &format!(".before-restore-{}", millis(SystemTime::now())));
    while folder::exists(&kept)? {
        kept = folder::beside(&kept, "-");
    }
    let [database, log, index] = with_companions(&present);
    let [kept_database, kept_log, _] = with_companions(&kept);
    if folder::exists(&log)? {
        fs::rename(&log, &kept_log).map_err(JournalError::io("rename", &log))?;
    }
    folder::remove(&index)?;
    if !folder::exists(&database)? {
        return Ok(None);
    }
    fs::rename(&database, &kept_database).map_err(JournalError::io("rename", &database))?;
    folder::sync(folder.path())?;
    Ok(Some(kept))
}

/// A database, its log and the log's index.
fn with_companions(database: &Path) -> [PathBuf; 3] {
    [database.to_owned(), folder::wal(database), folder::beside(database, "-shm")]
}
