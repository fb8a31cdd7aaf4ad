//! A copy of the journal in one file, made while the service goes on.

use std::path::Path;

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use crate::{JournalError, folder, schema};

/// Copies the journal as it is now into a new file. Removes the file again if that fails.
pub(crate) fn backup(connection: &Connection, to: &Path) -> Result<(), JournalError> {
    folder::create(to)?;
    let copied = copy(connection, to);
    if copied.is_err() {
        folder::remove(to)?;
    }
    copied
}

fn copy(connection: &Connection, to: &Path) -> Result<(), JournalError> {
    let path = to.canonicalize().map_err(JournalError::io("find", to))?;
    let failed = |e: rusqlite::Error| JournalError::sqlite("copy", &path, &e);
    let mut target = schema::connect(&path)?;
    // In one step: the copy is of one moment, and in WAL mode reading it holds up no writer.
    let step = Backup::new(connection, &mut target).and_then(|b| b.step(-1)).map_err(failed)?;
    if step != StepResult::Done {
        return Err(JournalError::Storage { doing: "copy", what: "the journal was in use; try again".to_owned() });
    }
    // One file, without a log beside it.
    target.pragma_update(None, "journal_mode", "DELETE").map_err(failed)?;
    target.close().map_err(|(_, e)| failed(e))?;
    folder::sync(&path)?;
    path.parent().map_or(Ok(()), folder::sync)
}
