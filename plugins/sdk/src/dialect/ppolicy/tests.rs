//! The values are what OpenLDAP 2.5 and 389 Directory Server 2.3 send.

use proptest::prelude::*;

use super::*;
use crate::testing::{answer, answer_with};

fn with_error(code: u32, error: u8) -> Answer {
    answer_with(code, "", OID, &[0x30, 3, 0x81, 1, error])
}

#[test]
fn reads_what_servers_send() {
    let error = |error| Some(Response { warning: None, error: Some(error) });
    assert_eq!(decode(&[0x30, 3, 0x81, 1, 6]), error(Error::TooShort));
    assert_eq!(decode(&[0x30, 0x84, 0, 0, 0, 3, 0x81, 1, 8]), error(Error::InHistory));
    assert_eq!(decode(&[0x30, 3, 0x81, 1, 77]), error(Error::Other(77)));
    assert_eq!(decode(&[0x30, 0]), Some(Response::default()));
    let expires = decode(&[0x30, 6, 0xa0, 4, 0x80, 2, 1, 0]);
    assert_eq!(expires, Some(Response { warning: Some(Warning::ExpiresIn(256)), error: None }));
    let both = decode(&[0x30, 8, 0xa0, 3, 0x81, 1, 2, 0x81, 1, 0]);
    assert_eq!(both, Some(Response { warning: Some(Warning::SignInsLeft(2)), error: Some(Error::Expired) }));
}

#[test]
fn nonsense_is_no_response() {
    for value in [&[][..], &[0x31, 0], &[0x30, 5, 0x81, 1, 6], &[0x30, 3, 0x81, 1], &[0x30, 2, 0xa0, 0]] {
        assert_eq!(decode(value), None, "{value:x?}");
        assert_eq!(response(&answer_with(19, "", OID, value)), Response::default());
    }
    assert_eq!(response(&answer_with(19, "", "1.2.3", &[0x30, 3, 0x81, 1, 6])), Response::default());
}

#[test]
fn a_refused_password_has_its_reason() {
    let code = |answer: &Answer| fault(answer).code;
    assert_eq!(code(&with_error(19, 5)), FaultCode::PasswordTooSimple);
    assert_eq!(code(&with_error(19, 6)), FaultCode::PasswordTooShort);
    assert_eq!(code(&with_error(19, 7)), FaultCode::PasswordTooYoung);
    assert_eq!(code(&with_error(19, 8)), FaultCode::PasswordInHistory);
    assert_eq!(code(&with_error(49, 1)), FaultCode::AccountLocked);
    assert_eq!(code(&answer(19, "")), FaultCode::PasswordRejected);
    assert_eq!(code(&answer(53, "")), FaultCode::DirectoryRefused);
    assert_eq!(code(&answer(49, "")), FaultCode::WrongPassword);
}

#[test]
fn a_policy_that_wants_the_old_password_is_not_a_missing_right() {
    let fault = |error| fault(&with_error(50, error));
    assert_eq!(fault(4).code, FaultCode::DirectoryRefused);
    assert!(fault(4).detail.contains("pwdSafeModify"), "{}", fault(4).detail);
    assert_eq!(fault(3).code, FaultCode::DirectoryDenied);
    assert_eq!(super::fault(&with_error(53, 4)).code, FaultCode::WrongPassword);
}

#[test]
fn a_bind_has_a_verdict() {
    assert_eq!(verdict(&answer(0, "")), Ok(Verdict::Valid));
    assert_eq!(verdict(&with_error(0, 2)), Ok(Verdict::MustChange));
    assert_eq!(verdict(&with_error(49, 0)), Ok(Verdict::MustChange));
    assert_eq!(verdict(&answer_with(0, "", OID, &[0x30, 5, 0xa0, 3, 0x81, 1, 2])), Ok(Verdict::MustChange));
    assert_eq!(verdict(&with_error(49, 1)), Ok(Verdict::Locked));
    assert_eq!(verdict(&answer(49, "")), Ok(Verdict::Invalid));
    assert_eq!(verdict(&answer(13, "")).map_err(|f| f.code), Err(FaultCode::Misconfigured));
}

proptest! {
    #[test]
    fn never_panics(value in proptest::collection::vec(any::<u8>(), 0..40), code in 0_u32..128) {
        let answer = answer_with(code, "", OID, &value);
        let _ = (fault(&answer), verdict(&answer));
    }
}
