//! Would the connector still be asked for the account, and would it still find the target? Judged by the file and the
//! recording alone, so that some of it cannot be told.

use std::fmt;

use portcullis_directory::dn::Dn;
use portcullis_directory::filter::{Filter, Template};
use portcullis_model::Operation;
use serde::Serialize;

use super::divergence::{By, Divergence};
use crate::config::{Ldap, LocateScope};
use crate::connector::Connector;
use crate::recording::{Entry, Located, Locating, Recording, Scope, Value};

/// What a recording does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum Told {
    /// Whether another `filter` finds the target: it looks at attributes that the recording does not hold.
    Filter {
        /// The filter.
        filter: String,
    },
    /// Whether another `exclude` matches the target.
    Exclude {
        /// The filter.
        exclude: String,
    },
    /// Where the target is: the operation was refused before one was found, and the file looks elsewhere now.
    Target,
    /// What an attribute holds that was not granted to be read, or not asked for, when the operation was recorded.
    Attribute {
        /// The attribute.
        attribute: String,
    },
    /// Whether the password took effect: `[ldap.confirm]` looks another way now.
    Confirm,
    /// What stood in texts that were withheld because a password was in them; a divergence may come of it.
    Withheld {
        /// How many.
        texts: u32,
    },
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Filter { filter } => {
                write!(f, "whether the new `filter` {filter} finds the target: its attributes were not recorded")
            }
            Self::Exclude { exclude } => {
                write!(f, "whether the new `exclude` {exclude} matches the target: its attributes were not recorded")
            }
            Self::Target => f.write_str("what is found now: no target was found when the operation was recorded"),
            Self::Attribute { attribute } => {
                write!(f, "what {attribute} holds: it was not read when the operation was recorded")
            }
            Self::Confirm => f.write_str("whether the password takes effect: [ldap.confirm] looks another way now"),
            Self::Withheld { texts } => {
                write!(f, "what stood in {texts} texts that held a password; a divergence may come of that alone")
            }
        }
    }
}

/// What keeps the connector from being asked, or from finding the target.
pub(super) fn answers(connector: &Connector, recording: &Recording, operation: &Operation) -> Vec<Divergence> {
    let mut found = Vec::new();
    let file = &connector.file;
    let account = &recording.asked.account;
    let refuses = |by, what: &str, add: Option<String>| Divergence::NoLongerAnswers { by, what: what.to_owned(), add };
    if !file.accounts.iter().any(|pattern| pattern.matches(account)) {
        found.push(refuses(By::Accounts, account, Some(format!("\"{account}\" to `accounts`"))));
    }
    let kind = recording.kind.name();
    let refused_then =
        matches!(recording.ended.fault.as_deref(), Some("operation-not-granted" | "operation-not-offered"));
    let refused_now = connector.may(recording.kind).is_err();
    if refused_then && recording.target.is_none() {
        // What it would have found then nobody looked for.
        found.extend((!refused_now).then_some(Divergence::CannotBeTold(Told::Target)));
    } else if !file.operations.contains(&recording.kind) {
        found.push(refuses(By::Operations, kind, Some(format!("\"{kind}\" to `operations`"))));
    } else if !connector.exports.offers(recording.kind) {
        found.push(refuses(By::Plugin, kind, None));
    }
    match (&file.ldap, &recording.target, &recording.locate) {
        (Some(ldap), Some(target), before) => found.extend(finds(ldap, target, before.as_ref(), operation)),
        (Some(ldap), None, Some(before)) if !away(recording) && !refused_then && looks_elsewhere(ldap, before) => {
            found.push(Divergence::CannotBeTold(Told::Target));
        }
        _ => {}
    }
    found
}

/// The directory was away: nothing in the file could have found a target.
fn away(recording: &Recording) -> bool {
    recording.ended.fault.as_deref() == Some("directory-unavailable")
}

fn looks_elsewhere(ldap: &Ldap, before: &Locating) -> bool {
    let now = &ldap.locate;
    (now.base.as_str(), scope(now.scope), now.filter.as_str(), now.exclude.as_deref())
        != (before.base.as_str(), before.scope, before.filter.as_str(), before.exclude.as_deref())
}

const fn scope(scope: LocateScope) -> Scope {
    match scope {
        LocateScope::One => Scope::One,
        LocateScope::Subtree => Scope::Subtree,
    }
}

fn finds(ldap: &Ldap, target: &Located, before: Option<&Locating>, operation: &Operation) -> Vec<Divergence> {
    let mut found = Vec::new();
    let (now, dn) = (&ldap.locate, &target.entry.dn);
    let depth = Dn::parse(dn).ok().zip(Dn::parse(&now.base).ok()).and_then(|(dn, base)| dn.depth_below(&base));
    let inside = match now.scope {
        LocateScope::One => depth == Some(1),
        LocateScope::Subtree => depth.is_some(),
    };
    let refuses = |by, add| Divergence::NoLongerAnswers { by, what: dn.clone(), add };
    if !inside {
        found.push(refuses(By::Base, None));
    }
    let read = before.map(|before| before.read.as_slice()).unwrap_or_default();
    if before.is_none_or(|before| before.filter != now.filter) {
        let rendered = Template::parse(&now.filter).ok().and_then(|filter| filter.render(&operation.account).ok());
        let matches = rendered.and_then(|text| Filter::parse(&text).ok());
        match matches.map(|filter| holds(&filter, &target.entry, read)) {
            Some(Some(true)) => {}
            Some(Some(false)) => found.push(refuses(By::Filter, None)),
            _ => found.push(Divergence::CannotBeTold(Told::Filter { filter: now.filter.clone() })),
        }
    }
    let excluded = now.exclude.as_ref().filter(|exclude| before.and_then(|b| b.exclude.as_ref()) != Some(exclude));
    if let Some(exclude) = excluded {
        match Filter::parse(exclude).ok().and_then(|filter| holds(&filter, &target.entry, read)) {
            Some(false) => {}
            Some(true) => found.push(refuses(By::Exclude, None)),
            None => found.push(Divergence::CannotBeTold(Told::Exclude { exclude: exclude.clone() })),
        }
    }
    found
}

/// Whether a filter matches the recorded attributes; nothing where that cannot be told. Without a schema two values are
/// surely equal only if they are so byte for byte, and surely not only if the attribute has none.
fn holds(filter: &Filter, entry: &Entry, read: &[String]) -> Option<bool> {
    let values = |name: &str| {
        let known = read.iter().any(|known| known.eq_ignore_ascii_case(name));
        let found = entry.attributes.iter().find(|attribute| attribute.name.eq_ignore_ascii_case(name));
        known.then(|| found.map(|attribute| attribute.values.as_slice()).unwrap_or_default())
    };
    match filter {
        Filter::And(parts) => all(parts.iter().map(|part| holds(part, entry, read))),
        Filter::Or(parts) => all(parts.iter().map(|part| holds(part, entry, read).map(|held| !held))).map(|held| !held),
        Filter::Not(part) => holds(part, entry, read).map(|held| !held),
        Filter::Present { attribute } => values(attribute).map(|values| !values.is_empty()),
        Filter::Equal { attribute, value } => {
            let values = values(attribute)?;
            let equal = |known: &Value| matches!(known, Value::Text(text) if text.as_bytes() == value);
            match values.iter().any(equal) {
                true => Some(true),
                false if values.is_empty() => Some(false),
                false => None,
            }
        }
        _ => None,
    }
}

/// Three-valued "and": one that is false is enough.
fn all(parts: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut known = Some(true);
    for part in parts {
        match part {
            Some(false) => return Some(false),
            Some(true) => {}
            None => known = None,
        }
    }
    known
}
