//! `denied-not-granted`, `password-elsewhere`, `denied-outright`: what the log says was stopped.
//!
//! What a plugin asked for is its own word. No grant is suggested that would give a password away: neither reading an
//! attribute that holds passwords, nor writing the password into another attribute, nor reading its text.

use portcullis_capabilities::ldap::AttributeName;
use portcullis_model::{Use, UsedValue};

use super::tighter::{Line, emptied, flag, with};
use super::{Code, Finding};
use crate::audit::report::used::Seen;
use crate::audit::report::{Item, Place, Subject, attribute as spelled};
use crate::config::{Ldap, gives_passwords_away, is_oid, takes_passwords};

/// How many reasons are told at once.
const MOST: usize = 10;

const ASK: &str = "ask its vendor why it needs this before it is granted";

pub(super) fn look(subject: &Subject<'_>, all: &mut Vec<Finding>) {
    let place = |path: &[&str]| subject.place(path);
    let ldap = subject.file.ldap.as_ref();
    let mut reads: Vec<(&Use, &Seen)> = Vec::new();
    let mut controls: Vec<(&Use, &Seen)> = Vec::new();
    for (wanted, seen) in &subject.used.denied {
        match wanted {
            Use::Read { .. } => reads.push((wanted, seen)),
            Use::Control { .. } => controls.push((wanted, seen)),
            Use::Write { attribute, value: UsedValue::Password } if !holds(attribute, takes_passwords) => {
                let text = format!("the plugin tried to write the password into `{attribute}`, {}", often(seen));
                let remedy =
                    "a password belongs into no such attribute: take the plugin out of service, and ask its vendor";
                let found = Finding::new(Code::PasswordElsewhere, place(&["plugin"]), text, remedy);
                all.push(found.about([wanted.to_string()]));
            }
            other => {
                let (remedy, paste) = single(other, ldap);
                all.push(denied(place(&path(other)), &[(other, seen)], &remedy).paste(paste));
            }
        }
    }
    if let Some(denied) = group(&reads, place(&["ldap", "read"]), ldap, readable) {
        all.push(denied);
    }
    if let Some(denied) = group(&controls, place(&["ldap", "allow"]), ldap, sendable) {
        all.push(denied);
    }
    outright(subject, all);
}

fn holds(attribute: &str, kind: impl Fn(&str) -> bool) -> bool {
    kind(attribute.split(';').next().unwrap_or_default())
}

fn often(seen: &Seen) -> String {
    match seen.count {
        1 => format!("once, {}", seen.last),
        count => format!("{count} times, last {}", seen.last),
    }
}

fn denied(place: Place, wanted: &[(&Use, &Seen)], remedy: &str) -> Finding {
    let told: Vec<String> = wanted.iter().take(MOST).map(|(one, seen)| format!("{one} ({})", often(seen))).collect();
    let more = wanted.len().saturating_sub(MOST);
    let more = if more > 0 { format!(", and {more} more") } else { String::new() };
    let text = format!("the plugin asked for what is not granted: {}{more}", told.join(", "));
    let about: Vec<String> = wanted.iter().map(|(one, _)| one.to_string()).collect();
    Finding::new(Code::DeniedNotGranted, place, text, remedy).about(about)
}

fn path(wanted: &Use) -> [&'static str; 2] {
    match Item::Call(wanted.clone()).section() {
        "ldap.write" => ["ldap", "write"],
        "ldap.search" => ["ldap", "search"],
        "ldap.allow" => ["ldap", "allow"],
        _ => ["plugin", ""],
    }
}

/// What to do about one, with the line that grants it if one may be suggested at all.
fn single(wanted: &Use, ldap: Option<&Ldap>) -> (String, Vec<String>) {
    let granted = |line: Line, there: bool| {
        let write = if there { line.instead() } else { line.besides() };
        (format!("{ASK}; then {write}"), line.paste().to_vec())
    };
    let nothing = |why: &str| (format!("no line is suggested: {why}"), Vec::new());
    match wanted {
        Use::Write { attribute, value: UsedValue::Removed } if AttributeName::parse(attribute).is_ok() => {
            let same = |name: &&String| spelled(name) == *attribute;
            let written = ldap.and_then(|ldap| ldap.write.keys().find(same));
            let there = written.and_then(|name| ldap?.write.get(name));
            let line = emptied(written.unwrap_or(attribute), there);
            line.map_or_else(
                || nothing("an attribute that holds the password is never emptied"),
                |line| granted(line, there.is_some()),
            )
        }
        Use::Write { value: UsedValue::Password, .. } => {
            nothing("grant the password only for the attribute in which this directory keeps it")
        }
        Use::Write { .. } => nothing("ask its vendor which values it writes, and grant those alone"),
        Use::Search { .. } => nothing("ask its vendor what it searches, and grant no more than that"),
        Use::Reveal { .. } => nothing("it asked for the text of a password"),
        Use::SetPassword => granted(flag("set-password"), false),
        Use::TryBind => granted(flag("try-bind"), false),
        Use::AsTarget => granted(flag("as-target"), false),
        Use::Log => (format!("{ASK}; then write"), vec!["[log]".into()]),
        _ => (ASK.to_owned(), Vec::new()),
    }
}

/// The list with what may be added to it, and its section and key.
type Longer = (Vec<String>, &'static str, &'static str);

fn group(
    wanted: &[(&Use, &Seen)],
    place: Place,
    ldap: Option<&Ldap>,
    longer: impl Fn(&[(&Use, &Seen)]) -> Longer,
) -> Option<Finding> {
    if wanted.is_empty() {
        return None;
    }
    let (more, section, key) = longer(wanted);
    let there = ldap.map(|ldap| if key == "controls" { &ldap.allow.controls } else { &ldap.read });
    let there = there.map(Vec::as_slice).unwrap_or_default();
    let mut remedy = ASK.to_owned();
    if more.len() < wanted.len() {
        remedy += "; what holds passwords, or is no name, is left out: it cannot be granted";
    }
    let line = if more.is_empty() { None } else { with(section, key, there, &more) };
    let Some(line) = line else { return Some(denied(place, wanted, &remedy)) };
    let write = if there.is_empty() { line.besides() } else { line.instead() };
    Some(denied(place, wanted, &format!("{remedy}; then {write}")).paste(line.paste()))
}

fn readable(wanted: &[(&Use, &Seen)]) -> Longer {
    let may = |attribute: &&String| AttributeName::parse(attribute).is_ok() && !holds(attribute, gives_passwords_away);
    let names = wanted.iter().filter_map(|(one, _)| match one {
        Use::Read { attribute } => Some(attribute),
        _ => None,
    });
    (names.filter(may).cloned().collect(), "ldap.read", "attributes")
}

fn sendable(wanted: &[(&Use, &Seen)]) -> Longer {
    let oids = wanted.iter().filter_map(|(one, _)| match one {
        Use::Control { oid } => Some(oid),
        _ => None,
    });
    (oids.filter(|oid| is_oid(oid)).cloned().collect(), "ldap.allow", "controls")
}

fn outright(subject: &Subject<'_>, all: &mut Vec<Finding>) {
    let stopped = &subject.used.stopped;
    if stopped.is_empty() {
        return;
    }
    let told: Vec<String> =
        stopped.iter().take(MOST).map(|((call, reason), seen)| format!("{call}: {reason} ({})", often(seen))).collect();
    let more = stopped.len().saturating_sub(MOST);
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    let text = format!("calls of the plugin were stopped that no grant would let pass: {}{more}", told.join("; "));
    let remedy = "a plugin that does its work makes no such calls: show this to its vendor, and look in the audit log what \
                  its operations were about";
    let place = subject.place(&["plugin"]);
    let about = stopped.keys().map(|(call, _)| call).collect::<std::collections::BTreeSet<_>>();
    all.push(Finding::new(Code::DeniedOutright, place, text, remedy).about(about));
}
