//! OpenLDAP with its password policy overlay.

use portcullis_connector::dialect::{ppolicy, time};
use portcullis_connector::ldap::{self, Change, Entry, Performer};
use portcullis_connector::{AccountStatus, Fault, Password, ResetOptions};

use crate::settings::Lockout;
use crate::written;

const MUST_CHANGE: &str = "pwdReset";
const LOCKED_SINCE: &str = "pwdAccountLockedTime";
const SET_AT: &str = "pwdChangedTime";

/// The value of `pwdAccountLockedTime` that no duration ends (slapo-ppolicy(5)).
const FOR_EVER: &str = "000001010000Z";

/// What a status reads: operational attributes, which are told only to those who name them.
pub(crate) const STATUS: [&str; 3] = [MUST_CHANGE, LOCKED_SINCE, SET_AT];

/// The extended operation lets the server hash the password and apply the policy; a plain write of `userPassword` would
/// do either only under some configurations. It takes nothing else along, so the rest follows in a second write.
pub(crate) fn reset(dn: &str, new: &Password, options: ResetOptions) -> Result<(), Fault> {
    set_password(dn, &Performer::Service, new)?;
    let rest = after_a_reset(options);
    if rest.is_empty() {
        return Ok(());
    }
    // If this fails the password is set all the same. The fault says what is missing; the host, which saw the password
    // taken, says that.
    written(ldap::modify(dn, &Performer::Service, &rest, &[]), Fault::refused)
}

/// A reset by a service account that only writes (`=w`) does not make the person choose a new password, even where the
/// policy has `pwdMustChange`; and the password itself clears `pwdReset`, so that it must come after.
fn after_a_reset(options: ResetOptions) -> Vec<Change<'static>> {
    let mut changes = Vec::new();
    if options.must_change {
        changes.push(Change::replace(MUST_CHANGE, ["TRUE".into()]));
    }
    // The overlay unlocks whenever a password is set; this one is for those who read the log of the directory.
    if options.unlock {
        changes.extend(unlocked());
    }
    changes
}

/// It clears the failures that were counted as well.
pub(crate) fn unlocked() -> [Change<'static>; 1] {
    [Change::clear(LOCKED_SINCE)]
}

/// As the person: a service account's word for the old password is never taken.
pub(crate) fn change(dn: &str, old: &Password, new: &Password) -> Result<(), Fault> {
    set_password(dn, &Performer::Target(old), new)
}

fn set_password(dn: &str, performer: &Performer<'_>, new: &Password) -> Result<(), Fault> {
    written(ldap::set_password(dn, performer, new, &[ppolicy::request()]), ppolicy::fault)
}

/// The state of an account. The directory has no switch to disable one, and when a password expires stands in the
/// policy, not in the entry.
pub(crate) fn status(entry: &Entry, lockout: Lockout) -> AccountStatus {
    AccountStatus {
        enabled: None,
        locked: locked(entry, lockout),
        must_change: Some(entry.flag(MUST_CHANGE) == Some(true)),
        password_set: entry.text(SET_AT).and_then(time::generalized),
        password_expires: None,
    }
}

fn locked(entry: &Entry, lockout: Lockout) -> Option<bool> {
    match (entry.text(LOCKED_SINCE), lockout) {
        (None, _) => Some(false),
        (Some(FOR_EVER), _) | (Some(_), Lockout::UntilUnlocked) => Some(true),
        (Some(_), Lockout::Timed) => None,
    }
}

#[cfg(test)]
mod tests {
    use portcullis_connector::testing::entry;

    use super::*;

    fn after(must_change: bool, unlock: bool) -> Vec<String> {
        after_a_reset(ResetOptions { must_change, unlock }).iter().map(|change| format!("{change:?}")).collect()
    }

    #[test]
    fn nothing_follows_a_plain_reset() {
        assert!(after(false, false).is_empty());
    }

    #[test]
    fn what_was_asked_for_follows_in_one_write() {
        let changes = after(true, true);
        assert_eq!(changes.len(), 2);
        assert!(changes[0].contains(r#""pwdReset", values: [Value::Text("TRUE")]"#), "{changes:?}");
        assert!(changes[1].contains(r#"Replace, attribute: "pwdAccountLockedTime", values: []"#), "{changes:?}");
    }

    #[test]
    fn a_lock_that_may_have_ended_is_not_told() {
        let at = |time: &str| entry("uid=a", &[(LOCKED_SINCE, &[time])]);
        assert_eq!(locked(&at("20260101000000Z"), Lockout::Timed), None);
        assert_eq!(locked(&at("20260101000000Z"), Lockout::UntilUnlocked), Some(true));
        assert_eq!(locked(&at(FOR_EVER), Lockout::Timed), Some(true));
        assert_eq!(locked(&entry("uid=a", &[]), Lockout::Timed), Some(false));
    }

    #[test]
    fn the_state_of_an_account() {
        let account = entry("uid=a", &[(MUST_CHANGE, &["TRUE"]), (SET_AT, &["20260101000000Z"])]);
        let status = status(&account, Lockout::UntilUnlocked);
        assert_eq!((status.must_change, status.password_set), (Some(true), Some(1_767_225_600)));
        assert_eq!((status.enabled, status.locked, status.password_expires), (None, Some(false), None));
    }
}
