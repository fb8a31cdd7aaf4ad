//! What the tests begin with.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use portcullis_journal::{Accepted, Event, Idempotency, Journal, NewOperation, Record};
use portcullis_model::{Fault, FaultCode, Login, OperationId, OperationKind, ResetOptions};
use serde_json::json;
use tempfile::TempDir;

/// A journal in a folder of its own.
pub(crate) fn journal() -> (TempDir, Journal) {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path()).unwrap();
    (folder, journal)
}

/// An operation that nobody asked for before.
pub(crate) fn operation(account: &str) -> NewOperation {
    let id = OperationId::new().unwrap();
    NewOperation {
        caller: "portal".to_owned(),
        idempotency: None,
        kind: OperationKind::ResetPassword,
        account: Login::new(account).unwrap(),
        connector: "corp-ad".to_owned(),
        options: ResetOptions { must_change: true, unlock: false },
        sealed: format!("sealed-{id}").into_bytes(),
        envelopes: Vec::new(),
        deadline: time(9_000_000_000_123),
        id,
    }
}

pub(crate) async fn accepted(journal: &Journal, new: NewOperation) -> Record {
    match journal.accept(new).await.unwrap() {
        Accepted::New(record) => record,
        other => panic!("{other:?}"),
    }
}

/// Accepts one and takes it through events.
pub(crate) async fn after(journal: &Journal, account: &str, events: &[Event]) -> Record {
    let mut record = accepted(journal, operation(account)).await;
    for event in events {
        record = journal.record(&record.id, event.clone()).await.unwrap();
    }
    record
}

pub(crate) fn key(key: &str, digest: u8) -> Option<Idempotency> {
    Some(Idempotency { key: key.to_owned(), digest: [digest; 32] })
}

pub(crate) fn time(millis: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(millis)
}

pub(crate) fn later() -> SystemTime {
    SystemTime::now() + Duration::from_secs(3600)
}

pub(crate) fn fault() -> Fault {
    Fault::new(FaultCode::DirectoryUnavailable, "ldaps://dc1.corp.example: connection refused")
}

pub(crate) fn done() -> Event {
    Event::Done { receipt: json!({"outcome": "done", "target": "CN=alice"}) }
}

pub(crate) fn postponed() -> Event {
    Event::Postponed { fault: fault(), until: time(9_000_000_000_000) }
}

pub(crate) fn unknown() -> Event {
    Event::Unknown { fault: Fault::new(FaultCode::OutcomeUnknown, "sent, no answer") }
}

pub(crate) fn refused() -> Event {
    Event::Refused { fault: Fault::new(FaultCode::PasswordTooShort, "19 (0000052D)").with_limit(Some(12)) }
}

/// One event of each name.
pub(crate) fn every_event() -> Vec<Event> {
    let until = time(9_000_000_000_000);
    vec![
        Event::Accepted,
        Event::Acting,
        postponed(),
        Event::Interrupted,
        Event::Doubted { fault: fault(), until },
        Event::Looked { fault: fault(), until },
        done(),
        refused(),
        unknown(),
        Event::Superseded { by: OperationId::parse(&"ab".repeat(16)).unwrap() },
        Event::Cancelled { by: "help-desk".to_owned() },
        Event::Retried { by: "operator".to_owned() },
        Event::Restored,
    ]
}

/// Every file of a folder whose bytes hold the text.
pub(crate) fn files_with(folder: &Path, text: &[u8]) -> Vec<String> {
    let holds = |bytes: &[u8]| bytes.windows(text.len()).any(|window| window == text);
    std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| holds(&std::fs::read(path).unwrap()))
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect()
}
