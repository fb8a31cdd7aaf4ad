//! `granted-not-requested` and `granted-never-used`: what can be taken away.
//!
//! The first is proved by the binary. The second is said only where enough operations were done that could have used the
//! grant (see [`enough`]), over a log that tells all of them.

use std::collections::BTreeMap;

use super::tighter::{key, without};
use super::{Code, Finding};
use crate::audit::report::{
    ENOUGH, Granted, Item, Requested, Subject, enough, exports, granted, requested, seen, tells_all,
};

pub(super) fn look(subject: &Subject<'_>, all: &mut Vec<Finding>) {
    let surface = subject.plugin.surface.as_ref();
    let mut keys: BTreeMap<Vec<String>, (Vec<Granted>, Vec<Granted>)> = BTreeMap::new();
    for granted in granted(subject.file) {
        let (unusable, unused) = keys.entry(key(&granted.item, &granted.path)).or_default();
        if surface.is_some() && requested(&granted.item, surface) == Requested::No {
            unusable.push(granted);
        } else if never_used(subject, &granted.item) {
            unused.push(granted);
        }
    }
    for (key, (unusable, unused)) in &keys {
        let unneeded = |item: &Item| unusable.iter().chain(unused).any(|granted| granted.item == *item);
        let paste = without(subject.file, key, unneeded);
        for (code, items, why) in [
            (
                Code::GrantedNotRequested,
                unusable,
                "the plugin imports, or exports, nothing that could use it".to_owned(),
            ),
            (Code::GrantedNeverUsed, unused, over(subject, unused)),
        ] {
            let Some(first) = items.first() else { continue };
            let path: Vec<&str> = if items.len() == 1 { &first.path } else { key }.iter().map(String::as_str).collect();
            let names: Vec<String> = items.iter().map(words).collect();
            let text = format!("{} is granted: {why}", names.join(", "));
            let remedy = match paste.is_empty() {
                true => "take the line away",
                false => "write instead",
            };
            let remedy = if code == Code::GrantedNeverUsed {
                format!("{remedy}{}", caution(subject, first))
            } else {
                remedy.into()
            };
            let place = subject.place(&path);
            all.push(Finding::new(code, place, text, remedy).about(names).paste(&paste));
        }
    }
}

fn words(granted: &Granted) -> String {
    let value = granted.item.value().map(|value| format!(" = {value}")).unwrap_or_default();
    let section = granted.item.section();
    if section == "operations" {
        format!("operations: {}", granted.written)
    } else {
        format!("[{section}] {}{value}", granted.written)
    }
}

/// Whether an item was never used although it could have been, often enough to say so.
fn never_used(subject: &Subject<'_>, item: &Item) -> bool {
    if !tells_all(subject) || seen(subject.used, item).is_some() {
        return false;
    }
    match item {
        // A second server is there for the day on which the first one is not; and which accounts there are is not ours.
        Item::Server(_) | Item::Accounts(_) => false,
        Item::Operation(_) => subject.used.operations() >= ENOUGH,
        Item::Call(_) => enough(subject.file, subject.used, item).is_some(),
    }
}

/// Over what it is said.
fn over(subject: &Subject<'_>, unused: &[Granted]) -> String {
    let used = subject.used;
    let Some(first) = unused.first() else { return String::new() };
    let done = match &first.item {
        Item::Operation(_) => used.done.iter().map(|(kind, count)| (*kind, *count)).collect(),
        item => enough(subject.file, used, item).unwrap_or_default(),
    };
    if done.is_empty() {
        return "no kind of operation in `operations` could use it".into();
    }
    let total: u64 = done.iter().map(|(_, count)| count).sum();
    let kinds: Vec<String> = done.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    let (from, to) = (&used.span.first, &used.span.last);
    format!("never used in {total} operations that could have ({}), from {from} to {to}", kinds.join(", "))
}

/// What the log cannot know.
fn caution(subject: &Subject<'_>, granted: &Granted) -> &'static str {
    use portcullis_model::Use;
    let checks = subject.plugin.surface.as_ref().is_some_and(|surface| exports(surface, "lifecycle"));
    match &granted.item {
        Item::Call(Use::Search { .. } | Use::Setting { .. } | Use::Log) if checks => {
            ", and run `portcullis check`: the plugin's own check may use it, and the log says so then"
        }
        Item::Call(Use::Write { .. }) => ", unless it is for something that callers may ask for and did not",
        _ => "",
    }
}
