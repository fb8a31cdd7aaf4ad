//! The texts and controls are what 389 Directory Server 2.3 sends.

use portcullis_connector::testing::{answer, answer_with, entry, password};

use super::*;

fn refused(code: u32, text: &str, error: u8) -> Fault {
    fault(&answer_with(code, text, ppolicy::OID, &[0x30, 0x84, 0, 0, 0, 3, 0x81, 1, error]))
}

#[test]
fn the_text_tells_more_than_the_control() {
    let short = refused(19, "invalid password syntax - password must be at least 10 characters long", 5);
    assert_eq!((short.code, short.limit), (FaultCode::PasswordTooShort, Some(10)));
    let simple = refused(19, "invalid password syntax - password must contain at least 1 uppercase characters", 5);
    assert_eq!((simple.code, simple.limit), (FaultCode::PasswordTooSimple, None));
    let named = refused(19, "invalid password syntax - password based off of user entry", 5);
    assert_eq!(named.code, FaultCode::PasswordTooSimple);
    assert_eq!(refused(19, "password in history", 8).code, FaultCode::PasswordInHistory);
    assert_eq!(refused(19, "within password minimum age", 7).code, FaultCode::PasswordTooYoung);
}

#[test]
fn a_missing_right_is_the_operators_whatever_the_control_says() {
    assert_eq!(
        refused(50, "Insufficient 'write' privilege to the 'userPassword' attribute", 3).code,
        FaultCode::DirectoryDenied
    );
}

#[test]
fn without_words_the_control_decides() {
    assert_eq!(refused(19, "", 6).code, FaultCode::PasswordTooShort);
    assert_eq!(fault(&answer(49, "")).code, FaultCode::WrongPassword);
    assert_eq!(fault(&answer(19, "")).code, FaultCode::PasswordRejected);
}

#[test]
fn a_bind_has_a_verdict() {
    let locked = answer(19, "Exceed password retry limit. Contact system administrator to reset.");
    assert_eq!(verdict(&locked), Ok(Verdict::Locked));
    // The control calls an inactive account a locked one.
    let value = [0x30, 3, 0x81, 1, 1];
    let inactive = answer_with(53, "Account inactivated. Contact system administrator.", ppolicy::OID, &value);
    assert_eq!(verdict(&inactive), Ok(Verdict::Disabled));
    assert_eq!(verdict(&answer(49, "")), Ok(Verdict::Invalid));
    assert_eq!(verdict(&answer(0, "")), Ok(Verdict::Valid));
    assert_eq!(verdict(&answer_with(0, "", ppolicy::OID, &[0x30, 3, 0x81, 1, 2])), Ok(Verdict::MustChange));
}

#[test]
fn a_reset_writes_exactly_one_password() {
    for (must_change, unlock, changes) in [(false, false, 1), (true, false, 2), (false, true, 3), (true, true, 4)] {
        let written = with_password(password(), ResetOptions { must_change, unlock });
        assert_eq!(format!("{written:?}").matches("Value::Password").count(), 1);
        assert_eq!(written.len(), changes);
    }
}

#[test]
fn marks_are_not_times() {
    let status = |attributes: &[(&str, &[&str])], setting| {
        let status = status(&entry("uid=a", attributes), setting);
        (status.locked, status.must_change, status.password_expires)
    };
    assert_eq!(status(&[], MustChange::Prove), (Some(false), Some(false), None));
    assert_eq!(status(&[(UNLOCKS_AT, &[EPOCH])], MustChange::Refuse).0, Some(true));
    assert_eq!(status(&[(UNLOCKS_AT, &["20300101000000Z"])], MustChange::Refuse).0, None);
    assert_eq!(status(&[(EXPIRES_AT, &[EPOCH])], MustChange::Prove), (Some(false), Some(true), None));
    assert_eq!(status(&[(EXPIRES_AT, &[EPOCH])], MustChange::Refuse), (Some(false), None, None));
    assert_eq!(status(&[(EXPIRES_AT, &["19700101000001Z"])], MustChange::Prove).1, Some(false));
    let dated = status(&[(EXPIRES_AT, &["20260101000000Z"])], MustChange::Prove);
    assert_eq!(dated, (Some(false), None, Some(1_767_225_600)));
    assert_eq!(status(&[(MUST_CHANGE, &["TRUE"])], MustChange::Refuse).1, Some(true));
}

#[test]
fn inactive_is_not_locked() {
    let status = status(&entry("uid=a", &[(INACTIVE, &["true"])]), MustChange::Refuse);
    assert_eq!((status.enabled, status.locked), (Some(false), Some(false)));
}
