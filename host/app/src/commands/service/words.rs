//! How operations of the journal are shown to people and programs.

use std::time::SystemTime;

use portcullis_journal::{Entry, Event, Record};
use serde_json::{Value, json};

/// A time as people read it.
pub(super) fn moment(at: SystemTime) -> String {
    humantime::format_rfc3339_seconds(at).to_string()
}

/// An operation for programs.
pub(super) fn record_json(record: &Record) -> Value {
    json!({
        "operation": record.id,
        "state": record.state,
        "kind": record.kind,
        "account": record.account,
        "connector": record.connector,
        "caller": record.caller,
        "attempts": record.attempts,
        "accepted": moment(record.accepted_at),
        "deadline": moment(record.deadline),
        "not_before": record.not_before.map(moment),
        "ended": record.ended_at.map(moment),
        "fault": record.fault.map(|code| code.name()),
        "outcome": record.outcome,
    })
}

/// A line of the history for programs: the operator's text included.
pub(super) fn entry_json(entry: &Entry) -> Value {
    let fault = entry.event.fault();
    json!({
        "at": moment(entry.at),
        "event": entry.event.name(),
        "state": entry.state,
        "fault": fault.map(|fault| fault.code.name()),
        "detail": fault.map(|fault| &fault.detail),
        "until": entry.event.until().map(moment),
        "by": by(&entry.event),
    })
}

fn by(event: &Event) -> Option<String> {
    match event {
        Event::Superseded { by } => Some(by.to_string()),
        Event::Cancelled { by } | Event::Retried { by } => Some(by.clone()),
        _ => None,
    }
}

/// The table of a list, newest first.
pub(super) fn table(records: &[Record]) -> String {
    if records.is_empty() {
        return "no operation\n".to_owned();
    }
    let mut text = format!(
        "{:32}  {:10}  {:15}  {:20}  {:16}  {}\n",
        "OPERATION", "STATE", "KIND", "ACCEPTED", "CONNECTOR", "ACCOUNT"
    );
    for record in records {
        let fault = record.fault.map(|code| format!("  ({code})")).unwrap_or_default();
        text += &format!(
            "{:32}  {:10}  {:15}  {:20}  {:16}  {}{fault}\n",
            record.id.as_str(),
            record.state.to_string(),
            record.kind.name(),
            moment(record.accepted_at),
            record.connector,
            record.account,
        );
    }
    text
}

/// One operation with its history.
pub(super) fn whole(record: &Record, history: &[Entry]) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: &str| text.push_str(&crate::show::line(name, value));
    line("operation", record.id.as_str());
    line("state", &record.state.to_string());
    line("kind", record.kind.name());
    line("account", record.account.as_str());
    line("connector", &record.connector);
    line("caller", &record.caller);
    line("accepted", &moment(record.accepted_at));
    line("deadline", &moment(record.deadline));
    if let Some(ended) = record.ended_at {
        line("ended", &moment(ended));
    }
    if let Some(fault) = record.fault {
        line("fault", &format!("{fault}: {}", fault.caller_text()));
        line("what to do", fault.remedy());
    }
    text.push_str("\nWhat happened:\n");
    for entry in history {
        let detail = entry.event.fault().map(|fault| format!("  {fault}")).unwrap_or_default();
        let by = by(&entry.event).map(|by| format!("  by {by}")).unwrap_or_default();
        text += &format!("  {}  {:11}{by}{detail}\n", moment(entry.at), entry.event.name());
    }
    text
}
