//! Active Directory, Windows and Samba: the reason of a refusal stands in the diagnostic text, not in the LDAP code.
//!
//! The text starts with a Win32 error in eight hexadecimal digits, which Windows and Samba share where their LDAP codes
//! differ. A refused bind carries its reason after the word `data`.

use crate::ldap::Answer;
use crate::{Fault, FaultCode, Verdict};

/// What a diagnostic text says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Diagnostic {
    /// The eight hexadecimal digits at the start: a Win32 error, or a security status for a bind.
    pub error: Option<u32>,
    /// The hexadecimal number after `data`; the reason of a refused bind.
    pub data: Option<u32>,
}

impl Diagnostic {
    /// Reads a diagnostic text.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let error = text.split_once(':').map(|(start, _)| start.trim()).filter(|start| start.len() == 8).and_then(hex);
        let data = text.split(',').find_map(|part| part.trim().strip_prefix("data ")).and_then(|data| {
            let digits = data.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(data.len());
            hex(data.get(..digits)?)
        });
        Self { error, data }
    }
}

fn hex(digits: &str) -> Option<u32> {
    digits.bytes().all(|b| b.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok())?
}

/// The fault for a write that was refused.
#[must_use]
pub fn fault(answer: &Answer) -> Fault {
    let Diagnostic { error, data } = Diagnostic::read(&answer.diagnostic);
    let reason = match (answer.code, error) {
        (49, _) => data,
        _ => error,
    };
    let code = match reason {
        Some(0x52d) => return restriction(answer),
        Some(0x56 | 0x525 | 0x52e) => FaultCode::WrongPassword,
        Some(0x775) => FaultCode::AccountLocked,
        Some(0x533) => FaultCode::AccountDisabled,
        Some(0x701) => FaultCode::AccountExpired,
        Some(0x5 | 0x2098) => FaultCode::DirectoryDenied,
        _ if answer.code == 49 => FaultCode::DirectoryRefused,
        _ => return Fault::refused(answer),
    };
    Fault::answered(code, answer)
}

/// `ERROR_PASSWORD_RESTRICTION`. Windows does not tell which; Samba does, in English.
fn restriction(answer: &Answer) -> Fault {
    let text = answer.diagnostic.to_ascii_lowercase();
    let code = if text.contains("too short") {
        FaultCode::PasswordTooShort
    } else if text.contains("complexity") {
        FaultCode::PasswordTooSimple
    } else if text.contains("already used") || text.contains("history") {
        FaultCode::PasswordInHistory
    } else if text.contains("too young") {
        FaultCode::PasswordTooYoung
    } else {
        FaultCode::PasswordRejected
    };
    let length = text.split_once("longer than ").map(|(_, rest)| rest.split(' ').next().unwrap_or_default());
    let limit = length.filter(|_| code == FaultCode::PasswordTooShort).and_then(|digits| digits.parse().ok());
    Fault::answered(code, answer).with_limit(limit)
}

/// What a bind says about the password.
///
/// # Errors
/// The directory refused for a reason that says nothing about the password, or nothing that can be told in one word.
pub fn verdict(answer: &Answer) -> Result<Verdict, Fault> {
    match (answer.code, Diagnostic::read(&answer.diagnostic).data) {
        (0, _) => Ok(Verdict::Valid),
        (49, Some(0x532 | 0x773)) => Ok(Verdict::MustChange),
        (49, Some(0x533 | 0x701)) => Ok(Verdict::Disabled),
        (49, Some(0x775)) => Ok(Verdict::Locked),
        (49, None | Some(0x525 | 0x52e)) => Ok(Verdict::Invalid),
        (49, Some(0x530 | 0x531)) => {
            let fault = Fault::answered(FaultCode::DirectoryRefused, answer);
            let detail = fault.detail + "; the password is right, but not at this hour or from this machine";
            Err(Fault::new(fault.code, detail))
        }
        (49, Some(_)) => Err(Fault::answered(FaultCode::DirectoryRefused, answer)),
        _ => Err(Fault::refused(answer)),
    }
}

#[cfg(test)]
mod tests;
