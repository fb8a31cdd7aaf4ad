//! From the request to the end of the operation.

use std::time::{Duration, SystemTime};

use portcullis::service::callers::Caller;
use portcullis::service::{Admitted, GivenPassword};
use portcullis_journal::State;
use portcullis_model::{FaultCode, OperationKind, ResetOptions};
use portcullis_seal::{Binding, Label, seal, unix_seconds};

use super::world::{ALICE, OLD, RATES, WAIT, World, ask, is_password, password, reset, wanted};

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_done_is_refused_before_it_is_accepted() {
    let world = World::new(RATES);
    let service = world.start().await;
    let operator = Caller::operator();
    let refused = async |submission| service.submit(&operator, submission, WAIT).await.unwrap_err().code;
    assert_eq!(refused(reset("bob@elsewhere.example", "a new password")).await, FaultCode::NoConnector);
    assert_eq!(refused(wanted(OperationKind::ResetPassword, ALICE, &[])).await, FaultCode::PasswordMissing);
    let mut odd = wanted(OperationKind::UnlockAccount, ALICE, &[]);
    odd.options = ResetOptions { must_change: true, unlock: false };
    assert_eq!(refused(odd).await, FaultCode::RequestMalformed);
    let counts = service.journal().counts().await.unwrap();
    assert_eq!(counts.values().sum::<u64>(), 0, "something was accepted: {counts:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_operation_is_carried_out() {
    let world = World::new(RATES);
    let service = world.start().await;
    let done = async |kind, passwords: &[&str]| {
        let record = ask(&service, wanted(kind, ALICE, passwords)).await;
        assert_eq!(record.state, State::Done, "{kind}: {record:?}");
        assert!(!record.has_password, "{kind}: the password is still in the journal");
        record.outcome.unwrap()
    };
    done(OperationKind::ResetPassword, &["a new password"]).await;
    assert!(is_password(&service, ALICE, "a new password").await);
    done(OperationKind::ChangePassword, &["a new password", "another password"]).await;
    assert!(is_password(&service, ALICE, "another password").await && !is_password(&service, ALICE, OLD).await);
    done(OperationKind::UnlockAccount, &[]).await;
    assert_eq!(done(OperationKind::AccountStatus, &[]).await["status"]["locked"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_the_end_and_says_why() {
    let world = World::new(RATES);
    let service = world.start().await;
    let record = ask(&service, reset(ALICE, "short")).await;
    assert_eq!((record.state, record.fault), (State::Refused, Some(FaultCode::PasswordTooShort)));
    assert!(!record.has_password);
    assert!(is_password(&service, ALICE, OLD).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_wait_finds_the_end_later() {
    let world = World::new(RATES);
    let service = world.start().await;
    let admitted = service.submit(&Caller::operator(), reset(ALICE, "a new password"), Duration::ZERO).await.unwrap();
    let Admitted::New(record) = admitted else { panic!("{admitted:?}") };
    let record = service.wait(&record.id, WAIT).await.unwrap().unwrap();
    assert_eq!(record.state, State::Done);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_operations_on_one_account_leave_the_last_password() {
    let world = World::new(RATES);
    let service = world.start().await;
    let mut ids = Vec::new();
    for n in 0..30 {
        let wanted = reset(ALICE, &format!("password number {n}"));
        match service.submit(&Caller::operator(), wanted, Duration::ZERO).await.unwrap() {
            Admitted::New(record) => ids.push(record.id),
            same => panic!("{same:?}"),
        }
    }
    let mut states = Vec::new();
    for id in &ids {
        states.push(service.wait(id, WAIT).await.unwrap().unwrap().state);
    }
    assert!(states.iter().all(|state| matches!(state, State::Done | State::Superseded)), "{states:?}");
    assert_eq!(states.last(), Some(&State::Done));
    assert!(is_password(&service, ALICE, "password number 29").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_services_never_share_a_journal() {
    let world = World::new(RATES);
    let first = world.start().await;
    let fault = world.try_start().await.err().unwrap();
    assert_eq!(fault.code, FaultCode::JournalUnwritable);
    assert!(fault.detail.contains("another portcullis holds"), "{}", fault.detail);
    drop(first);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopping_service_takes_nothing_and_loses_nothing() {
    let world = World::new(RATES);
    let service = world.start().await;
    ask(&service, reset(ALICE, "a new password")).await;
    assert!(service.stop(WAIT).await);
    service.close().await;
    let fault = service.submit(&Caller::operator(), reset(ALICE, "another password"), WAIT).await.unwrap_err();
    assert_eq!(fault.code, FaultCode::Stopping);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_password_in_clear_and_one_sealed_are_both_used() {
    let world = World::new(RATES);
    let service = world.start().await;
    let mut wanted = wanted(OperationKind::ChangePassword, ALICE, &[OLD, "a new password"]);
    let key = service.keys().current();
    let binding = Binding {
        kind: wanted.kind,
        account: &wanted.account,
        caller: &Caller::operator().name,
        label: Label::Old,
        key: &key.id,
        expires: unix_seconds(SystemTime::now() + WAIT),
    };
    let envelope = seal(&key.key, &password(OLD), &binding).unwrap();
    wanted.passwords[0].1 = GivenPassword::Sealed(envelope);
    assert_eq!(ask(&service, wanted).await.state, State::Done);
    assert!(is_password(&service, ALICE, "a new password").await);
}
