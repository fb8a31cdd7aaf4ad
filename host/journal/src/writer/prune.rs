//! Forgetting what is old, a little in each transaction so that operations never wait for it.

use std::time::SystemTime;

use rusqlite::{Connection, OptionalExtension, params};

use super::batch::Written;
use super::record::{erase, update};
use crate::row::{self, RecordRow, millis};
use crate::{JournalError, Pruned};

/// The most operations of one step.
const STEP: i64 = 200;

/// So many erased rows stay before the first that holds a password. Balancing moves the rows of at most three pages that
/// follow each other, and a page of 4,096 bytes holds fewer than 600 rows.
const DISTANCE: i64 = 2000;

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
    let passwords = passwords(connection, ages, written)?;
    let operations = operations(connection, ages, written)?;
    if passwords == 0 && operations == 0 {
        rows(connection)?;
    }
    Ok(Pruned { operations, passwords })
}

fn passwords(connection: &Connection, ages: &Ages, written: &mut Written) -> Result<u64, JournalError> {
    let failed = row::failed(connection);
    let sql = format!(
        "SELECT {} FROM operations o WHERE state = 'unknown' AND has_password = 1 AND ended_at < ?1 LIMIT ?2",
        row::RECORD
    );
    let unknown: Vec<_> = connection
        .prepare_cached(&sql)
        .and_then(|mut s| s.query_map(params![millis(ages.unknown_sealed_before), STEP], row::record)?.collect())
        .map_err(&failed)?;
    let mut passwords = 0;
    for mut record in unknown {
        record.has_password = false;
        written.erased |= erase(connection, record.seq)?;
        update(connection, &RecordRow::of(record)?)?;
        passwords += 1;
    }
    Ok(passwords)
}

fn operations(connection: &Connection, ages: &Ages, written: &mut Written) -> Result<u64, JournalError> {
    let failed = row::failed(connection);
    let old: Vec<(i64, bool)> = connection
        .prepare_cached(
            "SELECT seq, has_password FROM operations WHERE ended_at IS NOT NULL AND ended_at < ?1 LIMIT ?2",
        )
        .and_then(|mut s| s.query_map(params![millis(ages.ended_before), STEP], |row| row.try_into())?.collect())
        .map_err(&failed)?;
    for (seq, has_password) in &old {
        if *has_password {
            written.erased |= erase(connection, seq.cast_unsigned())?;
        }
        connection
            .prepare_cached("DELETE FROM operations WHERE seq = ?1")
            .and_then(|mut s| s.execute([seq]))
            .map_err(&failed)?;
    }
    Ok(old.len() as u64)
}

/// Removes erased rows of operations that are forgotten, far enough from the first row that holds a password.
fn rows(connection: &Connection) -> Result<(), JournalError> {
    let failed = row::failed(connection);
    let bound: Option<i64> = connection
        .prepare_cached(
            "SELECT operation FROM sealed WHERE operation < MIN( \
               IFNULL((SELECT MIN(seq) FROM operations WHERE ended_at IS NULL), 9223372036854775807), \
               IFNULL((SELECT MIN(seq) FROM operations WHERE state = 'unknown' AND has_password = 1), 9223372036854775807)) \
             ORDER BY operation DESC LIMIT 1 OFFSET ?1",
        )
        .and_then(|mut s| s.query_row([DISTANCE], |row| row.get(0)).optional())
        .map_err(&failed)?;
    let Some(bound) = bound else { return Ok(()) };
    connection
        .prepare_cached(
            "DELETE FROM sealed WHERE operation IN (SELECT operation FROM sealed WHERE operation < ?1 \
             AND NOT EXISTS (SELECT 1 FROM operations WHERE seq = operation) ORDER BY operation LIMIT ?2)",
        )
        .and_then(|mut s| s.execute([bound, 10 * STEP]))
        .map(|_| ())
        .map_err(&failed)
}
