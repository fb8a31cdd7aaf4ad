//! Whether a database can be trusted: asked before anything is read from it or written to it.

use std::fs;
use std::path::Path;

use rusqlite::Connection;

use crate::{JournalError, State, read, row, schema};

/// Up to this size every page, index and line is checked at each start; above, the pages and the open operations.
const WHOLE_BYTES: u64 = 64 << 20;

/// How much is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Depth {
    /// As much as the size allows in a moment.
    Start,
    /// Everything.
    Whole,
}

/// Checks that the file is a journal, of a schema that is known. An empty file is none.
pub(crate) fn identity(connection: &Connection, path: &Path) -> Result<(), JournalError> {
    let length = fs::metadata(path).map_err(JournalError::io("look at", path))?.len();
    if length == 0 {
        return Err(JournalError::damaged(path, "the file is empty"));
    }
    let number = |name: &str| {
        connection
            .pragma_query_value(None, name, |row| row.get::<_, i64>(0))
            .map_err(|e| JournalError::sqlite("read", path, &e))
    };
    if number("application_id")? != schema::APPLICATION_ID {
        return Err(JournalError::damaged(path, "the file is not a journal of Portcullis"));
    }
    match number("user_version")? {
        schema::VERSION => Ok(()),
        found if found > schema::VERSION => {
            Err(JournalError::Newer { path: path.to_owned(), found, known: schema::VERSION })
        }
        found => Err(JournalError::damaged(path, format!("schema {found} never was"))),
    }
}

/// Checks the structure, the sums and that each operation is where its history leads.
pub(crate) fn content(connection: &Connection, path: &Path, depth: Depth) -> Result<(), JournalError> {
    let length = fs::metadata(path).map_err(JournalError::io("look at", path))?.len();
    let whole = depth == Depth::Whole || length <= WHOLE_BYTES;
    let failed = |e: rusqlite::Error| JournalError::sqlite("check", path, &e);
    let pragma = if whole { "PRAGMA integrity_check(5)" } else { "PRAGMA quick_check(5)" };
    let mut statement = connection.prepare(pragma).map_err(failed)?;
    let found = statement.query_map([], |row| row.get::<_, String>(0)).map_err(failed)?;
    let found = found.collect::<rusqlite::Result<Vec<_>>>().map_err(failed)?;
    if found != ["ok"] {
        return Err(JournalError::damaged(path, found.join("; ")));
    }
    if whole && connection.prepare("PRAGMA foreign_key_check").and_then(|mut s| s.exists([])).map_err(failed)? {
        return Err(JournalError::damaged(path, "lines without their operation"));
    }
    histories(connection, path, whole)
}

fn histories(connection: &Connection, path: &Path, whole: bool) -> Result<(), JournalError> {
    let failed = row::failed(connection);
    let which = if whole { "" } else { "WHERE o.ended_at IS NULL" };
    let sql = format!("SELECT {} FROM operations o {which} ORDER BY o.seq", row::RECORD);
    let mut statement = connection.prepare(&sql).map_err(&failed)?;
    let mut rows = statement.query([]).map_err(&failed)?;
    while let Some(found) = rows.next().map_err(&failed)? {
        let record = row::record(found).map_err(&failed)?;
        let entries = read::entries_of(connection, record.seq)?;
        explains(&entries, record.state)
            .map_err(|what| JournalError::damaged(path, format!("{}: {what}", record.id)))?;
    }
    Ok(())
}

/// Whether the lines of an operation lead to its state, each to the one that it names.
pub(crate) fn explains(entries: &[crate::Entry], state: State) -> Result<(), String> {
    let mut at: Option<State> = None;
    for entry in entries {
        let (number, event) = (entry.number, entry.event.name());
        let next = match at {
            None => State::replay([&entry.event]).map_err(|_| format!("its first line, {number}, is `{event}`"))?,
            Some(before) => Some(
                before.after(&entry.event).map_err(|_| format!("line {number}, `{event}`, cannot follow {before}"))?,
            ),
        };
        if next != Some(entry.state) {
            return Err(format!("line {} does not lead to {}", entry.number, entry.state));
        }
        at = next;
    }
    if at == Some(state) { Ok(()) } else { Err(format!("its lines do not lead to {state}")) }
}
