//! The texts are what Samba 4.17 sends, and texts of the form that Windows uses: those were not recorded on a Windows server.

use proptest::prelude::*;

use super::*;
use crate::testing::answer;

const POLICY: &str = "0000052D: Constraint violation - check_password_restrictions: the password";
const BIND: &str = "80090308: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, data";

fn code(number: u32, text: &str) -> FaultCode {
    fault(&answer(number, text)).code
}

#[test]
fn reads_both_numbers() {
    let read = Diagnostic::read(&format!("{BIND} 52e, v1db1"));
    assert_eq!(read, Diagnostic { error: Some(0x8009_0308), data: Some(0x52e) });
    let write = Diagnostic::read("0000052D: SvcErr: DSID-031A12D2, problem 5003 (WILL_NOT_PERFORM), data 0\n\0");
    assert_eq!(write, Diagnostic { error: Some(0x52d), data: Some(0) });
}

#[test]
fn what_does_not_start_with_eight_digits_has_no_error() {
    for text in
        ["", "52D: short", "error in module acl: insufficient", "+000052D: x", "0000052D", "é000052: x", "data x"]
    {
        assert_eq!(Diagnostic::read(text), Diagnostic::default(), "{text}");
    }
}

#[test]
fn the_leading_number_decides_whatever_the_ldap_code() {
    assert_eq!(
        code(53, "0000052D: SvcErr: DSID-031A12D2, problem 5003 (WILL_NOT_PERFORM), data 0"),
        FaultCode::PasswordRejected
    );
    assert_eq!(code(19, "0000052D: AtrErr: DSID-03191083, #1: 0: 0000052D: ..., data 0"), FaultCode::PasswordRejected);
    assert_eq!(
        code(19, "00000056: AtrErr: DSID-03191083, problem 1005 (CONSTRAINT_ATT_TYPE), data 0"),
        FaultCode::WrongPassword
    );
    assert_eq!(code(19, "00000775: Password change not permitted, account locked out!"), FaultCode::AccountLocked);
    assert_eq!(
        code(50, "00000005: SecErr: DSID-031A11D3, problem 4003 (INSUFF_ACCESS_RIGHTS), data 0"),
        FaultCode::DirectoryDenied
    );
    assert_eq!(code(53, "00002098: SecErr: DSID-03150F94, data 0"), FaultCode::DirectoryDenied);
}

#[test]
fn samba_says_which_rule() {
    let fault = fault(&answer(19, &format!("{POLICY} is too short. It should be equal or longer than 20 characters!")));
    assert_eq!((fault.code, fault.limit), (FaultCode::PasswordTooShort, Some(20)));
    assert_eq!(code(19, &format!("{POLICY} does not meet the complexity criteria!")), FaultCode::PasswordTooSimple);
    assert_eq!(code(19, &format!("{POLICY} was already used (in history)!")), FaultCode::PasswordInHistory);
    assert_eq!(code(19, &format!("{POLICY} was already used (previous password)!")), FaultCode::PasswordInHistory);
    assert_eq!(code(19, &format!("{POLICY} is too young to change!")), FaultCode::PasswordTooYoung);
}

#[test]
fn without_a_number_the_ldap_code_decides() {
    assert_eq!(code(50, "error in module acl: insufficient access rights"), FaultCode::DirectoryDenied);
    assert_eq!(code(53, "00002035: setup_io: bad encoding"), FaultCode::DirectoryRefused);
    assert_eq!(code(10, "0000202B: RefErr: DSID-03100781, data 0"), FaultCode::Misconfigured);
    assert_eq!(code(19, "no reason"), FaultCode::DirectoryRefused);
}

#[test]
fn a_bind_has_a_verdict() {
    let verdict = |data: &str| verdict(&answer(49, &format!("{BIND} {data}, v3839"))).map_err(|fault| fault.code);
    assert_eq!(verdict("52e"), Ok(Verdict::Invalid));
    assert_eq!(verdict("525"), Ok(Verdict::Invalid));
    assert_eq!(verdict("532"), Ok(Verdict::MustChange));
    assert_eq!(verdict("773"), Ok(Verdict::MustChange));
    assert_eq!(verdict("533"), Ok(Verdict::Disabled));
    assert_eq!(verdict("701"), Ok(Verdict::Disabled));
    assert_eq!(verdict("775"), Ok(Verdict::Locked));
    assert_eq!(verdict("530"), Err(FaultCode::DirectoryRefused));
    assert_eq!(verdict("80090346"), Err(FaultCode::DirectoryRefused));
    assert_eq!(super::verdict(&answer(0, "")), Ok(Verdict::Valid));
    assert_eq!(super::verdict(&answer(49, "")), Ok(Verdict::Invalid));
}

#[test]
fn a_refused_bind_is_no_refused_password_policy() {
    assert_eq!(code(49, &format!("{BIND} 52e, v1db1")), FaultCode::WrongPassword);
    assert_eq!(code(49, &format!("{BIND} 775, v1db1")), FaultCode::AccountLocked);
    assert_eq!(code(49, &format!("{BIND} 530, v1db1")), FaultCode::DirectoryRefused);
}

proptest! {
    #[test]
    fn never_panics(text in "\\PC{0,60}", number in "[0-9A-Fa-f]{8}: ?[a-z ,é0-9]{0,40}(, data [0-9a-f]{0,10})?", code in 0_u32..90) {
        for text in [text, number] {
            let answer = answer(code, &text);
            let _ = (fault(&answer), verdict(&answer));
        }
    }

    #[test]
    fn any_number_is_found(error: u32, data: u32) {
        let read = Diagnostic::read(&format!("{error:08X}: LdapErr: DSID-0C0903A9, comment: x, data {data:x}, v1db1"));
        prop_assert_eq!(read, Diagnostic { error: Some(error), data: Some(data) });
    }
}
