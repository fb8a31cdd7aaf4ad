//! Taking on an operation: once for each key of a caller, once for each envelope.

use std::time::SystemTime;

use rusqlite::{Connection, params};

use super::batch::Written;
use super::record::line;
use crate::row::{self, RecordRow, millis, time};
use crate::{Accepted, Event, Idempotency, JournalError, NewOperation, Record, State, read};

pub(super) fn accept(
    connection: &Connection,
    new: NewOperation,
    written: &mut Written,
) -> Result<Accepted, JournalError> {
    let failed = row::failed(connection);
    bounds(&new)?;
    if let Some(answer) = repeated(connection, &new)? {
        return Ok(answer);
    }
    if read::by_id(connection, &new.id)?.is_some() {
        return Err(JournalError::IdUsed(new.id));
    }
    let mut envelopes = new.envelopes.clone();
    envelopes.sort_unstable();
    envelopes.dedup();
    let mut used = connection.prepare_cached("SELECT 1 FROM envelopes WHERE digest = ?1").map_err(&failed)?;
    for digest in &envelopes {
        if used.exists([digest]).map_err(&failed)? {
            return Ok(Accepted::EnvelopeUsed);
        }
    }
    if envelopes.len() < new.envelopes.len() {
        return Ok(Accepted::EnvelopeUsed);
    }
    let (key, digest) = new.idempotency.map(|i| (i.key, i.digest)).unzip();
    let sealed = new.sealed;
    let mut row = RecordRow::of(Record {
        seq: 0,
        id: new.id,
        caller: new.caller,
        kind: new.kind,
        account: new.account,
        connector: new.connector,
        options: new.options,
        state: State::FIRST,
        attempts: 0,
        looks: 0,
        accepted_at: time(millis(SystemTime::now())),
        deadline: time(millis(new.deadline)),
        not_before: None,
        fault: None,
        outcome: None,
        ended_at: None,
        has_password: !sealed.is_empty(),
    })?;
    let sum = row.sum();
    let record = &mut row.record;
    connection
        .prepare_cached(
            "INSERT INTO operations (id, caller, key, digest, kind, account, folded, connector, options, state, attempts, \
             looks, accepted_at, deadline, has_password, sum) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 0, 0, ?11, ?12, ?13, ?14)",
        )
        .and_then(|mut s| {
            s.execute(params![
                record.id.as_str(),
                record.caller,
                key,
                digest,
                record.kind.name(),
                record.account.as_str(),
                record.account.as_str().to_lowercase(),
                record.connector,
                row.options,
                record.state.name(),
                millis(record.accepted_at),
                millis(record.deadline),
                record.has_password,
                sum,
            ])
        })
        .map_err(&failed)?;
    let seq = connection.last_insert_rowid();
    record.seq = seq.cast_unsigned();
    if record.has_password {
        connection
            .prepare_cached("INSERT INTO sealed (operation, bytes) VALUES (?1, ?2)")
            .and_then(|mut s| s.execute(params![seq, sealed]))
            .map_err(&failed)?;
    }
    for digest in envelopes {
        connection
            .prepare_cached("INSERT INTO envelopes (digest, operation) VALUES (?1, ?2)")
            .and_then(|mut s| s.execute(params![digest, seq]))
            .map_err(&failed)?;
    }
    written.entries.push(line(connection, record, Event::Accepted, record.accepted_at)?);
    Ok(Accepted::New(row.record))
}

/// The answer to a request that came before, if this is one.
fn repeated(connection: &Connection, new: &NewOperation) -> Result<Option<Accepted>, JournalError> {
    let Some(Idempotency { key, digest }) = &new.idempotency else { return Ok(None) };
    let Some((record, before)) = read::by_key(connection, &new.caller, key)? else { return Ok(None) };
    Ok(Some(if before == Some(*digest) { Accepted::Same(record) } else { Accepted::KeyReused(record) }))
}

fn bounds(new: &NewOperation) -> Result<(), JournalError> {
    let most = NewOperation::MAX_NAME_BYTES;
    name("the caller", &new.caller, most)?;
    name("the connector", &new.connector, most)?;
    if let Some(idempotency) = &new.idempotency {
        name("the idempotency key", &idempotency.key, Idempotency::MAX_BYTES)?;
    }
    if new.sealed.len() > NewOperation::MAX_SEALED_BYTES {
        let must = format!("at most {} bytes", NewOperation::MAX_SEALED_BYTES);
        return Err(JournalError::OutOfBounds { what: "the sealed password", must });
    }
    if new.envelopes.len() > NewOperation::MAX_ENVELOPES {
        let must = format!("at most {}", NewOperation::MAX_ENVELOPES);
        return Err(JournalError::OutOfBounds { what: "the number of envelopes", must });
    }
    Ok(())
}

/// Refuses a text that is empty or too long.
pub(super) fn name(what: &'static str, text: &str, most: usize) -> Result<(), JournalError> {
    if (1..=most).contains(&text.len()) {
        return Ok(());
    }
    Err(JournalError::OutOfBounds { what, must: format!("1 to {most} bytes long") })
}
