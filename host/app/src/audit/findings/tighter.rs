//! The lines of a connector's file with less, or more, in them: what can be pasted in the place of those that are there.

use portcullis_model::Use;

use crate::audit::report::{Item, attribute, misleads};
use crate::config::{ConnectorFile, WriteGrant};

/// The key that grants an item: items of one list belong together.
pub(super) fn key(item: &Item, path: &[String]) -> Vec<String> {
    match item {
        Item::Operation(_) | Item::Accounts(_) | Item::Server(_) => path.get(..1).unwrap_or_default().to_vec(),
        Item::Call(Use::Read { .. } | Use::Search { .. } | Use::Write { .. } | Use::Control { .. }) => {
            path.get(..3).unwrap_or(path).to_vec()
        }
        Item::Call(Use::Reveal { .. }) => path.get(..1).unwrap_or_default().to_vec(),
        Item::Call(_) => path.to_vec(),
    }
}

/// A key's line without what `unneeded` names, with its section; nothing where the line is to be taken away.
pub(super) fn without(file: &ConnectorFile, key: &[String], unneeded: impl Fn(&Item) -> bool) -> Vec<String> {
    let path: Vec<&str> = key.iter().map(String::as_str).collect();
    let needed = |used: Use| !unneeded(&Item::Call(used));
    let ldap = file.ldap.as_ref();
    let (section, line) = match path.as_slice() {
        ["operations"] => {
            let kinds = file.operations.iter().filter(|kind| !unneeded(&Item::Operation(**kind)));
            ("", list("operations", kinds.map(|kind| kind.name())))
        }
        ["ldap", "read", ..] => {
            let names = ldap.into_iter().flat_map(|ldap| &ldap.read);
            let names = names.filter(|name| needed(Use::Read { attribute: attribute(name) }));
            ("[ldap.read]", list("attributes", names))
        }
        ["ldap", "write", name] => ("[ldap.write]", ldap.and_then(|ldap| write(name, ldap.write.get(*name)?, needed))),
        ["ldap", "allow", "controls"] => {
            let oids = ldap.into_iter().flat_map(|ldap| &ldap.allow.controls);
            ("[ldap.allow]", list("controls", oids.filter(|oid| needed(Use::Control { oid: (*oid).clone() }))))
        }
        ["reveal"] => {
            let names = file.reveal.iter().flatten().map(|revealed| revealed.name());
            ("[reveal]", list("passwords", names.filter(|name| needed(Use::Reveal { password: (*name).into() }))))
        }
        // What is one line, and searches, of which few have more than one base.
        _ => ("", None),
    };
    let Some(line) = line else { return Vec::new() };
    [section.to_owned(), line].into_iter().filter(|line| !line.is_empty()).collect()
}

fn write(name: &str, grant: &WriteGrant, needed: impl Fn(Use) -> bool) -> Option<String> {
    use portcullis_model::UsedValue;
    let needed = |value| needed(Use::Write { attribute: attribute(name), value });
    let WriteGrant::Values { values, remove } = grant else { return None };
    let values: Vec<&String> = values.iter().filter(|value| needed(UsedValue::Granted((*value).clone()))).collect();
    let remove = *remove && needed(UsedValue::Removed);
    let key = bare(name);
    match (values.is_empty(), remove) {
        (true, false) => None,
        (true, true) => Some(format!("{key} = \"remove\"")),
        (false, false) => list(&key, values),
        (false, true) => Some(format!("{key} = {{ values = {}, remove = true }}", items(values))),
    }
}

/// A list with more in it.
pub(super) fn with(section: &str, key: &str, there: &[String], more: &[String]) -> Vec<String> {
    let line = list(key, there.iter().chain(more));
    line.map(|line| vec![section.to_owned(), line]).unwrap_or_default()
}

/// A key as TOML writes it.
pub(super) fn bare(key: &str) -> String {
    let plain = !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    if plain { key.to_owned() } else { quoted(key) }
}

/// A basic string on one line, in which what cannot be seen is written by its number: it is shown, and pasted, as it is.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted += "\\\"",
            '\\' => quoted += "\\\\",
            c if misleads(c) => quoted += &format!("\\U{:08X}", u32::from(c)),
            c => quoted.push(c),
        }
    }
    quoted + "\""
}

fn list<S: AsRef<str>>(key: &str, values: impl IntoIterator<Item = S>) -> Option<String> {
    let items = items(values);
    (items != "[]").then(|| format!("{key} = {items}"))
}

fn items<S: AsRef<str>>(values: impl IntoIterator<Item = S>) -> String {
    let values: Vec<String> = values.into_iter().map(|value| quoted(value.as_ref())).collect();
    format!("[{}]", values.join(", "))
}
