//! The connector for the directory inside the host, which exists to try things out. Read it before you write your own:
//! it has everything that a connector has, and nothing else.
//!
//! A connector knows how its kind of directory speaks. It does not look for accounts (the host has found the one entry,
//! the target), it holds no connection, and it cannot read the passwords that it places.

use portcullis_connector::dialect::{ppolicy, time};
use portcullis_connector::ldap::{self, Change, Entry, Performer, Value};
use portcullis_connector::{
    Account, AccountStatus, Accounts, Effect, Fault, FaultCode, Finding, Lifecycle, Password, Passwords, Receipt,
    ResetOptions, Verdict, export,
};

/// What the root DSE of the directory says under `vendorName`.
const VENDOR: &str = "Portcullis embedded directory";

// What the directory keeps of a password, by the names that OpenLDAP gave them.
const PASSWORD: &str = "userPassword";
const MUST_CHANGE: &str = "pwdReset";
const LOCKED_SINCE: &str = "pwdAccountLockedTime";
const SET_AT: &str = "pwdChangedTime";

/// The connector. It holds nothing: each operation runs in an instance of its own.
struct Mock;
export!(Mock);

impl Passwords for Mock {
    fn reset(_account: Account, new: &Password, options: ResetOptions) -> Result<Receipt, Fault> {
        let target = target(&[])?;
        // All in one request: either everything takes effect or nothing does.
        let mut changes = vec![Change::replace(PASSWORD, [Value::utf8(new)])];
        let mut receipt = Receipt::of(Effect::PasswordSet);
        if options.must_change {
            changes.push(Change::replace(MUST_CHANGE, ["TRUE".into()]));
            receipt = receipt.and(Effect::ChangeRequired);
        }
        if options.unlock {
            changes.push(Change::clear(LOCKED_SINCE));
            receipt = receipt.and(Effect::Unlocked);
        }
        write(&target, Performer::Service, &changes)?;
        Ok(receipt)
    }

    fn change(_account: Account, old: &Password, new: &Password) -> Result<Receipt, Fault> {
        let target = target(&[])?;
        // Written as the person, bound with the old password: so the directory is the one that judges it.
        write(&target, Performer::Target(old), &[Change::replace(PASSWORD, [Value::utf8(new)])])?;
        Ok(Receipt::of(Effect::PasswordSet))
    }

    fn verify(_account: Account, candidate: &Password) -> Result<Verdict, Fault> {
        let target = target(&[])?;
        ppolicy::verdict(&ldap::try_bind(&target.dn, candidate, &[ppolicy::request()])?)
    }
}

impl Accounts for Mock {
    fn status(_account: Account) -> Result<AccountStatus, Fault> {
        target(&[MUST_CHANGE, LOCKED_SINCE, SET_AT]).map(|target| status_of(&target))
    }

    fn unlock(_account: Account) -> Result<Receipt, Fault> {
        let target = target(&[])?;
        write(&target, Performer::Service, &[Change::clear(LOCKED_SINCE)])?;
        Ok(Receipt::of(Effect::Unlocked))
    }
}

impl Lifecycle for Mock {
    fn check() -> Vec<Finding> {
        match right_directory() {
            Ok(()) => vec![Finding::good(format!("the directory is the {VENDOR}"))],
            Err(fault) => vec![Finding::problem(fault.detail, "Write `[ldap.embedded]` instead of `urls`.")],
        }
    }
}

/// The target, once it is certain that the directory is of the kind that this connector knows.
fn target(attributes: &[&str]) -> Result<Entry, Fault> {
    right_directory()?;
    Ok(ldap::target(attributes)?)
}

fn right_directory() -> Result<(), Fault> {
    match ldap::root_dse(&["vendorName"])?.text("vendorName") {
        Some(VENDOR) => Ok(()),
        other => {
            let vendor = other.unwrap_or("nobody");
            Err(Fault::new(FaultCode::WrongDirectory, format!("the directory is by {vendor}, not the {VENDOR}")))
        }
    }
}

/// Writes, with the control that makes the directory say why it refuses a password.
fn write(target: &Entry, performer: Performer<'_>, changes: &[Change<'_>]) -> Result<(), Fault> {
    ldap::modify(&target.dn, &performer, changes, &[ppolicy::request()])
        .map(|_answer| ())
        .map_err(|error| error.into_fault(ppolicy::fault))
}

fn status_of(target: &Entry) -> AccountStatus {
    AccountStatus {
        // This directory switches no account off, and its passwords do not expire: nothing to tell is told as nothing.
        enabled: None,
        locked: Some(!target.values(LOCKED_SINCE).is_empty()),
        must_change: Some(target.flag(MUST_CHANGE) == Some(true)),
        password_set: target.text(SET_AT).and_then(time::generalized),
        password_expires: None,
    }
}

#[cfg(test)]
mod tests {
    use portcullis_connector::testing::entry;

    use super::*;

    #[test]
    fn a_locked_account_that_must_change_its_password() {
        let target = entry("uid=alice", &[(LOCKED_SINCE, &["20260101000000Z"]), (MUST_CHANGE, &["TRUE"])]);
        let status = status_of(&target);
        assert_eq!((status.locked, status.must_change, status.password_set), (Some(true), Some(true), None));
    }

    #[test]
    fn an_account_in_order() {
        let target = entry("uid=alice", &[(MUST_CHANGE, &["FALSE"]), (SET_AT, &["20260101000000Z"])]);
        let status = status_of(&target);
        assert_eq!((status.locked, status.must_change), (Some(false), Some(false)));
        assert_eq!((status.password_set, status.enabled), (Some(1_767_225_600), None));
    }
}
