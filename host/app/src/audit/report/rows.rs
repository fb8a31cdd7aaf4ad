//! The table: a row for each item that is granted, was used or was asked for in vain.

use portcullis_model::Use;
use serde::Serialize;

use super::used::{Seen, Used};
use super::{Excess, Granted, Item, Place, Requested, Subject, Text, granted, requested};

/// How a granted item stands to the ceiling.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum AgainstCeiling {
    /// There is no ceiling.
    NoCeiling,
    /// The ceiling allows it.
    Allowed,
    /// It is above the ceiling.
    Above {
        /// The line of the ceiling.
        place: Place,
    },
    /// It is not granted, so nothing stands against the ceiling.
    NotGranted,
}

/// One row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The section of a connector's file.
    pub section: &'static str,
    /// What is granted in it, as the operator wrote it.
    pub name: Text,
    /// What may be written, of `[ldap.write]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Text>,
    /// What the binary says.
    pub requested: Requested,
    /// Where it is granted; none if it is not.
    pub granted: Option<Place>,
    /// What the ceiling says.
    pub ceiling: AgainstCeiling,
    /// How often it was used; none if it never was, as far as the log tells.
    pub used: Option<Seen>,
    /// How often it was asked for in vain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub denied: Option<Seen>,
}

/// The rows of a connector: what is granted in the order of the file, then what is not.
#[must_use]
pub fn rows(subject: &Subject<'_>) -> Vec<Row> {
    let surface = subject.plugin.surface.as_ref();
    let all = granted(subject.file);
    let mut rows: Vec<Row> = all.iter().map(|granted| of_granted(subject, granted)).collect();
    let is_granted = |item: &Item| all.iter().any(|granted| granted.item == *item);
    let others = subject.used.uses.keys().chain(subject.used.denied.keys());
    let mut others: Vec<Item> = others.map(|used| Item::Call(used.clone())).collect();
    others.extend(subject.used.servers.keys().map(|server| Item::Server(server.clone())));
    others.sort();
    others.dedup();
    for item in others.iter().filter(|item| !is_granted(item)) {
        rows.push(Row {
            section: item.section(),
            name: item.name().into(),
            value: item.value().map(Text::from),
            requested: requested(item, surface),
            granted: None,
            ceiling: AgainstCeiling::NotGranted,
            used: seen(subject.used, item).cloned(),
            denied: denied(subject.used, item).cloned(),
        });
    }
    rows
}

fn of_granted(subject: &Subject<'_>, granted: &Granted) -> Row {
    let path: Vec<&str> = granted.path.iter().map(String::as_str).collect();
    let place = subject.places.place(&path);
    let above = |excesses: &[Excess]| excesses.iter().find(|excess| excess.granted == place).cloned();
    let ceiling = match subject.ceiling.map(above) {
        None => AgainstCeiling::NoCeiling,
        Some(None) => AgainstCeiling::Allowed,
        Some(Some(excess)) => AgainstCeiling::Above { place: excess.ceiling },
    };
    Row {
        section: granted.item.section(),
        name: granted.written.as_str().into(),
        value: granted.item.value().map(Text::from),
        requested: requested(&granted.item, subject.plugin.surface.as_ref()),
        granted: Some(place),
        ceiling,
        used: seen(subject.used, &granted.item).cloned(),
        denied: denied(subject.used, &granted.item).cloned(),
    }
}

/// How often an item was used.
pub(crate) fn seen<'u>(used: &'u Used, item: &Item) -> Option<&'u Seen> {
    match item {
        Item::Operation(kind) => used.asked.get(kind),
        Item::Accounts(pattern) => used.accounts.get(pattern),
        Item::Server(server) => used.servers.get(server),
        Item::Call(call) => used.uses.get(call),
    }
}

fn denied<'u>(used: &'u Used, item: &Item) -> Option<&'u Seen> {
    let call: Option<&Use> = match item {
        Item::Call(call) => Some(call),
        Item::Operation(_) | Item::Accounts(_) | Item::Server(_) => None,
    };
    used.denied.get(call?)
}
