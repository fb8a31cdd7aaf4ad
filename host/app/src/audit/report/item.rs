//! What a connector's file grants, item by item: what a row of the table is about.

use portcullis_capabilities::ldap::AttributeName;
use portcullis_directory::dn::Dn;
use portcullis_model::{OperationKind, Use, UsedValue};

use crate::config::{self, ConnectorFile, DirectorySource, Ldap, WriteGrant};

/// One thing that can be granted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Item {
    /// `operations`: a kind of operation.
    Operation(OperationKind),
    /// `accounts`: a pattern.
    Accounts(String),
    /// `[ldap] urls`: a server, or the directory in the host's memory under the name that it has in the log.
    Server(String),
    /// What a call of the plugin needs. Attributes are in lower case and DNs in their normal form, as the log has them.
    Call(Use),
}

/// An item as it stands in a connector's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Granted {
    /// What is granted.
    pub item: Item,
    /// As the operator wrote it.
    pub written: String,
    /// The path of its key, for its place.
    pub path: Vec<String>,
}

impl Granted {
    /// Where it stands.
    pub(crate) fn place(&self, file: &ConnectorFile) -> config::Place {
        file.places.place(&self.path)
    }
}

impl Item {
    /// The section of a connector's file that grants it.
    #[must_use]
    pub fn section(&self) -> &'static str {
        match self {
            Self::Operation(_) => "operations",
            Self::Accounts(_) => "accounts",
            Self::Server(_) => "ldap",
            Self::Call(Use::Read { .. }) => "ldap.read",
            Self::Call(Use::Search { .. }) => "ldap.search",
            Self::Call(Use::Write { .. }) => "ldap.write",
            Self::Call(Use::Control { .. } | Use::SetPassword | Use::TryBind | Use::AsTarget) => "ldap.allow",
            Self::Call(Use::Reveal { .. }) => "reveal",
            Self::Call(Use::Log) => "log",
            Self::Call(Use::Setting { .. }) => "config",
        }
    }

    /// What is granted within its section, in the log's spelling.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Operation(kind) => kind.name().to_owned(),
            Self::Accounts(words) | Self::Server(words) => words.clone(),
            Self::Call(
                Use::Read { attribute: words }
                | Use::Search { base: words }
                | Use::Write { attribute: words, .. }
                | Use::Reveal { password: words }
                | Use::Setting { name: words },
            ) => words.clone(),
            Self::Call(Use::Control { oid }) => format!("control {oid}"),
            Self::Call(Use::SetPassword) => "set-password".into(),
            Self::Call(Use::TryBind) => "try-bind".into(),
            Self::Call(Use::AsTarget) => "as-target".into(),
            Self::Call(Use::Log) => "lines for the log".into(),
        }
    }

    /// What may be written, of an item of `[ldap.write]`.
    #[must_use]
    pub fn value(&self) -> Option<String> {
        let Self::Call(Use::Write { value, .. }) = self else { return None };
        Some(match value {
            UsedValue::Password => "the password in hand".into(),
            UsedValue::Granted(value) => format!("\"{value}\""),
            UsedValue::Removed => "emptied".into(),
            UsedValue::Other => "another value".into(),
        })
    }

    /// In which kinds of operations it can be of use at all: a password is placed where there is a new one, and nothing
    /// is written where an operation only asks (`host/capabilities/src/ldap/writes.rs`).
    #[must_use]
    pub fn serves(&self, kind: OperationKind) -> bool {
        match self {
            Self::Operation(own) => *own == kind,
            Self::Accounts(_) | Self::Server(_) => true,
            Self::Call(Use::Write { value: UsedValue::Password, .. } | Use::SetPassword) => kind.sets_password(),
            Self::Call(Use::Write { .. }) => kind.writes(),
            Self::Call(Use::Control { .. }) => kind != OperationKind::AccountStatus,
            Self::Call(Use::TryBind) => kind.sets_password() || kind == OperationKind::VerifyPassword,
            Self::Call(Use::AsTarget) => kind == OperationKind::ChangePassword,
            Self::Call(Use::Reveal { password }) => match password.as_str() {
                "new" => kind.sets_password(),
                "old" => kind == OperationKind::ChangePassword,
                _ => kind == OperationKind::VerifyPassword,
            },
            Self::Call(Use::Read { .. } | Use::Search { .. } | Use::Log | Use::Setting { .. }) => true,
        }
    }
}

/// An attribute as the log spells it.
pub(crate) fn attribute(written: &str) -> String {
    AttributeName::parse(written).map_or_else(|_| written.to_lowercase(), |name| name.to_string())
}

/// Everything that a file grants, in the order in which people read a file.
#[must_use]
pub fn granted(file: &ConnectorFile) -> Vec<Granted> {
    let mut all = Vec::new();
    let mut add = |item, written: &str, path: &[&str]| {
        let path = path.iter().map(|&part| part.to_owned()).collect();
        all.push(Granted { item, written: written.to_owned(), path });
    };
    for (at, kind) in file.operations.iter().enumerate() {
        add(Item::Operation(*kind), kind.name(), &["operations", &at.to_string()]);
    }
    for (at, pattern) in file.accounts.iter().enumerate() {
        let written = pattern.to_string();
        add(Item::Accounts(written.clone()), &written, &["accounts", &at.to_string()]);
    }
    if let Some(ldap) = &file.ldap {
        of_ldap(file, ldap, &mut add);
    }
    for (at, revealed) in file.reveal.iter().flatten().enumerate() {
        let password = revealed.name();
        let used = Use::Reveal { password: password.into() };
        add(Item::Call(used), password, &["reveal", "passwords", &at.to_string()]);
    }
    if file.log.is_some() {
        add(Item::Call(Use::Log), "lines for the log", &["log"]);
    }
    for name in file.config.iter().flat_map(|settings| settings.keys()) {
        add(Item::Call(Use::Setting { name: name.clone() }), name, &["config", name]);
    }
    all
}

fn of_ldap(file: &ConnectorFile, ldap: &Ldap, add: &mut impl FnMut(Item, &str, &[&str])) {
    match &ldap.source {
        DirectorySource::Servers(servers) => {
            for (at, url) in servers.urls.iter().enumerate() {
                add(Item::Server(url.clone()), url, &["ldap", "urls", &at.to_string()]);
            }
        }
        DirectorySource::Embedded(_) => {
            // As the embedded directory calls itself.
            let server = Item::Server(format!("embedded:{}", file.name));
            add(server, "the directory in the host's memory", &["ldap", "embedded"]);
        }
    }
    for (at, name) in ldap.read.iter().enumerate() {
        let used = Use::Read { attribute: attribute(name) };
        add(Item::Call(used), name, &["ldap", "read", "attributes", &at.to_string()]);
    }
    for (at, base) in ldap.search.iter().enumerate() {
        let normal = Dn::parse(base).map_or_else(|_| base.clone(), |dn| dn.to_string());
        add(Item::Call(Use::Search { base: normal }), base, &["ldap", "search", "bases", &at.to_string()]);
    }
    for (name, grant) in &ldap.write {
        let mut write = |value, path: &[&str]| {
            add(Item::Call(Use::Write { attribute: attribute(name), value }), name, path);
        };
        match grant {
            WriteGrant::Password => write(UsedValue::Password, &["ldap", "write", name]),
            WriteGrant::Values { values, remove } => {
                for value in values {
                    write(UsedValue::Granted(value.clone()), &["ldap", "write", name]);
                }
                if *remove {
                    write(UsedValue::Removed, &["ldap", "write", name]);
                }
            }
        }
    }
    for (at, oid) in ldap.allow.controls.iter().enumerate() {
        let used = Use::Control { oid: oid.clone() };
        add(Item::Call(used), &format!("control {oid}"), &["ldap", "allow", "controls", &at.to_string()]);
    }
    let flags = [
        (ldap.allow.set_password, "set-password", Use::SetPassword),
        (ldap.allow.try_bind, "try-bind", Use::TryBind),
        (ldap.allow.as_target, "as-target", Use::AsTarget),
    ];
    for (_, name, used) in flags.into_iter().filter(|(granted, ..)| *granted) {
        add(Item::Call(used), name, &["ldap", "allow", name]);
    }
}
