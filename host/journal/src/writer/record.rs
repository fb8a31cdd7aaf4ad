//! One event of one operation: the line, the new state, and the end of its password, all at once.

use std::time::SystemTime;

use portcullis_model::{Fault, FaultCode, OperationId, OperationKind};
use rusqlite::{Connection, params};
use serde_json::{Value, json};

use super::accept::name;
use super::batch::Written;
use crate::row::{self, RecordRow, entry_sum, millis, time};
use crate::{Entry, Event, JournalError, NewOperation, Record, State, read};

/// The most bytes of a fault's detail; the rest is cut, because an outcome must not be lost for its length.
const MAX_DETAIL: usize = 4096;
/// The most bytes of a receipt.
const MAX_RECEIPT: usize = 256 * 1024;

pub(super) fn record(
    connection: &Connection,
    id: &OperationId,
    mut event: Event,
    written: &mut Written,
) -> Result<Record, JournalError> {
    let before = read::by_id(connection, id)?.ok_or_else(|| JournalError::NoSuchOperation(id.clone()))?;
    let state = before.state.after(&event)?;
    if before.state == State::Unknown && state == State::Waiting && needs_password(before.kind) && !before.has_password
    {
        return Err(JournalError::PasswordErased(id.clone()));
    }
    if let Event::Cancelled { by } | Event::Retried { by } = &event {
        name("who asks", by, NewOperation::MAX_NAME_BYTES)?;
    }
    if let Some(fault) = event.fault_mut() {
        let end = fault.detail.floor_char_boundary(MAX_DETAIL);
        fault.detail.truncate(end);
    }
    let at = time(millis(SystemTime::now()));
    let record = next(before, state, &event, at);
    let row = RecordRow::of(record)?;
    if row.outcome.as_ref().is_some_and(|text| text.len() > MAX_RECEIPT) {
        return Err(JournalError::OutOfBounds { what: "the receipt", must: format!("at most {MAX_RECEIPT} bytes") });
    }
    update(connection, &row)?;
    if state.is_final() {
        written.erased |= erase(connection, row.record.seq)?;
    }
    written.entries.push(line(connection, &row.record, event, at)?);
    Ok(row.record)
}

/// Marks every open operation as coming from a backup, in the caller's transaction. Says how many there were.
pub(crate) fn restored(connection: &Connection) -> Result<u64, JournalError> {
    let mut marked = 0;
    for open in read::open_operations(connection)? {
        record(connection, &open.id, Event::Restored, &mut Written::default())?;
        marked += 1;
    }
    Ok(marked)
}

/// The record after an event.
fn next(before: Record, state: State, event: &Event, at: SystemTime) -> Record {
    let mut record = Record { state, not_before: event.until().map(|t| time(millis(t))), ..before };
    match event {
        Event::Acting => {
            record.attempts = record.attempts.saturating_add(1);
            record.looks = 0;
        }
        Event::Postponed { .. } if before.state == State::Waiting => {
            record.attempts = record.attempts.saturating_add(1);
        }
        Event::Looked { .. } => record.looks = record.looks.saturating_add(1),
        _ => {}
    }
    record.fault = match event {
        Event::Superseded { .. } => Some(FaultCode::Superseded),
        Event::Cancelled { .. } => Some(FaultCode::Cancelled),
        Event::Done { .. } => None,
        event => event.fault().map(|fault| fault.code).or(record.fault),
    };
    record.outcome = state.has_ended().then(|| outcome(event));
    record.ended_at = state.has_ended().then_some(at);
    record.has_password &= !state.is_final();
    record
}

/// What the caller reads of an end.
fn outcome(event: &Event) -> Value {
    let plain = |code: FaultCode| json!({ "code": code.name(), "text": code.caller_text() });
    match event {
        Event::Done { receipt } => receipt.clone(),
        Event::Superseded { by } => {
            let mut value = plain(FaultCode::Superseded);
            value["by"] = json!(by.as_str());
            value
        }
        Event::Cancelled { .. } => plain(FaultCode::Cancelled),
        event => event.fault().map_or(Value::Null, for_caller),
    }
}

fn for_caller(fault: &Fault) -> Value {
    let mut value = json!({ "code": fault.code.name(), "text": fault.caller_text() });
    if let Some(limit) = fault.limit {
        value["limit"] = json!(limit);
    }
    value
}

/// Whether an operation of this kind cannot be done without its password.
const fn needs_password(kind: OperationKind) -> bool {
    !matches!(kind, OperationKind::UnlockAccount | OperationKind::AccountStatus)
}

/// Writes what an event changes of an operation, and its sum.
pub(super) fn update(connection: &Connection, row: &RecordRow) -> Result<(), JournalError> {
    let record = &row.record;
    connection
        .prepare_cached(
            "UPDATE operations SET state = ?2, attempts = ?3, looks = ?4, not_before = ?5, fault = ?6, outcome = ?7, \
             ended_at = ?8, has_password = ?9, sum = ?10 WHERE seq = ?1",
        )
        .and_then(|mut s| {
            s.execute(params![
                record.seq.cast_signed(),
                record.state.name(),
                record.attempts,
                record.looks,
                record.not_before.map(millis),
                row.fault,
                row.outcome,
                record.ended_at.map(millis),
                record.has_password,
                row.sum(),
            ])
        })
        .map(|_| ())
        .map_err(row::failed(connection))
}

/// Overwrites the sealed password of an operation in its place. The row stays, as zeros, until the operation is
/// forgotten: see the note at the tables.
pub(super) fn erase(connection: &Connection, seq: u64) -> Result<bool, JournalError> {
    connection
        .prepare_cached("UPDATE sealed SET bytes = zeroblob(length(bytes)) WHERE operation = ?1")
        .and_then(|mut s| s.execute([seq.cast_signed()]))
        .map(|changed| changed > 0)
        .map_err(row::failed(connection))
}

/// Writes one line of the journal.
pub(super) fn line(
    connection: &Connection,
    record: &Record,
    event: Event,
    at: SystemTime,
) -> Result<Entry, JournalError> {
    let failed = row::failed(connection);
    let text =
        serde_json::to_string(&event).map_err(|e| JournalError::Storage { doing: "write", what: e.to_string() })?;
    let sum = entry_sum(&record.id, millis(at), &text, record.state);
    connection
        .prepare_cached("INSERT INTO entries (operation, at, event, state, sum) VALUES (?1, ?2, ?3, ?4, ?5)")
        .and_then(|mut s| s.execute(params![record.seq.cast_signed(), millis(at), text, record.state.name(), sum]))
        .map_err(&failed)?;
    Ok(Entry {
        number: connection.last_insert_rowid().cast_unsigned(),
        operation: record.id.clone(),
        caller: record.caller.clone(),
        at,
        event,
        state: record.state,
    })
}
