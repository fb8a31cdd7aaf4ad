//! What was in doubt once is never said to have had no effect.
//!
//! An operation that became unknown can be tried again by an operator. If that is refused, overtaken, taken back or comes
//! to nothing, the first attempt may still have taken effect: it is unknown as before. And what was overtaken while the
//! service was away is found out from the journal, before it is sent.

use portcullis_journal::{Event, Filter, JournalError, PageRequest, Record, State};
use portcullis_model::{Fault, FaultCode, OperationId, OperationKind};

use crate::service::parts::Parts;

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

/// How often it was looked since the last attempt, and the password did not show. An attempt that ended in doubt has looked
/// itself; a directory that could not be asked has not been looked at.
pub(super) async fn looks(parts: &Parts, record: &Record) -> usize {
    let history = parts.journal.history(&record.id).await.unwrap_or_default();
    let since = history.iter().rposition(|entry| matches!(entry.event, Event::Acting)).unwrap_or(0);
    let found_nothing = |event: &Event| match event {
        Event::Doubted { .. } => true,
        Event::Looked { fault, .. } => fault.code == FaultCode::OutcomeUnknown,
        _ => false,
    };
    history.iter().skip(since).filter(|entry| found_nothing(&entry.event)).count()
}

/// The newer operation that has set another password of the same account since, if there is one.
pub(super) async fn overtaken(parts: &Parts, record: &Record) -> Result<Option<OperationId>, JournalError> {
    if !record.kind.sets_password() {
        return Ok(None);
    }
    for kind in [OperationKind::ResetPassword, OperationKind::ChangePassword] {
        let filter = Filter {
            states: vec![State::Done, State::Unknown],
            kind: Some(kind),
            account: Some(record.account.clone()),
            connector: Some(record.connector.clone()),
            ..Filter::default()
        };
        let newest = parts.journal.list(filter, PageRequest { limit: 1, cursor: None }).await?.records.pop();
        if let Some(newer) = newest.filter(|newest| newest.seq > record.seq) {
            return Ok(Some(newer.id));
        }
    }
    Ok(None)
}
