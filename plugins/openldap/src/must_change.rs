//! Whether the directory really asks for a new password at the next sign-in.
//!
//! Both directories take the mark that says so, and both act on it only while their policy says `pwdMustChange: TRUE`
//! (OpenLDAP) or `passwordMustChange: on` (389 Directory Server), which a service account cannot see. A receipt must not
//! promise what does not happen: so this connector looks, by one bind with the password that it just set.

use portcullis_connector::dialect::ppolicy;
use portcullis_connector::ldap::{self, Answer, LdapError};
use portcullis_connector::{Fault, FaultCode, Password, Receipt, Verdict, config};

/// The setting `must-change`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MustChange {
    /// Write the mark, then look whether the directory acts on it.
    Prove,
    /// Write the mark; the operator vouches for the policy.
    Trust,
    /// Refuse a reset that asks for it, before anything is written.
    Refuse,
}

impl MustChange {
    pub(crate) fn setting() -> Result<Self, Fault> {
        config::choice("must-change", &[("prove", Self::Prove), ("trust", Self::Trust), ("refuse", Self::Refuse)])
    }

    /// Before anything is written.
    pub(crate) fn ensure_it_may_be_asked_for(self) -> Result<(), Fault> {
        if self == Self::Refuse {
            let text = "a new password at the next sign-in was asked for, and `must-change` under `[config]` is \
                        `refuse`; nothing was written";
            return Err(Fault::new(FaultCode::Misconfigured, text));
        }
        Ok(())
    }

    /// After everything is written.
    pub(crate) fn proved(self, dn: &str, new: &Password, receipt: Receipt) -> Result<Receipt, Fault> {
        if self == Self::Trust {
            return Ok(receipt);
        }
        judged(&ldap::try_bind(dn, new, &[ppolicy::request()]), receipt)
    }
}

/// What the bind says. One that fails, or that the grants do not allow, proves nothing either way: the server that
/// answered may not have the new password yet.
fn judged(bind: &Result<Answer, LdapError>, receipt: Receipt) -> Result<Receipt, Fault> {
    match bind.as_ref().map(ppolicy::verdict) {
        Ok(Ok(Verdict::MustChange)) => Ok(receipt),
        Ok(Ok(Verdict::Valid)) => Err(Fault::new(
            FaultCode::Misconfigured,
            "the directory took the mark for a new password and does not ask for one: its policy needs \
             `pwdMustChange: TRUE` (OpenLDAP) or `passwordMustChange: on` (389 Directory Server)",
        )),
        _ => {
            let text = "The directory was told to ask for a new password; whether it does could not be seen.";
            Ok(receipt.noting("change-not-proved", text))
        }
    }
}

#[cfg(test)]
mod tests {
    use portcullis_connector::Effect;
    use portcullis_connector::testing::{answer, answer_with};

    use super::*;

    fn judge(bind: Result<Answer, LdapError>) -> Result<Vec<String>, FaultCode> {
        let receipt = judged(&bind, Receipt::of(Effect::ChangeRequired)).map_err(|fault| fault.code)?;
        Ok(receipt.notes.into_iter().map(|note| note.code).collect())
    }

    #[test]
    fn a_mark_that_is_not_acted_on_is_no_effect() {
        assert_eq!(judge(Ok(answer(0, ""))), Err(FaultCode::Misconfigured));
    }

    #[test]
    fn a_refusal_comes_before_anything_is_written() {
        let refused = MustChange::Refuse.ensure_it_may_be_asked_for().map_err(|fault| fault.code);
        assert_eq!(refused, Err(FaultCode::Misconfigured));
        assert_eq!(MustChange::Prove.ensure_it_may_be_asked_for(), Ok(()));
    }

    #[test]
    fn a_mark_that_is_acted_on_is_proved() {
        assert_eq!(judge(Ok(answer_with(0, "", ppolicy::OID, &[0x30, 3, 0x81, 1, 2]))), Ok(vec![]));
    }

    #[test]
    fn what_proves_nothing_is_said_to() {
        let noted = Ok(vec!["change-not-proved".to_owned()]);
        assert_eq!(judge(Err(LdapError::Denied("try-bind".into()))), noted);
        assert_eq!(judge(Ok(answer(49, ""))), noted);
        assert_eq!(judge(Ok(answer(53, "Account inactivated."))), noted);
    }
}
