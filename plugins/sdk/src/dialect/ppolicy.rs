//! Password policy as OpenLDAP, 389 Directory Server and others speak it: the control of
//! draft-behera-ldap-password-policy-10, which tells in its answer why a password or a bind was refused.

use crate::ber::{element, unsigned};
use crate::ldap::{Answer, Control};
use crate::{Fault, FaultCode, Verdict};

/// The OID of the control, in requests and answers alike.
pub const OID: &str = "1.3.6.1.4.1.42.2.27.8.5.1";

/// What the control of an answer says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Response {
    /// What will happen.
    pub warning: Option<Warning>,
    /// What stood in the way.
    pub error: Option<Error>,
}

/// Something that will happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Warning {
    /// The password expires in so many seconds.
    ExpiresIn(u32),
    /// The password has expired; so many sign-ins are left.
    SignInsLeft(u32),
}

/// Something that stood in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// 0: the password has expired.
    Expired,
    /// 1: the account is locked.
    Locked,
    /// 2: a new password must be chosen first.
    ChangeAfterReset,
    /// 3: the one who asked may not change the password.
    ModNotAllowed,
    /// 4: the old password must be given too.
    MustSupplyOld,
    /// 5: the mixture of characters is not good enough.
    Quality,
    /// 6: too short.
    TooShort,
    /// 7: the present one is too new.
    TooYoung,
    /// 8: used before.
    InHistory,
    /// A number that the draft does not define.
    Other(u32),
}

/// The control of a request. Not critical: a directory without a policy may ignore it.
#[must_use]
pub fn request() -> Control {
    Control::new(OID)
}

/// What the answer's control says; empty if there is none, or none that can be read.
#[must_use]
pub fn response(answer: &Answer) -> Response {
    let control = answer.controls.iter().find(|control| control.oid == OID);
    control.and_then(|control| decode(control.value.as_deref()?)).unwrap_or_default()
}

/// Reads a `PasswordPolicyResponseValue`.
#[must_use]
pub fn decode(value: &[u8]) -> Option<Response> {
    let (0x30, mut rest, _) = element(value)? else { return None };
    let mut response = Response::default();
    while !rest.is_empty() {
        let (tag, content, next) = element(rest)?;
        match tag {
            0xa0 => {
                response.warning = match element(content)? {
                    (0x80, number, _) => Some(Warning::ExpiresIn(unsigned(number)?)),
                    (0x81, number, _) => Some(Warning::SignInsLeft(unsigned(number)?)),
                    _ => None,
                }
            }
            0x81 => response.error = Some(Error::from_number(unsigned(content)?)),
            _ => {}
        }
        rest = next;
    }
    Some(response)
}

impl Error {
    fn from_number(number: u32) -> Self {
        const KNOWN: [Error; 9] = [
            Error::Expired,
            Error::Locked,
            Error::ChangeAfterReset,
            Error::ModNotAllowed,
            Error::MustSupplyOld,
            Error::Quality,
            Error::TooShort,
            Error::TooYoung,
            Error::InHistory,
        ];
        usize::try_from(number).ok().and_then(|index| KNOWN.get(index)).copied().unwrap_or(Error::Other(number))
    }
}

/// The fault for a password that was refused, or for the bind that was to come before it.
#[must_use]
pub fn fault(answer: &Answer) -> Fault {
    let code = match response(answer).error {
        Some(Error::Locked) => FaultCode::AccountLocked,
        Some(Error::Quality) => FaultCode::PasswordTooSimple,
        Some(Error::TooShort) => FaultCode::PasswordTooShort,
        Some(Error::TooYoung) => FaultCode::PasswordTooYoung,
        Some(Error::InHistory) => FaultCode::PasswordInHistory,
        Some(Error::MustSupplyOld) if answer.code == 53 => FaultCode::WrongPassword,
        // They come with code 50 or 49, which would blame the service account's rights or the person's memory.
        Some(Error::MustSupplyOld | Error::Expired | Error::ChangeAfterReset) => FaultCode::DirectoryRefused,
        _ if answer.code == 19 => FaultCode::PasswordRejected,
        _ => return Fault::refused(answer),
    };
    let fault = Fault::answered(code, answer);
    match response(answer).error {
        Some(Error::Expired) => Fault::new(code, fault.detail + "; the old password has expired: reset it instead"),
        Some(Error::MustSupplyOld) => Fault::new(
            code,
            fault.detail + "; the policy (pwdSafeModify) wants the old password along with the new one",
        ),
        _ => fault,
    }
}

/// What a bind says about the password.
///
/// # Errors
/// The directory refused to look at the password.
pub fn verdict(answer: &Answer) -> Result<Verdict, Fault> {
    let Response { warning, error } = response(answer);
    match (answer.code, error) {
        (_, Some(Error::Locked)) => Ok(Verdict::Locked),
        (0 | 49, Some(Error::Expired | Error::ChangeAfterReset)) => Ok(Verdict::MustChange),
        (0, _) if matches!(warning, Some(Warning::SignInsLeft(_))) => Ok(Verdict::MustChange),
        (0, _) => Ok(Verdict::Valid),
        (49, _) => Ok(Verdict::Invalid),
        _ => Err(Fault::refused(answer)),
    }
}

#[cfg(test)]
mod tests;
