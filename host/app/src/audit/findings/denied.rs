//! `denied-not-granted`, `password-elsewhere`, `denied-outright`: what the log says was stopped.
//!
//! What a plugin asked for is its own word. No grant is suggested that would give a password away: neither reading an
//! attribute that holds passwords, nor writing the password into another attribute, nor reading its text.

use std::collections::BTreeSet;

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
    let mut reads: Vec<(&Use, &Seen)> = Vec::new();
    let mut controls: Vec<(&Use, &Seen)> = Vec::new();
    for (wanted, seen) in &subject.used.denied {
        match wanted {
            Use::Read { .. } => reads.push((wanted, seen)),
            Use::Control { .. } => controls.push((wanted, seen)),
            Use::Write { attribute, value: UsedValue::Password } if !holds(attribute, takes_passwords) => {
                let (which, gone) = which(subject, subject.used.denied_by.get(wanted));
                let text = format!("the plugin tried to write the password into `{attribute}`, {}{which}", often(seen));
                let remedy = match gone {
                    true => {
                        "a password belongs into no such attribute: find out who put that plugin there and took it away, \
                         and reset the passwords that it was given"
                    }
                    false => {
                        "a password belongs into no such attribute: take the plugin out of service, and ask its vendor"
                    }
                };
                let found = Finding::new(Code::PasswordElsewhere, place(&["plugin"]), text, remedy);
                all.push(found.about([wanted.to_string()]));
            }
            other => {
                let (remedy, paste) = single(other, subject.file.ldap.as_ref());
                all.push(denied(subject, place(&path(other)), &[(other, seen)], &remedy).paste(paste));
            }
        }
    }
    if let Some(denied) = group(subject, &reads, place(&["ldap", "read"]), readable) {
        all.push(denied);
    }
    if let Some(denied) = group(subject, &controls, place(&["ldap", "allow"]), sendable) {
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

/// Which plugins it was, as the log names them, and whether none of them is the file that lies there now. Nothing where
/// the lines do not tell.
fn which<'s>(subject: &Subject<'_>, sets: impl IntoIterator<Item = &'s BTreeSet<String>>) -> (String, bool) {
    let plugins: BTreeSet<&String> = sets.into_iter().flatten().collect();
    let now = &subject.plugin.sha256;
    let one = |plugin: &&String| match *plugin == now {
        true => format!("{plugin} (the file that lies there now)"),
        false => format!("{plugin} (NOT the file that lies there now)"),
    };
    let told: Vec<String> = plugins.iter().map(one).collect();
    let gone = !plugins.is_empty() && !plugins.contains(now);
    (if told.is_empty() { String::new() } else { format!("; the plugin's SHA-256 was {}", told.join(", ")) }, gone)
}

fn denied(subject: &Subject<'_>, place: Place, wanted: &[(&Use, &Seen)], remedy: &str) -> Finding {
    let told: Vec<String> = wanted.iter().take(MOST).map(|(one, seen)| format!("{one} ({})", often(seen))).collect();
    let more = wanted.len().saturating_sub(MOST);
    let more = if more > 0 { format!(", and {more} more") } else { String::new() };
    let sets = wanted.iter().filter_map(|(one, _)| subject.used.denied_by.get(one));
    let (which, _) = which(subject, sets);
    let text = format!("the plugin asked for what is not granted: {}{more}{which}", told.join(", "));
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
    subject: &Subject<'_>,
    wanted: &[(&Use, &Seen)],
    place: Place,
    longer: impl Fn(&[(&Use, &Seen)]) -> Longer,
) -> Option<Finding> {
    if wanted.is_empty() {
        return None;
    }
    let (more, section, key) = longer(wanted);
    let there =
        subject.file.ldap.as_ref().map(|ldap| if key == "controls" { &ldap.allow.controls } else { &ldap.read });
    let there = there.map(Vec::as_slice).unwrap_or_default();
    let mut remedy = ASK.to_owned();
    if more.len() < wanted.len() {
        remedy += "; what holds passwords, or is no name, is left out: it cannot be granted";
    }
    let line = if more.is_empty() { None } else { with(section, key, there, &more) };
    let Some(line) = line else { return Some(denied(subject, place, wanted, &remedy)) };
    let write = if there.is_empty() { line.besides() } else { line.instead() };
    Some(denied(subject, place, wanted, &format!("{remedy}; then {write}")).paste(line.paste()))
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
    let (which, _) = which(subject, subject.used.stopped_by.values());
    let text =
        format!("calls of the plugin were stopped that no grant would let pass: {}{more}{which}", told.join("; "));
    let remedy = "a plugin that does its work makes no such calls: show this to its vendor, and look in the audit log what \
                  its operations were about";
    let place = subject.place(&["plugin"]);
    let about = stopped.keys().map(|(call, _)| call).collect::<BTreeSet<_>>();
    all.push(Finding::new(Code::DeniedOutright, place, text, remedy).about(about));
}
