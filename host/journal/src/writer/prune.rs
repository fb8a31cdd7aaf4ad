//! Forgetting what is old, a little in each transaction so that operations never wait for it.

use std::time::SystemTime;

use rusqlite::{Connection, params};

use super::batch::Written;
use super::record::{erase, update};
use crate::row::{self, RecordRow, millis};
use crate::{JournalError, Pruned};

/// The most operations of one step.
pub(crate) const STEP: u64 = 200;

/// What is old.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ages {
    /// Operations that ended before are forgotten.
    pub(crate) ended_before: SystemTime,
    /// The password of operations that are unknown since before is erased.
    pub(crate) unknown_sealed_before: SystemTime,
}

/// One step. Nothing more is to be done when it removed nothing.
pub(super) fn prune(connection: &Connection, ages: &Ages, written: &mut Written) -> Result<Pruned, JournalError> {
    let failed = row::failed(connection);
    let sql = format!(
        "SELECT {} FROM operations o WHERE state = 'unknown' AND has_password = 1 AND ended_at < ?1 LIMIT ?2",
        row::RECORD
    );
    let mut statement = connection.prepare_cached(&sql).map_err(&failed)?;
    let unknown = statement
        .query_map(params![millis(ages.unknown_sealed_before), STEP.cast_signed()], row::record)
        .and_then(Iterator::collect::<rusqlite::Result<Vec<_>>>)
        .map_err(&failed)?;
    let mut passwords = 0;
    for mut record in unknown {
        record.has_password = false;
        written.erased |= erase(connection, record.seq)?;
        update(connection, &RecordRow::of(record)?)?;
        passwords += 1;
    }
    let operations = connection
        .prepare_cached(
            "DELETE FROM operations WHERE seq IN \
             (SELECT seq FROM operations WHERE ended_at IS NOT NULL AND ended_at < ?1 LIMIT ?2)",
        )
        .and_then(|mut s| s.execute(params![millis(ages.ended_before), STEP.cast_signed()]))
        .map_err(&failed)?;
    written.erased |= operations > 0;
    Ok(Pruned { operations: operations as u64, passwords })
}
