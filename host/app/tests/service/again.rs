//! What the journal holds from before: overtaken, tried again by an operator, asked for once more.

use std::time::{Duration, SystemTime};

use portcullis::service::Admitted;
use portcullis::service::callers::Caller;
use portcullis_journal::{Event, Journal, NewOperation, Record, State};
use portcullis_model::{Fault, FaultCode, Login, OperationId, OperationKind, ResetOptions};
use portcullis_seal::{Binding, KeyRing, Label, seal, unix_seconds};

use super::world::{ALICE, OLD, RATES, WAIT, World, is_password, password, repeated, reset};

/// Accepts a reset as a service did that is gone.
async fn accepted(world: &World, journal: &Journal, new: &str) -> OperationId {
    let keys = KeyRing::open(world.state.path()).unwrap();
    let (account, key) = (Login::new(ALICE).unwrap(), keys.current());
    let deadline = SystemTime::now() + Duration::from_secs(3_600);
    let (kind, caller, label) = (OperationKind::ResetPassword, "operator", Label::New);
    let binding = Binding { kind, account: &account, caller, label, key: &key.id, expires: unix_seconds(deadline) };
    let sealed = format!("new {}\n", seal(&key.key, &password(new), &binding).unwrap());
    let id = OperationId::new().unwrap();
    let new = NewOperation {
        id: id.clone(),
        caller: caller.into(),
        idempotency: None,
        kind,
        account,
        connector: "mock".into(),
        options: ResetOptions::default(),
        sealed: sealed.into_bytes(),
        envelopes: Vec::new(),
        deadline,
    };
    journal.accept(new).await.unwrap();
    id
}

fn unseen() -> Fault {
    Fault::new(FaultCode::OutcomeUnknown, "nobody saw it")
}

/// Starts a service on what is there, and waits for the end of an operation. And whether the account's password is the
/// one from before, or the older of the test.
async fn end_of(world: &World, id: &OperationId) -> (Record, bool, bool) {
    let service = world.start().await;
    let mut watch = service.journal().watch();
    let mut record = service.get(id).await.unwrap().unwrap();
    while !record.state.has_ended() {
        tokio::time::timeout(WAIT, watch.recv()).await.unwrap().unwrap();
        record = service.get(id).await.unwrap().unwrap();
    }
    let old = is_password(&service, ALICE, OLD).await;
    let older = is_password(&service, ALICE, "the older password").await;
    service.stop(WAIT).await;
    service.close().await;
    (record, old, older)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_password_is_not_sent_over_a_newer_one_that_took_effect_before_a_crash() {
    let world = World::new(RATES);
    let journal = Journal::open(world.state.path()).unwrap();
    let older = accepted(&world, &journal, "the older password").await;
    let newer = accepted(&world, &journal, "the newer password").await;
    journal.record(&newer, Event::Acting).await.unwrap();
    journal.record(&newer, Event::Done { receipt: serde_json::json!({}) }).await.unwrap();
    journal.close().await;
    drop(journal);
    let (record, old, sent) = end_of(&world, &older).await;
    assert_eq!(record.state, State::Superseded, "{record:?}");
    assert!(old && !sent, "the older password was sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_unknown_and_is_refused_when_it_is_tried_again_stays_unknown() {
    let world = World::new(RATES);
    let journal = Journal::open(world.state.path()).unwrap();
    let id = accepted(&world, &journal, "short").await;
    for event in [
        Event::Acting,
        Event::Interrupted,
        Event::Unknown { fault: unseen() },
        Event::Retried { by: "operator".into() },
    ] {
        journal.record(&id, event).await.unwrap();
    }
    journal.close().await;
    drop(journal);
    let (record, old, _) = end_of(&world, &id).await;
    assert_eq!((record.state, record.fault), (State::Unknown, Some(FaultCode::OutcomeUnknown)), "{record:?}");
    assert!(old);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_is_answered_with_its_operation_when_its_connector_is_gone() {
    let world = World::new(RATES);
    let service = world.start().await;
    let operator = Caller::operator();
    let wanted = || repeated("key-1", reset(ALICE, "a new password"));
    let Admitted::New(first) = service.submit(&operator, wanted(), WAIT).await.unwrap() else { panic!() };
    std::fs::remove_file(world.path("connectors/mock.toml")).unwrap();
    while service.registry().get("mock").is_some() {
        service.registry().reload().await;
    }
    let other = service.submit(&operator, reset(ALICE, "another password"), WAIT).await.unwrap_err();
    assert_eq!(other.code, FaultCode::NoConnector);
    let Admitted::Same(again) = service.submit(&operator, wanted(), WAIT).await.unwrap() else { panic!() };
    assert_eq!(first.id, again.id);
}
