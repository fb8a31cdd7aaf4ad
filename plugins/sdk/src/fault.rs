//! Faults, and what the answers of directories mean where all directories agree (RFC 4511 appendix A).

use crate::ldap::{Answer, LdapError};
use crate::{Fault, FaultCode};

/// How much of a detail the host keeps.
const DETAIL_BYTES: usize = 1024;

impl Fault {
    /// A fault. The detail is for the operator: what happened and where, never a secret.
    #[must_use]
    pub fn new(code: FaultCode, detail: impl Into<String>) -> Self {
        let mut detail = detail.into();
        detail.truncate(detail.floor_char_boundary(DETAIL_BYTES));
        Self { code, detail, limit: None }
    }

    /// With the number that belongs to the code.
    #[must_use]
    pub fn with_limit(mut self, limit: Option<u32>) -> Self {
        self.limit = limit;
        self
    }

    /// A fault whose detail is what the directory answered.
    #[must_use]
    pub fn answered(code: FaultCode, answer: &Answer) -> Self {
        let Answer { code: number, diagnostic, .. } = answer;
        let name = result_name(*number);
        let says = if diagnostic.is_empty() { "without a word" } else { diagnostic.trim() };
        Self::new(code, format!("the directory answered {number} ({name}): {says}"))
    }

    /// What a refusal means in every directory. The dialects know more: [`crate::dialect`].
    #[must_use]
    pub fn refused(answer: &Answer) -> Self {
        let explain = |code, why: &str| {
            let fault = Self::answered(code, answer);
            Self::new(code, format!("{}; {why}", fault.detail))
        };
        match answer.code {
            8 | 13 => explain(
                FaultCode::Misconfigured,
                "it wants a protected connection: write `ldaps://` in `urls`, or `start-tls = true`",
            ),
            10 => explain(FaultCode::Misconfigured, "this server takes no writes: name a writable one in `urls`"),
            49 => Self::answered(FaultCode::WrongPassword, answer),
            50 => Self::answered(FaultCode::DirectoryDenied, answer),
            51 | 52 => Self::answered(FaultCode::DirectoryUnavailable, answer),
            _ => Self::answered(FaultCode::DirectoryRefused, answer),
        }
    }
}

impl LdapError {
    /// The fault that this error is. What the directory refused is put into words by `refused`, a dialect's function or
    /// [`Fault::refused`].
    #[must_use]
    pub fn into_fault(self, refused: impl FnOnce(&Answer) -> Fault) -> Fault {
        match self {
            Self::Denied(text) => Fault::new(FaultCode::NotGranted, text),
            Self::Invalid(text) => Fault::new(FaultCode::Internal, text),
            Self::Refused(answer) | Self::BindRefused(answer) => refused(&answer),
            Self::Unavailable(text) => Fault::new(FaultCode::DirectoryUnavailable, text),
            Self::InDoubt(text) => Fault::new(FaultCode::OutcomeUnknown, text),
            Self::NoTarget => Fault::new(FaultCode::Internal, "asked for the target where there is none"),
        }
    }
}

impl From<LdapError> for Fault {
    fn from(error: LdapError) -> Self {
        error.into_fault(Self::refused)
    }
}

/// The names that RFC 4511 gives to the codes that connectors meet.
fn result_name(code: u32) -> &'static str {
    match code {
        0 => "success",
        1 => "operationsError",
        2 => "protocolError",
        8 => "strongerAuthRequired",
        10 => "referral",
        12 => "unavailableCriticalExtension",
        13 => "confidentialityRequired",
        16 => "noSuchAttribute",
        19 => "constraintViolation",
        20 => "attributeOrValueExists",
        21 => "invalidAttributeSyntax",
        32 => "noSuchObject",
        49 => "invalidCredentials",
        50 => "insufficientAccessRights",
        51 => "busy",
        52 => "unavailable",
        53 => "unwillingToPerform",
        65 => "objectClassViolation",
        80 => "other",
        _ => "see RFC 4511",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::answer;

    #[test]
    fn a_denial_is_never_taken_for_the_directory() {
        let fault = Fault::from(LdapError::Denied("write of unicodePwd is not granted".into()));
        assert_eq!(fault, Fault::new(FaultCode::NotGranted, "write of unicodePwd is not granted"));
    }

    #[test]
    fn a_write_without_an_answer_is_unknown_not_failed() {
        let codes = |error: LdapError| Fault::from(error).code;
        assert_eq!(codes(LdapError::InDoubt("closed".into())), FaultCode::OutcomeUnknown);
        assert_eq!(codes(LdapError::Unavailable("refused".into())), FaultCode::DirectoryUnavailable);
        assert_eq!(codes(LdapError::Invalid("no such DN".into())), FaultCode::Internal);
        assert_eq!(codes(LdapError::NoTarget), FaultCode::Internal);
    }

    #[test]
    fn refusals_name_the_one_who_can_act() {
        let code = |n| Fault::from(LdapError::Refused(answer(n, ""))).code;
        assert_eq!(code(50), FaultCode::DirectoryDenied);
        assert_eq!(code(10), FaultCode::Misconfigured);
        assert_eq!(code(13), FaultCode::Misconfigured);
        assert_eq!(code(51), FaultCode::DirectoryUnavailable);
        assert_eq!(code(32), FaultCode::DirectoryRefused);
        assert_eq!(Fault::from(LdapError::BindRefused(answer(49, ""))).code, FaultCode::WrongPassword);
    }

    #[test]
    fn details_hold_the_directorys_words_and_end_at_the_limit() {
        let fault = Fault::refused(&answer(53, "unwilling\n"));
        assert_eq!(fault.detail, "the directory answered 53 (unwillingToPerform): unwilling");
        assert_eq!(Fault::new(FaultCode::Internal, "é".repeat(600)).detail.len(), 1024);
        assert_eq!(Fault::new(FaultCode::Internal, "a".to_owned() + &"é".repeat(600)).detail.len(), 1023);
    }
}
