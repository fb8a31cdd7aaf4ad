//! From LDIF to a store and back.
//!
//! The state of an entry's login is kept under the names of the password policy draft, whatever the dialect: a file
//! that one dialect wrote is read by the others. The seed of an Active Directory may say it with `pwdLastSet` and
//! `lockoutTime` instead.

use zeroize::Zeroizing;

use super::Context;
use super::Dialect;
use super::hash::Hash;
use super::ldif::{self, LdifEntry, LdifError, LdifLine};
use super::login::{Lock, Login};
use super::matching::folded;
use super::moment::Moment;
use super::record::{Record, computed};
use super::store::Store;
use crate::dn::Dn;
use crate::request::Attribute;

const PERMANENT: &str = "000001010000Z";

/// Fills a store.
///
/// # Errors
/// The first line that is not LDIF, or that no directory would take.
pub(super) fn load(text: &str, context: &Context<'_>) -> Result<Store, LdifError> {
    let mut store = Store::default();
    for entry in ldif::read(text)? {
        let line = entry.line;
        if !store.add(record(entry, context)?) {
            return Err(LdifError::new(line, "an entry of this name stands further up", "remove one of the two"));
        }
    }
    store.find_naming_contexts();
    Ok(store)
}

/// Writes a store.
pub(super) fn save(store: &Store) -> String {
    ldif::write(&store.records().iter().map(entry).collect::<Vec<_>>())
}

fn record(entry: LdifEntry, context: &Context<'_>) -> Result<Record, LdifError> {
    let name = Dn::parse(&entry.dn).map_err(|bad| {
        let remedy = "write it as RFC 4514 has it, for example `uid=alice,ou=People,dc=example,dc=com`";
        LdifError::new(entry.line, format!("the DN cannot be read: {bad}"), remedy)
    })?;
    let mut record = Record { dn: entry.dn, name, attributes: Vec::new(), login: Login::default() };
    for line in &entry.lines {
        if take_login(line, &mut record.login, context)? {
            continue;
        }
        match record.attributes.iter_mut().find(|a| a.name.eq_ignore_ascii_case(&line.name)) {
            Some(attribute) => attribute.values.push(line.value.to_vec()),
            None => record.attributes.push(Attribute { name: line.name.clone(), values: vec![line.value.to_vec()] }),
        }
    }
    if record.stored("objectClass").is_none() {
        // `(objectClass=*)` means every entry, so every entry has one.
        let remedy = "add a line such as `objectClass: inetOrgPerson`";
        return Err(LdifError::new(entry.line, "the entry has no object class", remedy));
    }
    for (kind, value) in record.name.leaf() {
        let Some(value) = value else { continue };
        let has = record.stored(&kind).is_some_and(|a| a.values.iter().any(|v| folded(v) == folded(value.as_bytes())));
        // An attribute that is written as an OID may stand there by its name.
        if !has && !kind.contains('.') {
            let problem = format!("the entry is named by `{kind}` and has no such value");
            return Err(LdifError::new(
                entry.line,
                problem,
                format!("add the line `{kind}: ...` with the value of the DN"),
            ));
        }
    }
    Ok(record)
}

/// Takes a line that tells of the login; false if it tells of something else.
fn take_login(line: &LdifLine, login: &mut Login, context: &Context<'_>) -> Result<bool, LdifError> {
    let error = |problem: &str, remedy: &str| LdifError::new(line.line, format!("`{}`: {problem}", line.name), remedy);
    let text = str::from_utf8(&line.value);
    let moment = || {
        let moment = text.ok().and_then(Moment::parse);
        moment.ok_or_else(|| error("the value is no time in UTC", "write it as `20260131235959Z`"))
    };
    match line.name.to_ascii_lowercase().as_str() {
        "userpassword" if login.password.is_some() => {
            return Err(error("the entry has a password already", "leave one of the two"));
        }
        "userpassword" => login.password = Some(password(line, context)?),
        "unicodepwd" => {
            return Err(error("this attribute is not read", "write `userPassword: ` and the password in clear text"));
        }
        "pwdhistory" => login.history.push(hash(line)?),
        "pwdchangedtime" => login.changed = Some(moment()?),
        "pwdfailuretime" => login.failures.push(moment()?),
        "pwdaccountlockedtime" if text == Ok(PERMANENT) => login.locked = Some(Lock::Permanent),
        "pwdaccountlockedtime" => login.locked = Some(Lock::At(moment()?)),
        "pwdreset" => match text {
            Ok("TRUE") => login.must_change = Some(true),
            Ok("FALSE") => login.must_change = Some(false),
            _ => return Err(error("the value is neither yes nor no", "write `TRUE` or `FALSE`")),
        },
        name if context.dialect == Dialect::ActiveDirectory => {
            let number = || {
                let number = text.ok().and_then(|text| text.parse::<i64>().ok());
                number.ok_or_else(|| error("the value is no number", "write `0`, or a Windows file time"))
            };
            match name {
                "pwdlastset" => match u64::try_from(number()?) {
                    Ok(0) => login.must_change = Some(true),
                    Ok(ticks) => login.changed = Some(Moment::from_file_time(ticks)),
                    Err(_) => login.changed = Some(context.now),
                },
                "lockouttime" => {
                    let ticks = u64::try_from(number()?).unwrap_or_default();
                    login.locked = (ticks > 0).then(|| Lock::At(Moment::from_file_time(ticks)));
                }
                _ => return Ok(is_computed(name, context.dialect)),
            }
        }
        name => return Ok(is_computed(name, context.dialect)),
    }
    Ok(true)
}

/// What the directory computes is dropped: an export of a real one has it in every entry.
fn is_computed(name: &str, dialect: Dialect) -> bool {
    computed(dialect).iter().any(|computed| computed.eq_ignore_ascii_case(name))
}

fn password(line: &LdifLine, context: &Context<'_>) -> Result<Hash, LdifError> {
    if str::from_utf8(&line.value).is_ok_and(Hash::has_scheme) {
        return hash(line);
    }
    if line.value.is_empty() {
        return Err(LdifError::new(line.line, "the password is empty", "write one, or leave the line away"));
    }
    Hash::new(&line.value, context.policy.hash_iterations)
        .map_err(|e| LdifError::new(line.line, format!("no random bytes to hash the password with: {e}"), "try again"))
}

fn hash(line: &LdifLine) -> Result<Hash, LdifError> {
    str::from_utf8(&line.value).ok().and_then(Hash::parse).ok_or_else(|| {
        let problem = format!("`{}` is hashed in a way that is not known here", line.name);
        LdifError::new(line.line, problem, "write the password in clear text; it is hashed when it is read")
    })
}

fn entry(record: &Record) -> LdifEntry {
    let line = |name: &str, value: Vec<u8>| LdifLine { line: 0, name: name.to_owned(), value: Zeroizing::new(value) };
    let mut lines = Vec::new();
    for attribute in &record.attributes {
        lines.extend(attribute.values.iter().map(|value| line(&attribute.name, value.clone())));
    }
    let login = &record.login;
    let mut add = |name: &str, value: String| lines.push(line(name, value.into_bytes()));
    login.password.iter().for_each(|hash| add("userPassword", hash.to_string()));
    login.history.iter().for_each(|hash| add("pwdHistory", hash.to_string()));
    login.changed.iter().for_each(|moment| add("pwdChangedTime", moment.precise()));
    login.failures.iter().for_each(|moment| add("pwdFailureTime", moment.precise()));
    match login.locked {
        None => {}
        Some(Lock::Permanent) => add("pwdAccountLockedTime", PERMANENT.to_owned()),
        Some(Lock::At(moment)) => add("pwdAccountLockedTime", moment.precise()),
    }
    if let Some(must_change) = login.must_change {
        add("pwdReset", if must_change { "TRUE" } else { "FALSE" }.to_owned());
    }
    LdifEntry { line: 0, dn: record.dn.clone(), lines }
}
