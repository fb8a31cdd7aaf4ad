//! The lines of a connector's file with less, or more, in them: what can be pasted in the place of those that are there.

use portcullis_model::Use;

use crate::audit::report::{Item, attribute, misleads};
use crate::config::{ConnectorFile, WriteGrant};

/// One line to paste. It comes without the header of its section, which is there already: a second one would be a mistake.
pub(super) struct Line {
    section: &'static str,
    key: String,
    text: String,
}

impl Line {
    fn new(section: &'static str, key: &str, value: String) -> Self {
        let key = bare(key);
        Self { section, text: format!("{key} = {value}"), key }
    }

    /// What to do with it, before a colon.
    pub(super) fn instead(&self) -> String {
        match self.section {
            "" => format!("write in the place of `{}`", self.key),
            section => format!("write in `[{section}]`, in the place of `{}`", self.key),
        }
    }

    /// The same where the key is not there.
    pub(super) fn besides(&self) -> String {
        format!("write in `[{}]`", self.section)
    }

    /// As it is pasted.
    pub(super) fn paste(&self) -> [String; 1] {
        [self.text.clone()]
    }
}

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

/// A key's line without what `unneeded` names; none where the line is to be taken away.
pub(super) fn without(file: &ConnectorFile, key: &[String], unneeded: impl Fn(&Item) -> bool) -> Option<Line> {
    let path: Vec<&str> = key.iter().map(String::as_str).collect();
    let needed = |used: Use| !unneeded(&Item::Call(used));
    let ldap = file.ldap.as_ref();
    match path.as_slice() {
        ["operations"] => {
            let kinds = file.operations.iter().filter(|kind| !unneeded(&Item::Operation(**kind)));
            list("", "operations", kinds.map(|kind| kind.name()))
        }
        ["ldap", "read", ..] => {
            let names = ldap.into_iter().flat_map(|ldap| &ldap.read);
            let names = names.filter(|name| needed(Use::Read { attribute: attribute(name) }));
            list("ldap.read", "attributes", names)
        }
        ["ldap", "write", name] => write(name, ldap?.write.get(*name)?, needed),
        ["ldap", "allow", "controls"] => {
            let oids = ldap.into_iter().flat_map(|ldap| &ldap.allow.controls);
            list("ldap.allow", "controls", oids.filter(|oid| needed(Use::Control { oid: (*oid).clone() })))
        }
        ["reveal"] => {
            let names = file.reveal.iter().flatten().map(|revealed| revealed.name());
            list("reveal", "passwords", names.filter(|name| needed(Use::Reveal { password: (*name).into() })))
        }
        // What is one line, and searches, of which few have more than one base.
        _ => None,
    }
}

fn write(name: &str, grant: &WriteGrant, needed: impl Fn(Use) -> bool) -> Option<Line> {
    use portcullis_model::UsedValue;
    let needed = |value| needed(Use::Write { attribute: attribute(name), value });
    let WriteGrant::Values { values, remove } = grant else { return None };
    let values: Vec<&String> = values.iter().filter(|value| needed(UsedValue::Granted((*value).clone()))).collect();
    values_or_removed(name, &values, *remove && needed(UsedValue::Removed))
}

fn values_or_removed(name: &str, values: &[&String], remove: bool) -> Option<Line> {
    let value = match (values, remove) {
        ([], false) => return None,
        ([], true) => "\"remove\"".to_owned(),
        (values, false) => items(values),
        (values, true) => format!("{{ values = {}, remove = true }}", items(values)),
    };
    Some(Line::new("ldap.write", name, value))
}

/// The line that lets an attribute be emptied as well; none where the password goes into it, which is never emptied.
pub(super) fn emptied(name: &str, there: Option<&WriteGrant>) -> Option<Line> {
    match there {
        None => values_or_removed(name, &[], true),
        Some(WriteGrant::Values { values, .. }) => values_or_removed(name, &values.iter().collect::<Vec<_>>(), true),
        Some(WriteGrant::Password) => None,
    }
}

/// A flag that is granted.
pub(super) fn flag(name: &str) -> Line {
    Line::new("ldap.allow", name, "true".into())
}

/// A list with more in it.
pub(super) fn with(section: &'static str, key: &str, there: &[String], more: &[String]) -> Option<Line> {
    list(section, key, there.iter().chain(more))
}

/// A key as TOML writes it.
fn bare(key: &str) -> String {
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

fn list<S: AsRef<str>>(section: &'static str, key: &str, values: impl IntoIterator<Item = S>) -> Option<Line> {
    let items = items(values);
    (items != "[]").then(|| Line::new(section, key, items))
}

fn items<S: AsRef<str>>(values: impl IntoIterator<Item = S>) -> String {
    let values: Vec<String> = values.into_iter().map(|value| quoted(value.as_ref())).collect();
    format!("[{}]", values.join(", "))
}
