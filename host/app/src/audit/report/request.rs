//! What a plugin's binary requests: through which functions that it imports an item could be used at all.
//!
//! A binary tells interfaces and functions. Which attributes, values and settings a function will be called with, no
//! binary tells.

use std::collections::BTreeSet;

use portcullis_model::{OperationKind, Use};
use portcullis_sandbox::Surface;
use serde::Serialize;

use super::Item;

/// The package of the interfaces that the host offers.
pub(super) const PACKAGE: &str = "portcullis:writeback/";
const VERSION: &str = "@0.1.0";

/// How a plugin's binary stands to an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Requested {
    /// It imports functions through which the item can be used.
    Calls {
        /// Their names, with the interface: `ldap.modify`.
        functions: Vec<String>,
    },
    /// It exports the interface that the item is about.
    Exports {
        /// Its name: `passwords`.
        interface: &'static str,
    },
    /// It imports, or exports, nothing through which the item could be used: that is proved.
    No,
    /// The item is used by the host, not by the plugin.
    ByHost,
    /// The binary cannot be read.
    NotKnown,
}

/// The interface that a kind of operation is asked through.
pub(crate) fn interface_of(kind: OperationKind) -> &'static str {
    match kind {
        OperationKind::ResetPassword | OperationKind::ChangePassword | OperationKind::VerifyPassword => "passwords",
        OperationKind::UnlockAccount | OperationKind::AccountStatus => "accounts",
    }
}

/// Whether a plugin exports an interface of the host's package.
pub(crate) fn exports(surface: &Surface, interface: &str) -> bool {
    surface.exports(&format!("{PACKAGE}{interface}{VERSION}"))
}

/// The functions of an interface that a plugin imports, of these.
pub(super) fn calls<'f>(surface: &Surface, interface: &str, functions: &[&'f str]) -> Vec<&'f str> {
    let name = format!("{PACKAGE}{interface}{VERSION}");
    let imported = surface.imports.iter().filter(|import| import.interface == name);
    let imported: BTreeSet<&str> = imported.flat_map(|import| &import.functions).map(String::as_str).collect();
    let has = |function: &&&str| imported.contains(**function);
    functions.iter().filter(has).copied().collect()
}

/// How a binary stands to an item; none for a binary that cannot be read.
#[must_use]
pub fn requested(item: &Item, surface: Option<&Surface>) -> Requested {
    let (interface, functions): (_, &[&str]) = match item {
        Item::Accounts(_) | Item::Server(_) => return Requested::ByHost,
        _ if surface.is_none() => return Requested::NotKnown,
        Item::Operation(kind) => {
            let interface = interface_of(*kind);
            let exported = surface.is_some_and(|surface| exports(surface, interface));
            return if exported { Requested::Exports { interface } } else { Requested::No };
        }
        Item::Call(Use::Read { .. }) => ("ldap", &["target", "search"]),
        Item::Call(Use::Search { .. }) => ("ldap", &["search"]),
        Item::Call(Use::Write { .. }) => ("ldap", &["modify"]),
        Item::Call(Use::Control { .. }) => ("ldap", &["modify", "set-password", "try-bind"]),
        Item::Call(Use::SetPassword) => ("ldap", &["set-password"]),
        Item::Call(Use::TryBind) => ("ldap", &["try-bind"]),
        Item::Call(Use::AsTarget) => ("ldap", &["modify", "set-password"]),
        Item::Call(Use::Reveal { .. }) => ("reveal", &["reveal"]),
        Item::Call(Use::Log) => ("log", &["log"]),
        Item::Call(Use::Setting { .. }) => ("config", &["get"]),
    };
    let functions = surface.map(|surface| calls(surface, interface, functions)).unwrap_or_default();
    if functions.is_empty() {
        return Requested::No;
    }
    Requested::Calls { functions: functions.into_iter().map(|function| format!("{interface}.{function}")).collect() }
}
