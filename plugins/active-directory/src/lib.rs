//! The connector for Active Directory, on Windows and on Samba.
//!
//! It writes `unicodePwd`, `pwdLastSet` and `lockoutTime` of the target, each operation in one request, and nothing
//! before the root DSE has shown that the server is Active Directory. It never touches `krbtgt`: whoever sets that
//! password can make every ticket of the domain worthless.

mod history;
mod server;
mod status;
mod target;

use portcullis_connector::dialect::active_directory as dialect;
use portcullis_connector::ldap::{self, Change, Control, Entry, Performer, Value};
use portcullis_connector::{
    Account, AccountStatus, Accounts, Effect, Fault, Finding, Lifecycle, Password, Passwords, Receipt, ResetOptions,
    Verdict, export,
};

use self::history::History;
use self::server::Server;

const PASSWORD: &str = "unicodePwd";
const SET_AT: &str = "pwdLastSet";
const LOCKED_AT: &str = "lockoutTime";

/// The connector.
struct ActiveDirectory;
export!(ActiveDirectory);

impl Passwords for ActiveDirectory {
    fn reset(_account: Account, new: &Password, options: ResetOptions) -> Result<Receipt, Fault> {
        let history = History::setting()?;
        let server = Server::look()?;
        let dn = target::dn()?;
        if options.must_change {
            target::ensure_it_can_be_asked_to_change()?;
        }
        let control = history.control(&server);
        let (changes, receipt) = reset(new, options);
        write(&dn, &changes, control.as_slice())?;
        let receipt = if control.is_some() { receipt } else { history::not_enforced(receipt) };
        Ok(if options.must_change { receipt } else { expiry_noted(ldap::target(&[SET_AT]).ok().as_ref(), receipt) })
    }

    fn change(_account: Account, old: &Password, new: &Password) -> Result<Receipt, Fault> {
        Server::look()?;
        // Taking the old value away is how the old password is proved; the directory then applies every rule of the
        // policy, history and minimum age included. A wrong one counts as a failed sign-in.
        let changes = [
            Change::delete(PASSWORD, [Value::quoted_utf16le(old)]),
            Change::add(PASSWORD, [Value::quoted_utf16le(new)]),
        ];
        write(&target::dn()?, &changes, &[])?;
        Ok(Receipt::of(Effect::PasswordSet))
    }

    fn verify(_account: Account, candidate: &Password) -> Result<Verdict, Fault> {
        Server::look()?;
        dialect::verdict(&ldap::try_bind(&target::dn()?, candidate, &[])?)
    }
}

impl Accounts for ActiveDirectory {
    fn status(_account: Account) -> Result<AccountStatus, Fault> {
        let server = Server::look()?;
        Ok(status::of(&ldap::target(&status::ATTRIBUTES)?, server.now()))
    }

    fn unlock(_account: Account) -> Result<Receipt, Fault> {
        Server::look()?;
        write(&target::dn()?, &[unlocked()], &[])?;
        Ok(Receipt::of(Effect::Unlocked))
    }
}

impl Lifecycle for ActiveDirectory {
    fn check() -> Vec<Finding> {
        server::findings(ldap::root_dse(&server::CHECKED), History::setting())
    }
}

/// What a reset writes, all or nothing, and what it is then.
fn reset(new: &Password, options: ResetOptions) -> (Vec<Change<'_>>, Receipt) {
    let mut changes = vec![Change::replace(PASSWORD, [Value::quoted_utf16le(new)])];
    let mut receipt = Receipt::of(Effect::PasswordSet);
    if options.must_change {
        changes.push(Change::replace(SET_AT, ["0".into()]));
        receipt = receipt.and(Effect::ChangeRequired);
    }
    // A reset alone leaves the account locked.
    if options.unlock {
        changes.push(unlocked());
        receipt = receipt.and(Effect::Unlocked);
    }
    (changes, receipt)
}

/// A service account without the right Unexpire Password can set a password, and it has expired at once. The one who
/// types it in must know.
fn expiry_noted(target: Option<&Entry>, receipt: Receipt) -> Receipt {
    if target.and_then(|target| target.number(SET_AT)) != Some(0) {
        return receipt;
    }
    let text = "The directory let the password expire at once: a new one must be chosen at the next sign-in.";
    receipt.noting("expired-at-once", text)
}

fn unlocked() -> Change<'static> {
    Change::replace(LOCKED_AT, ["0".into()])
}

fn write(dn: &str, changes: &[Change<'_>], controls: &[Control]) -> Result<(), Fault> {
    ldap::modify(dn, &Performer::Service, changes, controls)
        .map(|_answer| ())
        .map_err(|error| error.into_fault(dialect::fault))
}

#[cfg(test)]
mod tests {
    use portcullis_connector::testing::{entry, password};

    use super::*;

    fn written(options: ResetOptions) -> (Vec<String>, Vec<Effect>) {
        let (changes, receipt) = reset(password(), options);
        (changes.iter().map(|change| format!("{change:?}")).collect(), receipt.effects)
    }

    #[test]
    fn a_plain_reset_writes_one_password_and_nothing_else() {
        let (changes, effects) = written(ResetOptions { must_change: false, unlock: false });
        assert_eq!(effects, [Effect::PasswordSet]);
        assert_eq!(changes.len(), 1);
        assert!(changes[0].contains("Replace") && changes[0].contains("unicodePwd"), "{changes:?}");
        assert!(changes[0].contains("QuotedUtf16le"), "{changes:?}");
    }

    #[test]
    fn what_is_claimed_is_what_is_written() {
        let (changes, effects) = written(ResetOptions { must_change: true, unlock: true });
        assert_eq!(effects, [Effect::PasswordSet, Effect::ChangeRequired, Effect::Unlocked]);
        assert_eq!(changes.len(), 3);
        for (change, attribute) in changes.iter().skip(1).zip(["pwdLastSet", "lockoutTime"]) {
            assert!(change.contains("Replace") && change.contains(attribute), "{change}");
            assert!(change.contains(r#"[Value::Text("0")]"#), "{change}");
        }
    }

    #[test]
    fn a_password_that_expired_at_once_is_told() {
        let notes = |set: Option<&str>| {
            let target = set.map(|set| entry("CN=a", &[(SET_AT, &[set])]));
            expiry_noted(target.as_ref(), Receipt::of(Effect::PasswordSet)).notes.len()
        };
        assert_eq!((notes(Some("0")), notes(Some("134116992000000000")), notes(None)), (1, 0, 0));
    }
}
