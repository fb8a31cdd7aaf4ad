//! Everything but the password in a modify: attributes that are kept, and those that stand for the state of the login.

use crate::memory::answers::Refusal;
use crate::memory::controls::Asked;
use crate::memory::login::Lock;
use crate::memory::matching::folded;
use crate::memory::moment::Moment;
use crate::memory::record::{Record, computed_name, is_secret};
use crate::memory::{Context, Dialect};
use crate::request::{Attribute, Change, ChangeKind, Value};

type Values = Vec<Vec<u8>>;

/// Applies one change.
pub(super) fn apply(context: &Context<'_>, record: &mut Record, change: &Change, asked: Asked) -> Result<(), Refusal> {
    let name = change.attribute.as_str();
    let dialect = context.dialect;
    let base = name.split(';').next().unwrap_or_default();
    if base.is_empty() || is_foreign(dialect, base) {
        return Err(Refusal::UndefinedType(name.to_owned()));
    }
    if is_secret(name) {
        return Err(match dialect {
            // Without the heuristic that makes it the password, it would be kept in clear text there.
            Dialect::ActiveDirectory => Refusal::WillNotPerform(name.to_owned()),
            Dialect::Plain | Dialect::OpenLdap => Refusal::ReadOnly(name.to_owned()),
        });
    }
    let current = record.values(name, dialect).into_owned();
    let values = changed(change, current, asked)?;
    if let Some(name) = computed_name(dialect, name) {
        return set_login(context, record, name, &values);
    }
    check(dialect, name, &values)?;
    let missing = record.name.leaf().into_iter().any(|(kind, value)| {
        let named = value.map(|value| folded(value.as_bytes()));
        kind.eq_ignore_ascii_case(name) && named.is_some_and(|named| !values.iter().any(|v| folded(v) == named))
    });
    if missing {
        return Err(Refusal::NotOnRdn(name.to_owned()));
    }
    let at = record.attributes.iter().position(|a| a.name.eq_ignore_ascii_case(name));
    match at {
        Some(at) if values.is_empty() => drop(record.attributes.remove(at)),
        Some(at) => record.attributes[at].values = values,
        None if values.is_empty() => {}
        None => record.attributes.push(Attribute { name: name.to_owned(), values }),
    }
    Ok(())
}

/// The values that there are after a change (RFC 4511 section 4.6).
fn changed(change: &Change, current: Values, asked: Asked) -> Result<Values, Refusal> {
    let name = || change.attribute.clone();
    let mut given = Values::new();
    for value in &change.values {
        match value {
            Value::Plain(value) if !given.iter().any(|other| folded(other) == folded(value)) => {
                given.push(value.clone())
            }
            Value::Plain(_) => return Err(Refusal::ValueExists(name())),
            // It would lie here in clear text.
            Value::Secret(..) => return Err(Refusal::WillNotPerform(format!("{}: no place for a password", name()))),
        }
    }
    let mut values = current;
    match change.kind {
        ChangeKind::Replace => return Ok(given),
        ChangeKind::Add if given.is_empty() => return Err(Refusal::BadValue(name())),
        ChangeKind::Add => {
            for value in given {
                let there = values.iter().any(|other| folded(other) == folded(&value));
                match (there, asked.permissive) {
                    (false, _) => values.push(value),
                    (true, true) => {}
                    (true, false) => return Err(Refusal::ValueExists(name())),
                }
            }
        }
        ChangeKind::Delete if given.is_empty() => {
            if values.is_empty() && !asked.permissive {
                return Err(Refusal::NoSuchAttribute(name()));
            }
            values.clear();
        }
        ChangeKind::Delete => {
            for value in given {
                match values.iter().position(|other| folded(other) == folded(&value)) {
                    Some(at) => drop(values.remove(at)),
                    None if asked.permissive => {}
                    None => return Err(Refusal::NoSuchAttribute(name())),
                }
            }
        }
    }
    Ok(values)
}

/// Attributes of the other kind of directory: a connector that was pointed at the wrong one finds out.
fn is_foreign(dialect: Dialect, name: &str) -> bool {
    let foreign: &[&str] = match dialect {
        Dialect::Plain | Dialect::OpenLdap => &["unicodePwd", "pwdLastSet", "lockoutTime", "userAccountControl"],
        Dialect::ActiveDirectory => &["pwdReset", "pwdAccountLockedTime", "pwdFailureTime", "pwdChangedTime"],
    };
    foreign.iter().any(|foreign| foreign.eq_ignore_ascii_case(name))
}

/// What little schema there is.
fn check(dialect: Dialect, name: &str, values: &Values) -> Result<(), Refusal> {
    let number = ["userAccountControl", "accountExpires"].iter().any(|number| number.eq_ignore_ascii_case(name));
    if dialect != Dialect::ActiveDirectory || !number {
        return Ok(());
    }
    match values.as_slice() {
        [value] if text(value).is_some_and(|text| text.parse::<i64>().is_ok()) => Ok(()),
        [] if name.eq_ignore_ascii_case("userAccountControl") => Err(Refusal::WillNotPerform(name.to_owned())),
        [] => Ok(()),
        [_] => Err(Refusal::BadValue(name.to_owned())),
        _ => Err(Refusal::SingleValued(name.to_owned())),
    }
}

fn set_login(context: &Context<'_>, record: &mut Record, name: &str, values: &Values) -> Result<(), Refusal> {
    let login = &mut record.login;
    let bad = || Refusal::BadValue(name.to_owned());
    let one = match values.as_slice() {
        [] => None,
        [value] => Some(text(value).ok_or_else(bad)?),
        _ if name == "pwdFailureTime" => return Err(Refusal::ReadOnly(name.to_owned())),
        _ => return Err(Refusal::SingleValued(name.to_owned())),
    };
    match (name, one) {
        ("pwdReset", None) => login.must_change = None,
        ("pwdReset", Some("TRUE")) => login.must_change = Some(true),
        ("pwdReset", Some("FALSE")) => login.must_change = Some(false),
        ("pwdAccountLockedTime", None) => login.unlock(),
        ("pwdAccountLockedTime", Some("000001010000Z")) => login.locked = Some(Lock::Permanent),
        ("pwdAccountLockedTime", Some(time)) => login.locked = Some(Lock::At(Moment::parse(time).ok_or_else(bad)?)),
        ("pwdFailureTime", None) => login.failures.clear(),
        ("pwdLastSet", Some("0")) => login.must_change = Some(true),
        ("pwdLastSet", Some("-1")) => {
            login.must_change = None;
            login.changed = Some(context.now);
        }
        ("lockoutTime", Some("0")) => login.unlock(),
        ("pwdReset", Some(_)) => return Err(bad()),
        ("pwdLastSet" | "lockoutTime", _) => return Err(Refusal::WillNotPerform(name.to_owned())),
        _ => return Err(Refusal::ReadOnly(name.to_owned())),
    }
    Ok(())
}

fn text(value: &[u8]) -> Option<&str> {
    str::from_utf8(value).ok()
}
