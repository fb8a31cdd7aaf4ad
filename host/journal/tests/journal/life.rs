//! From accepted to the end.

use portcullis_journal::{Event, Journal, JournalError, State};
use portcullis_model::{FaultCode, OperationId};
use serde_json::json;

use crate::given::{accepted, after, done, fault, journal, operation, postponed, refused, time, unknown};

#[tokio::test]
async fn what_is_accepted_is_there_after_a_restart() {
    let (folder, journal) = journal();
    let record = accepted(&journal, operation("alice@corp.example")).await;
    drop(journal);
    let journal = Journal::open(folder.path()).unwrap();
    assert_eq!(journal.get(&record.id).await.unwrap(), Some(record.clone()));
    assert_eq!(journal.sealed(&record.id).await.unwrap(), Some(format!("sealed-{}", record.id).into_bytes()));
    assert_eq!(journal.open_operations().await.unwrap(), [record]);
}

#[tokio::test]
async fn an_operation_goes_from_acting_to_done_and_its_password_is_gone() {
    let (_folder, journal) = journal();
    let record = after(&journal, "alice", &[postponed(), Event::Acting]).await;
    assert_eq!((record.state, record.attempts, record.not_before), (State::Acting, 2, None));
    assert_eq!(record.fault, Some(FaultCode::DirectoryUnavailable));
    assert!(journal.sealed(&record.id).await.unwrap().is_some());

    let ended = journal.record(&record.id, done()).await.unwrap();
    assert_eq!(ended.outcome, Some(json!({"outcome": "done", "target": "CN=alice"})));
    assert!(ended.ended_at.is_some() && !ended.has_password);
    assert_eq!(journal.get(&record.id).await.unwrap(), Some(ended));
    assert_eq!(journal.sealed(&record.id).await.unwrap(), None);
    assert_eq!(journal.open_operations().await.unwrap(), []);
}

#[tokio::test]
async fn what_cannot_follow_is_refused_and_changes_nothing() {
    let (_folder, journal) = journal();
    let record = after(&journal, "alice", &[Event::Acting, refused()]).await;
    let lines = journal.history(&record.id).await.unwrap();
    for event in [Event::Acting, done(), Event::Retried { by: "operator".to_owned() }, Event::Accepted] {
        let error = journal.record(&record.id, event).await.unwrap_err();
        assert!(matches!(error, JournalError::Illegal(i) if i.state == State::Refused), "{error}");
    }
    assert_eq!(journal.get(&record.id).await.unwrap(), Some(record.clone()));
    assert_eq!(journal.history(&record.id).await.unwrap(), lines);
    let nobody = OperationId::new().unwrap();
    assert!(matches!(journal.record(&nobody, done()).await, Err(JournalError::NoSuchOperation(_))));
}

#[tokio::test]
async fn the_caller_reads_a_fault_without_the_operators_text() {
    let (_folder, journal) = journal();
    let record = after(&journal, "alice", &[Event::Acting, refused()]).await;
    let outcome = record.outcome.unwrap();
    assert_eq!(outcome["code"], "password-too-short");
    assert_eq!(outcome["limit"], 12);
    assert!(!outcome.to_string().contains("0000052D"), "{outcome}");
    let lines = journal.history(&record.id).await.unwrap();
    assert_eq!(lines.last().unwrap().event, refused(), "the operator reads it in the history");
}

#[tokio::test]
async fn an_unknown_one_can_be_tried_again_while_its_password_is_kept() {
    let (_folder, journal) = journal();
    let again = Event::Retried { by: "operator".to_owned() };
    let record = after(&journal, "alice", &[Event::Acting, unknown()]).await;
    assert!(record.has_password && record.ended_at.is_some());
    let waiting = journal.record(&record.id, again.clone()).await.unwrap();
    assert_eq!((waiting.state, waiting.ended_at, waiting.outcome), (State::Waiting, None, None));

    let record = after(&journal, "bob", &[Event::Acting, unknown()]).await;
    journal.prune(time(0), crate::given::later()).await.unwrap();
    let error = journal.record(&record.id, again).await.unwrap_err();
    assert!(matches!(error, JournalError::PasswordErased(_)), "{error}");
}

#[tokio::test]
async fn looks_and_times_are_counted() {
    let (_folder, journal) = journal();
    let until = time(9_000_000_000_777);
    let looked = Event::Looked { fault: fault(), until };
    let record = after(&journal, "alice", &[Event::Acting, Event::Interrupted, looked.clone(), looked]).await;
    assert_eq!((record.state, record.attempts, record.looks), (State::InDoubt, 1, 2));
    assert_eq!(record.not_before, Some(until));
}

#[tokio::test]
async fn watchers_see_every_line_in_order() {
    let (_folder, journal) = journal();
    let mut lines = journal.watch();
    let record = after(&journal, "alice", &[Event::Acting, done()]).await;
    let history = journal.history(&record.id).await.unwrap();
    for line in &history {
        assert_eq!(&lines.recv().await.unwrap(), line);
    }
    assert_eq!(history.iter().map(|l| l.event.name()).collect::<Vec<_>>(), ["accepted", "acting", "done"]);
    assert_eq!(journal.entries_after(history[0].number, 1).await.unwrap(), [history[1].clone()]);
}
