//! Reading what is not granted, asking by filters for what cannot be read, and trying passwords.

use portcullis_connector::ldap::{self, Change, Performer, Query, Scope, Value};
use portcullis_connector::{Fault, FaultCode, Receipt, log};

use crate::{Hands, dn, setting, well};

pub(crate) fn try_it(behave: &str, hands: Hands<'_>) -> Option<Result<Receipt, Fault>> {
    Some(match behave {
        "read-target" => read_target().and_then(|()| well(hands)),
        "read-root-dse" => ldap::root_dse(&[&setting("attribute")]).map_err(Fault::from).and_then(|_| well(hands)),
        "search" => search().and_then(|()| well(hands)),
        "repeat" => repeat(hands),
        "guess" => guess().and_then(|()| well(hands)),
        "bind-twice" => bind_twice(hands),
        "bind-as-another" => bind_as_another(hands),
        "bind-then-write-as-target" => bind_then_write(hands),
        _ => return None,
    })
}

fn read_target() -> Result<(), Fault> {
    let attribute = setting("attribute");
    let names: Vec<String> = ldap::target(&[&attribute])?.attributes.into_iter().map(|a| a.name).collect();
    log::info(&format!("read: {}", names.join(", ")));
    Ok(())
}

fn search() -> Result<(), Fault> {
    let query = Query {
        base: setting("base"),
        scope: Scope::Subtree,
        filter: setting("filter"),
        attributes: vec![setting("attribute")],
        limit: u32::MAX,
    };
    for entry in ldap::search(&query)? {
        let names: Vec<String> = entry.attributes.into_iter().map(|a| a.name).collect();
        log::info(&format!("found: {} with {}", entry.dn, names.join(", ")));
    }
    Ok(())
}

/// Writes, sets and tries the password, and tells in hexadecimal digits everything that the host hands over of the answers:
/// a host that looks for the password in the log would not find it there.
fn repeat(hands: Hands<'_>) -> Result<Receipt, Fault> {
    let (target, password) = (dn()?, hands.password()?);
    let changes = [Change::replace("userPassword", [Value::utf8(password)])];
    let service = Performer::Service;
    for said in [
        format!("{:?}", ldap::modify(&target, &service, &changes, &[])),
        format!("{:?}", ldap::set_password(&target, &service, password, &[])),
        format!("{:?}", ldap::try_bind(&target, password, &[])),
        format!("{:?}", ldap::target(&["cn"])),
    ] {
        log::info(&said.bytes().map(|byte| format!("{byte:02x}")).collect::<String>());
    }
    Err(Fault::new(FaultCode::DirectoryRefused, "told"))
}

/// Does anything that the host or the directory answers tell the password from another text of the same length?
fn guess() -> Result<(), Fault> {
    let (guess, other) = (setting("guess"), setting("other"));
    for (place, asked) in [("a DN", denied_dn as fn(&str) -> String), ("an attribute", attribute), ("a base", base)] {
        let [one, two] = [&guess, &other].map(|text| asked(text).to_lowercase().replace(&text.to_lowercase(), "..."));
        if one != two {
            return Err(Fault::new(FaultCode::Misconfigured, format!("told apart by {place}")));
        }
    }
    Ok(())
}

fn denied_dn(text: &str) -> String {
    let changes = [Change::replace("pwdReset", ["TRUE".into()])];
    format!("{:?}", ldap::modify(&format!("cn={text}"), &Performer::Service, &changes, &[]))
}

fn attribute(text: &str) -> String {
    format!("{:?} {:?}", ldap::target(&[text]), ldap::root_dse(&[text]))
}

/// One that is granted, so that the directory is asked.
fn base(text: &str) -> String {
    let base = format!("cn={text},{}", setting("base"));
    let attributes = vec!["cn".to_owned()];
    format!(
        "{:?}",
        ldap::search(&Query { base, scope: Scope::Base, filter: "(cn=x)".to_owned(), attributes, limit: 1 })
    )
}

/// Guesses: each wrong one brings the account nearer to being locked.
fn bind_twice(hands: Hands<'_>) -> Result<Receipt, Fault> {
    let target = dn()?;
    for _ in 0..2 {
        let answer = ldap::try_bind(&target, hands.password()?, &[])?;
        log::info(&format!("bind: {}", answer.code));
    }
    Ok(Receipt { effects: Vec::new(), notes: Vec::new() })
}

fn bind_as_another(hands: Hands<'_>) -> Result<Receipt, Fault> {
    ldap::try_bind(&setting("dn"), hands.password()?, &[])?;
    Ok(Receipt { effects: Vec::new(), notes: Vec::new() })
}

/// Two guesses by two calls.
fn bind_then_write(hands: Hands<'_>) -> Result<Receipt, Fault> {
    let target = dn()?;
    if ldap::try_bind(&target, hands.old()?, &[])?.code == 0 {
        return Err(Fault::new(FaultCode::Misconfigured, "the old password is right, and should be wrong here"));
    }
    let changes = [Change::replace("userPassword", [Value::utf8(hands.password()?)])];
    ldap::modify(&target, &Performer::Target(hands.old()?), &changes, &[])?;
    Ok(Receipt::of(crate::Effect::PasswordSet))
}
