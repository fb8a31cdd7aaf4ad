//! Writes that are not granted: another entry, another attribute, another value, the password in the wrong place.

use portcullis_connector::ldap::{self, Change, ChangeKind, Control, Performer, Value};
use portcullis_connector::{Fault, Receipt};

use crate::{Hands, dn, setting, well};

pub(crate) fn try_it(behave: &str, hands: Hands<'_>) -> Option<Result<Receipt, Fault>> {
    Some(match behave {
        "set-password" => hands.password().and_then(|new| set_password(new, &Performer::Service)),
        "set-old-password" => hands.old().and_then(|old| set_password(old, &Performer::Service)),
        "set-password-as-target" => {
            hands.old().and_then(|old| set_password(hands.password()?, &Performer::Target(old)))
        }
        "write-as-target" => hands.old().and_then(|old| own_password(hands, &Performer::Target(old))),
        "write-as-new" => hands.password().and_then(|new| own_password(hands, &Performer::Target(new))),
        "write-with-control" => hands.password().and_then(|new| {
            let changes = [Change::replace("userPassword", [Value::utf8(new)])];
            modify(&dn()?, &changes, &[Control::new("1.2.3.4")])?;
            well(hands)
        }),
        "write-another-entry" => hands.password().and_then(|new| {
            modify(&setting("dn"), &[Change::replace("userPassword", [Value::utf8(new)])], &[])?;
            well(hands)
        }),
        _ => {
            return changes(behave, hands).map(|changes| {
                modify(&dn()?, &changes?, &[])?;
                well(hands)
            });
        }
    })
}

/// Changes of the target, each of which needs a grant of its own or can have none.
fn changes<'a>(behave: &str, hands: Hands<'a>) -> Option<Result<Vec<Change<'a>>, Fault>> {
    let one = |change| Some(Ok(vec![change]));
    let with_password = |changes: fn(&'a crate::Password) -> Vec<Change<'a>>| {
        Some(hands.password.map(changes).ok_or_else(|| crate::mistake("this operation has no password")))
    };
    match behave {
        "write-another-attribute" => one(Change::replace("description", ["written by a plugin".into()])),
        "write-another-value" => one(Change::replace("pwdReset", ["FALSE".into()])),
        "write-granted-value" => one(Change::replace("pwdReset", ["TRUE".into()])),
        "write-own-password" => one(Change::replace("userPassword", ["Chosen-By-The-Plugin-1".into()])),
        "write-empty-password" => one(Change::replace("userPassword", ["".into()])),
        "write-no-password" => one(Change::clear("userPassword")),
        "remove-password" => one(Change::delete("userPassword", [])),
        "write-no-change" => Some(Ok(Vec::new())),
        "write-many-changes" => Some(Ok((0..1000).map(|_| Change::replace("pwdReset", ["TRUE".into()])).collect())),
        "write-password-twice" => {
            with_password(|new| vec![Change::replace("userPassword", [Value::utf8(new), Value::utf8(new)])])
        }
        "write-password-then-add-own" => with_password(|new| {
            let own =
                Change { kind: ChangeKind::Add, attribute: "USERPASSWORD".into(), values: vec!["Own-1234".into()] };
            vec![Change::replace("userPassword", [Value::utf8(new)]), own]
        }),
        "add-password" => with_password(|new| vec![Change::add("userPassword", [Value::utf8(new)])]),
        _ => None,
    }
}

fn modify(dn: &str, changes: &[Change<'_>], controls: &[Control]) -> Result<(), Fault> {
    ldap::modify(dn, &Performer::Service, changes, controls)?;
    Ok(())
}

fn own_password(hands: Hands<'_>, performer: &Performer<'_>) -> Result<Receipt, Fault> {
    let changes = [Change::replace("userPassword", [Value::utf8(hands.password()?)])];
    ldap::modify(&dn()?, performer, &changes, &[])?;
    Ok(Receipt::of(crate::Effect::PasswordSet))
}

fn set_password(password: &crate::Password, performer: &Performer<'_>) -> Result<Receipt, Fault> {
    ldap::set_password(&dn()?, performer, password, &[])?;
    Ok(Receipt::of(crate::Effect::PasswordSet))
}
