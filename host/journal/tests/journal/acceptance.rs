//! What is taken on, what is a repetition, and what is refused.

use portcullis_journal::{Accepted, Idempotency, JournalError, NewOperation};

use crate::given::{accepted, journal, key, later, operation, time};

#[tokio::test]
async fn a_repeated_request_is_answered_with_the_first_operation() {
    let (_folder, journal) = journal();
    let mut first = operation("alice");
    first.idempotency = key("k1", 1);
    first.envelopes = vec![[9; 32]];
    let record = accepted(&journal, first.clone()).await;
    // The whole request comes again, under a new id, with the same envelope.
    let again = NewOperation { id: operation("alice").id, ..first };
    assert_eq!(journal.accept(again).await.unwrap(), Accepted::Same(record.clone()));
    assert_eq!(journal.open_operations().await.unwrap(), [record]);
}

#[tokio::test]
async fn the_same_key_with_another_request_writes_nothing() {
    let (_folder, journal) = journal();
    let mut first = operation("alice");
    first.idempotency = key("k1", 1);
    let record = accepted(&journal, first).await;
    let mut other = operation("bob");
    other.idempotency = key("k1", 2);
    let id = other.id.clone();
    assert_eq!(journal.accept(other).await.unwrap(), Accepted::KeyReused(record));
    assert_eq!(journal.get(&id).await.unwrap(), None);
}

#[tokio::test]
async fn a_key_belongs_to_its_caller() {
    let (_folder, journal) = journal();
    for caller in ["portal", "help-desk"] {
        let mut new = operation("alice");
        new.caller = caller.to_owned();
        new.idempotency = key("k1", 1);
        accepted(&journal, new).await;
    }
}

#[tokio::test]
async fn an_envelope_is_good_for_one_operation() {
    let (_folder, journal) = journal();
    let mut first = operation("alice");
    first.envelopes = vec![[1; 32], [2; 32]];
    let record = accepted(&journal, first).await;
    let mut second = operation("alice");
    second.envelopes = vec![[3; 32], [2; 32]];
    assert_eq!(journal.accept(second).await.unwrap(), Accepted::EnvelopeUsed);
    let mut twice = operation("alice");
    twice.envelopes = vec![[4; 32], [4; 32]];
    assert_eq!(journal.accept(twice).await.unwrap(), Accepted::EnvelopeUsed);
    assert_eq!(journal.open_operations().await.unwrap(), [record]);
    // What was refused did not use up the other envelope.
    let mut third = operation("alice");
    third.envelopes = vec![[3; 32]];
    accepted(&journal, third).await;
}

#[tokio::test]
async fn a_key_and_an_envelope_are_remembered_as_long_as_the_operation() {
    let (_folder, journal) = journal();
    let mut first = operation("alice");
    first.idempotency = key("k1", 1);
    first.envelopes = vec![[1; 32]];
    let record = accepted(&journal, first.clone()).await;
    journal.record(&record.id, crate::given::done()).await.unwrap();
    journal.prune(time(0), time(0)).await.unwrap();
    let again = NewOperation { id: operation("alice").id, ..first };
    assert!(matches!(journal.accept(again.clone()).await.unwrap(), Accepted::Same(_)));
    let no_key = NewOperation { idempotency: None, ..again.clone() };
    assert_eq!(journal.accept(no_key).await.unwrap(), Accepted::EnvelopeUsed);
    journal.prune(later(), time(0)).await.unwrap();
    assert!(matches!(journal.accept(again).await.unwrap(), Accepted::New(_)));
}

#[tokio::test]
async fn an_id_is_taken_once() {
    let (_folder, journal) = journal();
    let new = operation("alice");
    accepted(&journal, new.clone()).await;
    assert!(matches!(journal.accept(new).await, Err(JournalError::IdUsed(_))));
}

#[tokio::test]
async fn what_is_too_long_or_empty_is_refused() {
    let (_folder, journal) = journal();
    let bad: [fn(&mut NewOperation); 7] = [
        |n| n.caller = String::new(),
        |n| n.caller = "c".repeat(NewOperation::MAX_NAME_BYTES + 1),
        |n| n.connector = String::new(),
        |n| n.idempotency = Some(Idempotency { key: String::new(), digest: [0; 32] }),
        |n| n.idempotency = Some(Idempotency { key: "k".repeat(Idempotency::MAX_BYTES + 1), digest: [0; 32] }),
        |n| n.sealed = vec![0; NewOperation::MAX_SEALED_BYTES + 1],
        |n| n.envelopes = (0..5).map(|i| [i; 32]).collect(),
    ];
    for change in bad {
        let mut new = operation("alice");
        change(&mut new);
        let error = journal.accept(new).await.unwrap_err();
        assert!(matches!(error, JournalError::OutOfBounds { .. }), "{error}");
    }
    assert_eq!(journal.open_operations().await.unwrap(), []);
}
