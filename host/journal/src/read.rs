//! Reading: what one connection can tell. Never writes.

use portcullis_model::OperationId;
use rusqlite::types::Value as Bound;
use rusqlite::{Connection, OptionalExtension, params, params_from_iter};
use std::collections::BTreeMap;

use crate::row::{self, millis};
use crate::{Entry, Filter, JournalError, Page, PageRequest, Record, State, check};

/// One operation.
pub(crate) fn by_id(connection: &Connection, id: &OperationId) -> Result<Option<Record>, JournalError> {
    connection
        .prepare_cached(&format!("SELECT {} FROM operations o WHERE o.id = ?1", row::RECORD))
        .and_then(|mut s| s.query_row([id.as_str()], row::record).optional())
        .map_err(row::failed(connection))
}

/// The sealed password of an operation, as long as it is kept.
pub(crate) fn sealed(connection: &Connection, id: &OperationId) -> Result<Option<Vec<u8>>, JournalError> {
    connection
        .prepare_cached(
            "SELECT s.bytes FROM operations o JOIN sealed s ON s.operation = o.seq WHERE o.id = ?1 AND o.has_password = 1",
        )
        .and_then(|mut s| s.query_row([id.as_str()], |row| row.get(0)).optional())
        .map_err(row::failed(connection))
}

/// An operation that was asked for with a key, and the digest of that request.
pub(crate) type Keyed = (Record, Option<[u8; 32]>);

/// The operation that a caller asked for with a key.
pub(crate) fn by_key(connection: &Connection, caller: &str, key: &str) -> Result<Option<Keyed>, JournalError> {
    let failed = row::failed(connection);
    let found = connection
        .prepare_cached("SELECT id, digest FROM operations WHERE caller = ?1 AND key = ?2")
        .and_then(|mut s| s.query_row([caller, key], |row| Ok((row.get::<_, String>(0)?, row.get(1)?))).optional())
        .map_err(&failed)?;
    let Some((id, digest)) = found else { return Ok(None) };
    let record = match OperationId::parse(&id) {
        Some(id) => by_id(connection, &id)?,
        None => None,
    };
    let what = || "an index names an operation that is not there".into();
    let record = record.ok_or_else(|| JournalError::Storage { doing: "read", what: what() })?;
    Ok(Some((record, digest)))
}

/// Every sealed password that is kept.
pub(crate) fn all_sealed(connection: &Connection) -> Result<Vec<Vec<u8>>, JournalError> {
    connection
        .prepare_cached(
            "SELECT s.bytes FROM operations o JOIN sealed s ON s.operation = o.seq WHERE o.has_password = 1",
        )
        .and_then(|mut s| s.query_map([], |row| row.get(0))?.collect())
        .map_err(row::failed(connection))
}

/// The lines of one operation, in order. Lines that do not lead to its state are damage.
pub(crate) fn history(connection: &Connection, id: &OperationId) -> Result<Vec<Entry>, JournalError> {
    let failed = row::failed(connection);
    // One transaction, so that the lines and the state are of one moment.
    let moment = connection.unchecked_transaction().map_err(&failed)?;
    let Some(record) = by_id(&moment, id)? else { return Ok(Vec::new()) };
    let entries = entries_of(&moment, record.seq)?;
    let path = std::path::Path::new(connection.path().unwrap_or("journal.db"));
    check::explains(&entries, record.state).map_err(|what| JournalError::damaged(path, format!("{id}: {what}")))?;
    Ok(entries)
}

/// The lines of the operation of a place, as they are.
pub(crate) fn entries_of(connection: &Connection, seq: u64) -> Result<Vec<Entry>, JournalError> {
    let sql = format!(
        "SELECT {} FROM entries e JOIN operations o ON o.seq = e.operation WHERE e.operation = ?1 ORDER BY e.number",
        row::ENTRY
    );
    connection
        .prepare_cached(&sql)
        .and_then(|mut s| s.query_map([seq.cast_signed()], row::entry)?.collect())
        .map_err(row::failed(connection))
}

/// Lines of all operations after a number, in order.
pub(crate) fn entries_after(connection: &Connection, after: u64, most: usize) -> Result<Vec<Entry>, JournalError> {
    let sql = format!(
        "SELECT {} FROM entries e JOIN operations o ON o.seq = e.operation WHERE e.number > ?1 ORDER BY e.number LIMIT ?2",
        row::ENTRY
    );
    let (after, most) = (i64::try_from(after).unwrap_or(i64::MAX), i64::try_from(most).unwrap_or(i64::MAX));
    connection
        .prepare_cached(&sql)
        .and_then(|mut s| s.query_map([after, most], row::entry)?.collect())
        .map_err(row::failed(connection))
}

/// Every operation that has not ended, in the order in which they came.
pub(crate) fn open_operations(connection: &Connection) -> Result<Vec<Record>, JournalError> {
    let sql = format!("SELECT {} FROM operations o WHERE o.ended_at IS NULL ORDER BY o.seq", row::RECORD);
    connection
        .prepare_cached(&sql)
        .and_then(|mut s| s.query_map([], row::record)?.collect())
        .map_err(row::failed(connection))
}

/// How many operations are in each state; states without one are there with zero.
pub(crate) fn counts(connection: &Connection) -> Result<BTreeMap<State, u64>, JournalError> {
    let failed = row::failed(connection);
    let mut counts: BTreeMap<State, u64> = State::ALL.into_iter().map(|state| (state, 0)).collect();
    let mut statement =
        connection.prepare_cached("SELECT state, COUNT(*) FROM operations GROUP BY state").map_err(&failed)?;
    let mut rows = statement.query(params![]).map_err(&failed)?;
    while let Some(found) = rows.next().map_err(&failed)? {
        let (name, count): (String, i64) = found.try_into().map_err(&failed)?;
        if let Some(state) = State::parse(&name) {
            counts.insert(state, count.cast_unsigned());
        }
    }
    Ok(counts)
}

/// A page of the operations that a filter lets through, newest first.
pub(crate) fn list(connection: &Connection, filter: &Filter, page: &PageRequest) -> Result<Page, JournalError> {
    if !(1..=PageRequest::MAX).contains(&page.limit) {
        let must = format!("1 to {}", PageRequest::MAX);
        return Err(JournalError::OutOfBounds { what: "the limit of a page", must });
    }
    let failed = row::failed(connection);
    let mut wheres = vec!["1".to_owned()];
    let mut bounds: Vec<Bound> = Vec::new();
    let mut add = |condition: &str, value: Bound| {
        bounds.push(value);
        wheres.push(format!("{condition} ?{}", bounds.len()));
    };
    if let Some(cursor) = &page.cursor {
        let seq = cursor.parse::<u32>().map(i64::from).or_else(|_| cursor.parse::<i64>());
        let must = || "what the page before gave as its next".to_owned();
        let seq = seq.map_err(|_| JournalError::OutOfBounds { what: "the cursor", must: must() })?;
        add("o.seq <", Bound::Integer(seq));
    }
    if let Some(account) = &filter.account {
        add("o.folded =", Bound::Text(account.as_str().to_lowercase()));
    }
    if let Some(kind) = filter.kind {
        add("o.kind =", Bound::Text(kind.name().to_owned()));
    }
    if let Some(caller) = &filter.caller {
        add("o.caller =", Bound::Text(caller.clone()));
    }
    if let Some(connector) = &filter.connector {
        add("o.connector =", Bound::Text(connector.clone()));
    }
    if let Some(since) = filter.since {
        add("o.accepted_at >=", Bound::Integer(millis(since)));
    }
    if let Some(until) = filter.until {
        add("o.accepted_at <", Bound::Integer(millis(until)));
    }
    if !filter.states.is_empty() {
        // Names of states are words of this program, nothing that anybody gave.
        let names: Vec<_> = filter.states.iter().map(|state| format!("'{state}'")).collect();
        wheres.push(format!("o.state IN ({})", names.join(", ")));
        if filter.states.iter().all(|state| !state.has_ended()) {
            wheres.push("o.ended_at IS NULL".to_owned());
        }
    }
    let sql = format!(
        "SELECT {} FROM operations o WHERE {} ORDER BY o.seq DESC LIMIT {}",
        row::RECORD,
        wheres.join(" AND "),
        page.limit + 1
    );
    let mut records: Vec<Record> = connection
        .prepare_cached(&sql)
        .and_then(|mut s| s.query_map(params_from_iter(bounds), row::record)?.collect())
        .map_err(&failed)?;
    let more = records.len() > page.limit as usize;
    records.truncate(page.limit as usize);
    let next = records.last().filter(|_| more).map(|record| record.seq.to_string());
    Ok(Page { records, next })
}
