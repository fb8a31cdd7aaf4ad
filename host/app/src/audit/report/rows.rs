//! The table: a row for each item that is granted, was used or was asked for in vain.

use portcullis_model::{Use, UsedValue};
use serde::Serialize;

use super::used::{Seen, Used};
use super::{Granted, Item, Place, Requested, Subject, Text, attribute, granted, requested};
use crate::ceiling::Excess;
use crate::config::WriteGrant;

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

/// The rows of a connector: what is granted in the order of the file, then what was used or asked for and is not granted,
/// then what the binary could call and nothing is granted of.
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
    let more: Vec<Row> =
        wished(subject).filter(|wish| !rows.iter().any(|row| wish.is_in(row))).map(Row::from).collect();
    rows.extend(more);
    rows
}

/// Something that the binary could call.
struct Wish {
    section: &'static str,
    name: &'static str,
    /// Whether it is one of several things in its section.
    alone: bool,
    requested: Requested,
}

impl Wish {
    fn is_in(&self, row: &Row) -> bool {
        row.section == self.section && (!self.alone || row.name.as_str() == self.name)
    }
}

impl From<Wish> for Row {
    fn from(wish: Wish) -> Self {
        Self {
            section: wish.section,
            name: wish.name.into(),
            value: None,
            requested: wish.requested,
            granted: None,
            ceiling: AgainstCeiling::NotGranted,
            used: None,
            denied: None,
        }
    }
}

/// What the binary requests, where a function stands for one thing.
fn wished<'s>(subject: &'s Subject<'_>) -> impl Iterator<Item = Wish> + 's {
    let any = String::new();
    let all = [
        (Use::Search { base: any.clone() }, "any base", false),
        (Use::Write { attribute: any.clone(), value: UsedValue::Other }, "any attribute", false),
        (Use::SetPassword, "set-password", true),
        (Use::TryBind, "try-bind", true),
        (Use::Reveal { password: any.clone() }, "any password", false),
        (Use::Log, "lines for the log", false),
        (Use::Setting { name: any }, "any setting", false),
    ];
    all.into_iter().filter_map(|(wanted, name, alone)| {
        let item = Item::Call(wanted);
        let requested = requested(&item, subject.plugin.surface.as_ref());
        let calls = matches!(requested, Requested::Calls { .. });
        calls.then(|| Wish { section: item.section(), name, alone, requested })
    })
}

fn of_granted(subject: &Subject<'_>, granted: &Granted) -> Row {
    let place = granted.place(subject.file);
    let ceiling = match (subject.ceiling.rules(), above(subject, granted)) {
        (None, _) => AgainstCeiling::NoCeiling,
        (Some(_), None) => AgainstCeiling::Allowed,
        (Some(_), Some(excess)) => AgainstCeiling::Above { place: excess.ceiling.into() },
    };
    Row {
        section: granted.item.section(),
        name: granted.written.as_str().into(),
        value: granted.item.value().map(Text::from),
        requested: requested(&granted.item, subject.plugin.surface.as_ref()),
        granted: Some(place.into()),
        ceiling,
        used: seen(subject.used, &granted.item).cloned(),
        denied: denied(subject.used, &granted.item).cloned(),
    }
}

/// What is above the ceiling in an item. Of values of one attribute and of passwords, which stand in one line, each is
/// compared alone.
fn above(subject: &Subject<'_>, granted: &Granted) -> Option<Excess> {
    let mut file = subject.file.clone();
    let wanted = match &granted.item {
        Item::Call(Use::Write { attribute: name, value }) => {
            let alone = match value {
                UsedValue::Password => WriteGrant::Password,
                UsedValue::Granted(value) => WriteGrant::Values { values: vec![value.clone()], remove: false },
                UsedValue::Removed | UsedValue::Other => WriteGrant::Values { values: Vec::new(), remove: true },
            };
            let write = file.ldap.as_mut().map(|ldap| &mut ldap.write)?;
            write
                .iter_mut()
                .filter(|(written, _)| attribute(written) == *name)
                .for_each(|(_, grant)| *grant = alone.clone());
            "write"
        }
        Item::Call(Use::Reveal { password }) => {
            file.reveal.as_mut()?.retain(|revealed| revealed.name() == password);
            "reveal"
        }
        Item::Call(Use::Log) => "log",
        Item::Call(Use::Setting { .. }) => "setting",
        _ => "",
    };
    let place = granted.place(subject.file);
    let whole = file.places.place(&["config".to_owned()]);
    subject.above(&file).into_iter().find(|excess| match wanted {
        "" | "write" => excess.granted == place,
        "setting" => excess.code == wanted && (excess.granted == place || excess.granted == whole),
        _ => excess.code == wanted,
    })
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
