//! The tables, the settings of every connection, and the making of a new database.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::JournalError;

/// Marks the file as a journal of Portcullis (`PRAGMA application_id`): "Pcjl".
pub(crate) const APPLICATION_ID: i64 = 0x5063_6A6C;
/// The schema that this version writes (`PRAGMA user_version`).
pub(crate) const VERSION: i64 = 1;

// `sealed` is a table of its own, filled at its end only and overwritten in place with zeros of the same length. SQLite
// erases what it frees (secure_delete), but leaves copies of what it moves when it balances pages: so rows go only where
// no password is near (see the writer's prune), and the table refers to no other.
const TABLES: &str = "
CREATE TABLE operations (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  caller TEXT NOT NULL,
  key TEXT,
  digest BLOB,
  kind TEXT NOT NULL,
  account TEXT NOT NULL,
  folded TEXT NOT NULL,
  connector TEXT NOT NULL,
  options TEXT NOT NULL,
  state TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  looks INTEGER NOT NULL,
  accepted_at INTEGER NOT NULL,
  deadline INTEGER NOT NULL,
  not_before INTEGER,
  fault TEXT,
  outcome TEXT,
  ended_at INTEGER,
  has_password INTEGER NOT NULL,
  sum INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX operations_key ON operations (caller, key) WHERE key IS NOT NULL;
CREATE INDEX operations_account ON operations (folded);
CREATE INDEX operations_caller ON operations (caller, seq);
CREATE INDEX operations_open ON operations (seq) WHERE ended_at IS NULL;
CREATE INDEX operations_ended ON operations (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX operations_unknown ON operations (ended_at) WHERE state = 'unknown' AND has_password = 1;
CREATE TABLE sealed (
  operation INTEGER PRIMARY KEY,
  bytes BLOB NOT NULL
) STRICT;
CREATE TABLE envelopes (
  digest BLOB PRIMARY KEY,
  operation INTEGER NOT NULL REFERENCES operations (seq) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX envelopes_operation ON envelopes (operation);
CREATE TABLE entries (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  operation INTEGER NOT NULL REFERENCES operations (seq) ON DELETE CASCADE,
  at INTEGER NOT NULL,
  event TEXT NOT NULL,
  state TEXT NOT NULL,
  sum INTEGER NOT NULL
) STRICT;
CREATE INDEX entries_operation ON entries (operation);
";

/// A connection that writes. Each commit is on the disk when it returns.
pub(crate) fn connect(path: &Path) -> Result<Connection, JournalError> {
    let connection = raw(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let set = || {
        connection.pragma_update(None, "secure_delete", true)?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        // 2,000 pages are 8 MB: a checkpoint is rare enough not to be felt, and a start reads the rest quickly.
        connection.pragma_update(None, "wal_autocheckpoint", 2000)?;
        connection.pragma_update(None, "journal_size_limit", 16 << 20)?;
        connection.pragma_update(None, "cache_size", -16384)?;
        connection.pragma_update(None, "temp_store", "MEMORY")
    };
    set().map_err(|e| JournalError::sqlite("set up", path, &e))?;
    Ok(connection)
}

/// A connection that can only read.
pub(crate) fn connect_to_read(path: &Path) -> Result<Connection, JournalError> {
    let connection = raw(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    connection.pragma_update(None, "temp_store", "MEMORY").map_err(|e| JournalError::sqlite("set up", path, &e))?;
    Ok(connection)
}

fn raw(path: &Path, access: OpenFlags) -> Result<Connection, JournalError> {
    let failed = |e: rusqlite::Error| JournalError::sqlite("open", path, &e);
    let connection = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX).map_err(failed)?;
    connection.busy_timeout(Duration::from_secs(5)).map_err(failed)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// Fills an empty file: afterwards it is a whole journal without an operation, with no log beside it.
pub(crate) fn fill(path: &Path) -> Result<(), JournalError> {
    let failed = |e: rusqlite::Error| JournalError::sqlite("make", path, &e);
    let connection = raw(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection
        .execute_batch(&format!(
            "PRAGMA application_id = {APPLICATION_ID}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
             BEGIN; {TABLES} PRAGMA user_version = {VERSION}; COMMIT;"
        ))
        .map_err(failed)?;
    connection.close().map_err(|(_, e)| failed(e))
}
