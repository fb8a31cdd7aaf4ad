//! Between rows of the database and records. Each row carries a sum of what it holds: a row that the disk changed is
//! told as damage and never read as if it had been written so.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use portcullis_model::{FaultCode, Login, OperationId, OperationKind, ResetOptions};
use rusqlite::{Connection, Row};
use sha2::{Digest, Sha256};

use crate::{Entry, Event, JournalError, Record, State};

/// The columns that [`record`] reads, of `operations AS o`.
pub(crate) const RECORD: &str = "o.seq, o.id, o.caller, o.kind, o.account, o.connector, o.options, o.state, o.attempts, \
     o.looks, o.accepted_at, o.deadline, o.not_before, o.fault, o.outcome, o.ended_at, o.has_password, o.sum";

/// The columns that [`entry`] reads, of `entries AS e JOIN operations AS o`.
pub(crate) const ENTRY: &str = "e.number, o.id, o.caller, e.at, e.event, e.state, e.sum";

/// Milliseconds since 1970-01-01 UTC; times before count as 1970.
pub(crate) fn millis(at: SystemTime) -> i64 {
    at.duration_since(UNIX_EPOCH).map_or(0, |d| i64::try_from(d.as_millis()).unwrap_or(i64::MAX))
}

/// The time of so many milliseconds.
pub(crate) fn time(millis: i64) -> SystemTime {
    let since = Duration::from_millis(u64::try_from(millis).unwrap_or(0));
    UNIX_EPOCH.checked_add(since).unwrap_or(UNIX_EPOCH)
}

/// What a row holds, before it is checked; also what a new row is made from.
pub(crate) struct RecordRow {
    pub(crate) record: Record,
    pub(crate) options: String,
    /// As it was written: a newer version may have written a code that this one does not know.
    pub(crate) fault: Option<String>,
    pub(crate) outcome: Option<String>,
}

impl RecordRow {
    /// The texts and the sum of a record that is to be written.
    pub(crate) fn of(record: Record) -> Result<Self, JournalError> {
        let text = |e: serde_json::Error| JournalError::Storage { doing: "write", what: e.to_string() };
        let options = serde_json::to_string(&record.options).map_err(text)?;
        let outcome = record.outcome.as_ref().map(serde_json::to_string).transpose().map_err(text)?;
        let fault = record.fault.map(|code| code.name().to_owned());
        Ok(Self { record, options, fault, outcome })
    }

    /// The sum over everything but the place in the order.
    pub(crate) fn sum(&self) -> i64 {
        let r = &self.record;
        let mut sum = Sum::default();
        for text in [r.id.as_str(), &r.caller, r.kind.name(), r.account.as_str(), &r.connector, &self.options] {
            sum.text(text);
        }
        sum.text(r.state.name());
        for number in [i64::from(r.attempts), i64::from(r.looks), millis(r.accepted_at), millis(r.deadline)] {
            sum.number(number);
        }
        for at in [r.not_before, r.ended_at] {
            sum.number(at.map_or(-1, millis));
        }
        sum.text(self.fault.as_deref().unwrap_or(""));
        sum.text(self.outcome.as_deref().unwrap_or(""));
        sum.number(i64::from(r.has_password));
        sum.end()
    }
}

/// The sum of a line of the journal.
pub(crate) fn entry_sum(id: &OperationId, at: i64, event: &str, state: State) -> i64 {
    let mut sum = Sum::default();
    sum.text(id.as_str());
    sum.number(at);
    sum.text(event);
    sum.text(state.name());
    sum.end()
}

#[derive(Default)]
struct Sum(Sha256);

impl Sum {
    fn text(&mut self, text: &str) {
        self.0.update((text.len() as u64).to_be_bytes());
        self.0.update(text);
    }

    fn number(&mut self, number: i64) {
        self.0.update(number.to_be_bytes());
    }

    fn end(self) -> i64 {
        let mut first = [0; 8];
        first.copy_from_slice(&self.0.finalize()[..8]);
        i64::from_be_bytes(first)
    }
}

/// Reads the columns of [`RECORD`].
pub(crate) fn record(row: &Row<'_>) -> rusqlite::Result<Record> {
    let optional_time = |column| row.get::<_, Option<i64>>(column).map(|at| at.map(time));
    let options: String = row.get(6)?;
    let fault: Option<String> = row.get(13)?;
    let outcome: Option<String> = row.get(14)?;
    let record = Record {
        seq: row.get::<_, i64>(0)?.cast_unsigned(),
        id: OperationId::parse(row.get_ref(1)?.as_str()?).ok_or_else(|| bad("the id"))?,
        caller: row.get(2)?,
        kind: OperationKind::parse(row.get_ref(3)?.as_str()?).ok_or_else(|| bad("the kind"))?,
        account: Login::new(row.get::<_, String>(4)?).map_err(|_| bad("the account"))?,
        connector: row.get(5)?,
        options: serde_json::from_str::<ResetOptions>(&options).map_err(|_| bad("the options"))?,
        state: State::parse(row.get_ref(7)?.as_str()?).ok_or_else(|| bad("the state"))?,
        attempts: row.get(8)?,
        looks: row.get(9)?,
        accepted_at: time(row.get(10)?),
        deadline: time(row.get(11)?),
        not_before: optional_time(12)?,
        fault: fault.as_deref().map(|code| FaultCode::parse(code).unwrap_or(FaultCode::HostInternal)),
        outcome: match &outcome {
            Some(text) => Some(serde_json::from_str(text).map_err(|_| bad("the outcome"))?),
            None => None,
        },
        ended_at: optional_time(15)?,
        has_password: row.get(16)?,
    };
    let sum: i64 = row.get(17)?;
    let row = RecordRow { record, options, fault, outcome };
    if row.sum() == sum { Ok(row.record) } else { Err(bad("an operation: it is not what was written")) }
}

/// Reads the columns of [`ENTRY`].
pub(crate) fn entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    let at: i64 = row.get(3)?;
    let text = row.get_ref(4)?.as_str()?;
    let operation = OperationId::parse(row.get_ref(1)?.as_str()?).ok_or_else(|| bad("the id"))?;
    let state = State::parse(row.get_ref(5)?.as_str()?).ok_or_else(|| bad("the state"))?;
    if entry_sum(&operation, at, text, state) != row.get::<_, i64>(6)? {
        return Err(bad("a line: it is not what was written"));
    }
    Ok(Entry {
        number: row.get::<_, i64>(0)?.cast_unsigned(),
        operation,
        caller: row.get(2)?,
        at: time(at),
        event: serde_json::from_str::<Event>(text).map_err(|_| bad("an event"))?,
        state,
    })
}

fn bad(what: &'static str) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, format!("cannot read {what}").into())
}

/// The error of a read: what cannot be read as it was written is damage.
pub(crate) fn failed(connection: &Connection) -> impl Fn(rusqlite::Error) -> JournalError + '_ {
    move |error| {
        let path = Path::new(connection.path().unwrap_or("journal.db"));
        match &error {
            rusqlite::Error::FromSqlConversionFailure(_, _, what) => JournalError::damaged(path, what.to_string()),
            rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::Utf8Error(..) => JournalError::damaged(path, error.to_string()),
            _ => JournalError::sqlite("read", path, &error),
        }
    }
}
