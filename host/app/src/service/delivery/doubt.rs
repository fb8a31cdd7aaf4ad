//! What was in doubt once is never said to have had no effect.
//!
//! An operation that became unknown can be tried again by an operator. If that is refused, overtaken, taken back or comes
//! to nothing, the first attempt may still have taken effect: it is unknown as before. And what was overtaken while the
//! service was away is found out from the journal, before it is sent.

use portcullis_journal::{Event, Filter, JournalError, PageRequest, Record, State};
use portcullis_model::{Fault, FaultCode, OperationId};

use crate::service::parts::Parts;

/// How many newer operations of the account are looked at.
const MOST: u32 = 50;

/// Writes an event into the journal; an end without effect becomes `unknown` for what was in doubt before.
pub(in crate::service) async fn record(parts: &Parts, id: &OperationId, event: Event) -> Result<Record, JournalError> {
    let why = match &event {
        Event::Refused { fault } => fault.to_string(),
        Event::Superseded { by } => format!("operation {by} took its place"),
        Event::Cancelled { by } => format!("{by} cancelled it"),
        _ => return parts.record(id, event).await,
    };
    let history = parts.journal.history(id).await?;
    let doubtful = |event: &Event| {
        matches!(event, Event::Doubted { .. } | Event::Interrupted | Event::Restored | Event::Unknown { .. })
    };
    if !history.iter().any(|entry| doubtful(&entry.event)) {
        return parts.record(id, event).await;
    }
    let text = format!("an earlier attempt may have taken effect; the last one did not: {why}");
    parts.record(id, Event::Unknown { fault: Fault::new(FaultCode::OutcomeUnknown, text) }).await
}

/// The newer operation that has set another password of the same account since, if there is one.
pub(super) async fn overtaken(parts: &Parts, record: &Record) -> Result<Option<OperationId>, JournalError> {
    if !record.kind.sets_password() {
        return Ok(None);
    }
    let filter = Filter {
        states: vec![State::Done, State::Unknown],
        account: Some(record.account.clone()),
        connector: Some(record.connector.clone()),
        ..Filter::default()
    };
    let page = parts.journal.list(filter, PageRequest { limit: MOST, cursor: None }).await?;
    let newer = page.records.into_iter().take_while(|other| other.seq > record.seq);
    let mut setting = newer.filter(|other| other.kind.sets_password());
    Ok(setting.find(|other| other.options.unlock || !record.options.unlock).map(|other| other.id))
}
