//! The same request twice: the same operation, once.

use portcullis::service::Admitted;
use portcullis::service::callers::Caller;
use portcullis_journal::State;
use portcullis_model::{FaultCode, Login, OperationKind};
use portcullis_seal::{Binding, Label, seal};

use super::world::{ALICE, WAIT, World, is_password, password, repeated, reset, sealed};

#[tokio::test(flavor = "multi_thread")]
async fn another_request_with_the_same_key_is_refused_and_nothing_is_written() {
    let world = World::new("");
    let service = world.start().await;
    let operator = Caller::operator();
    let submit = async |submission| service.submit(&operator, submission, WAIT).await;
    submit(repeated("key-1", reset(ALICE, "a new password"))).await.unwrap();
    for other in [reset(ALICE, "another password"), reset("bob@people.example", "a new password")] {
        let fault = submit(repeated("key-1", other)).await.unwrap_err();
        assert_eq!(fault.code, FaultCode::IdempotencyKeyReused);
    }
    assert!(is_password(&service, ALICE, "a new password").await);
    let counts = service.journal().counts().await.unwrap();
    assert_eq!(counts.values().sum::<u64>(), 2, "the reset and the verification: {counts:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_request_is_the_same_operation_over_a_restart() {
    let world = World::new("");
    let service = world.start().await;
    let operator = Caller::operator();
    let wanted = || repeated("key-1", reset(ALICE, "a new password"));
    let Admitted::New(first) = service.submit(&operator, wanted(), WAIT).await.unwrap() else { panic!() };
    let Admitted::Same(again) = service.submit(&operator, wanted(), WAIT).await.unwrap() else { panic!() };
    assert_eq!(first, again);
    service.stop(WAIT).await;
    service.close().await;
    drop(service);
    let service = world.start().await;
    let Admitted::Same(again) = service.submit(&operator, wanted(), WAIT).await.unwrap() else { panic!() };
    assert_eq!(first.id, again.id);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sealed_password_is_good_for_one_operation_of_one_caller_on_one_account() {
    let world = World::new("");
    let service = world.start().await;
    let operator = Caller::operator();
    let key = service.keys().current();
    let envelope = |kind, account: &str, caller, expires| {
        let account = Login::new(account).unwrap();
        let binding = Binding { kind, account: &account, caller, label: Label::New, key: &key.id, expires };
        seal(&key.key, &password("a sealed password"), &binding).unwrap().to_string()
    };
    let later = portcullis_seal::unix_seconds(std::time::SystemTime::now()) + 3_600;
    let submit = async |text: String| {
        service.submit(&operator, sealed(&text, reset(ALICE, "unused")), WAIT).await.map(|admitted| match admitted {
            Admitted::New(record) | Admitted::Same(record) => (record.state, record.fault),
        })
    };
    let reset_kind = OperationKind::ResetPassword;
    let not_opened = Ok((State::Refused, Some(FaultCode::SealUnopened)));
    let code = |result: Result<_, portcullis_model::Fault>| result.map_err(|fault| fault.code);
    assert_eq!(code(submit(envelope(reset_kind, "bob@people.example", "operator", later)).await), not_opened);
    assert_eq!(code(submit(envelope(reset_kind, ALICE, "portal", later)).await), not_opened);
    assert_eq!(code(submit(envelope(OperationKind::ChangePassword, ALICE, "operator", later)).await), not_opened);
    assert_eq!(code(submit(envelope(reset_kind, ALICE, "operator", 1)).await), Err(FaultCode::SealExpired));
    let too_long = envelope(reset_kind, ALICE, "operator", later + 86_400);
    assert_eq!(code(submit(too_long).await), Err(FaultCode::SealTooLong));
    assert!(!is_password(&service, ALICE, "a sealed password").await);

    let good = envelope(reset_kind, ALICE, "operator", later);
    assert_eq!(code(submit(good.clone()).await), Ok((State::Done, None)));
    assert_eq!(code(submit(good).await), Err(FaultCode::SealReplayed));
    assert!(is_password(&service, ALICE, "a sealed password").await);
}
