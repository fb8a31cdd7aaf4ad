//! What connectors may do and what they did, as plain data: what a plugin requests (its binary), what its connector is
//! granted (the file), what the ceiling allows, and what was used (the audit log).
//!
//! Two tiers are kept apart by type: [`Proved`] is made from a binary alone, [`Enforced`] from a file alone. Nothing here
//! runs a plugin, opens a connection or writes, and only [`used::read`] reads; the rest is pure.

mod enforced;
mod gaps;
mod item;
mod place;
mod proved;
mod request;
mod rows;
mod subject;
mod text;
pub mod used;

pub use enforced::{Enforced, enforced};
pub use gaps::{ENOUGH, ENOUGH_OF_EACH, Gap, enough, gaps};
pub(crate) use gaps::{same_plugin, tells_all};
pub(crate) use item::attribute;
pub use item::{Granted, Item, granted};
pub use place::{Place, place};
pub use proved::{Proved, proved};
pub(crate) use request::exports;
pub use request::{Requested, requested};
pub(crate) use rows::seen;
pub use rows::{AgainstCeiling, Row, rows};
pub use subject::{Approved, CeilingFacts, PluginFacts, Rights, Subject};
pub use text::Text;
pub(crate) use text::{counted, misleads};

use serde::Serialize;

use super::findings::Finding;
use crate::config::DirectorySource;
use used::Log;

/// One connector.
#[derive(Debug, Clone, Serialize)]
pub struct ConnectorReport {
    /// Its name.
    pub connector: Text,
    /// Its file.
    pub file: Text,
    /// Its plugin.
    pub plugin: PluginReport,
    /// The first tier.
    pub proved_by_the_binary: Vec<Proved>,
    /// The second tier.
    pub enforced_at_run_time: Vec<Enforced>,
    /// Over what the column of what was used tells.
    pub used_over: UsedOver,
    /// The table.
    pub grants: Vec<Row>,
    /// The account as which the host signs in to the directory's servers; none where there are no servers.
    pub service_account: Option<ServiceAccount>,
    /// What this report does not tell, and why.
    pub not_told: Vec<Gap>,
}

/// What is told of a service account.
#[derive(Debug, Clone, Serialize)]
pub struct ServiceAccount {
    /// Its DN; none where the host signs in without one.
    pub account: Option<Text>,
    /// What it may write.
    #[serde(flatten)]
    pub rights: Rights,
}

/// What is told of a plugin.
#[derive(Debug, Clone, Serialize)]
pub struct PluginReport {
    /// Its file.
    pub file: Text,
    /// Of its bytes; empty where it cannot be read.
    pub sha256: Text,
    /// In bytes.
    pub size: u64,
    /// Whether the connector's file pins these bytes.
    pub pinned: bool,
    /// Whether these bytes were approved for the service.
    pub approved: bool,
    /// Whose signature it has.
    pub signer: Option<Text>,
    /// The interfaces that it imports, with the functions that its code refers to.
    pub imports: Vec<ImportReport>,
    /// The interfaces that it exports.
    pub exports: Vec<Text>,
}

/// One import.
#[derive(Debug, Clone, Serialize)]
pub struct ImportReport {
    /// The interface.
    pub interface: Text,
    /// Its functions.
    pub functions: Vec<Text>,
}

/// Over which operations and which time.
#[derive(Debug, Clone, Serialize)]
pub struct UsedOver {
    /// How many operations were done, of each kind that the file grants.
    pub done: Vec<(Text, u64)>,
    /// How many there were together.
    pub operations: u64,
    /// The time of the first line.
    pub first: Option<Text>,
    /// The time of the last line.
    pub last: Option<Text>,
    /// Calls that no line tells of.
    pub omitted: u64,
}

/// The whole report.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The version of this form: fields are added within a version, none changes its meaning or goes.
    pub version: u32,
    /// Of Portcullis.
    pub portcullis: &'static str,
    /// When it was made, RFC 3339.
    pub made: Text,
    /// The folder of the configuration.
    pub configuration: Text,
    /// The ceiling; none where there is none.
    pub ceiling: Option<CeilingFacts>,
    /// The audit log.
    pub log: Log,
    /// In the order of their names.
    pub connectors: Vec<ConnectorReport>,
    /// The heaviest first.
    pub findings: Vec<Finding>,
}

/// The version of the JSON form.
pub const VERSION: u32 = 1;

/// What is told of one connector.
#[must_use]
pub fn of(subject: &Subject<'_>) -> ConnectorReport {
    let Subject { file, plugin, used, .. } = subject;
    let surface = plugin.surface.as_ref();
    let imports = surface.into_iter().flat_map(|surface| &surface.imports);
    let pin = file.sha256.map(|pin| pin.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    let seen = used.span.count > 0;
    ConnectorReport {
        connector: file.name.as_str().into(),
        file: file.path.display().to_string().into(),
        plugin: PluginReport {
            file: plugin.path.display().to_string().into(),
            sha256: plugin.sha256.as_str().into(),
            size: plugin.size,
            pinned: pin.is_some_and(|pin| pin == plugin.sha256),
            approved: matches!(plugin.approval, Approved::This { .. }),
            signer: plugin.signer.as_ref().map(Text::from),
            imports: imports
                .map(|import| ImportReport {
                    interface: import.interface.as_str().into(),
                    functions: import.functions.iter().map(Text::from).collect(),
                })
                .collect(),
            exports: surface.into_iter().flat_map(|surface| &surface.exports).map(Text::from).collect(),
        },
        proved_by_the_binary: surface.map(proved).unwrap_or_default(),
        enforced_at_run_time: enforced(file),
        used_over: UsedOver {
            done: file.operations.iter().map(|kind| (kind.name().into(), used.done(*kind))).collect(),
            operations: used.operations(),
            first: seen.then(|| used.span.first.clone()),
            last: seen.then(|| used.span.last.clone()),
            omitted: used.omitted,
        },
        grants: rows(subject),
        service_account: service_account(subject),
        not_told: gaps(subject),
    }
}

fn service_account(subject: &Subject<'_>) -> Option<ServiceAccount> {
    let DirectorySource::Servers(servers) = &subject.file.ldap.as_ref()?.source else { return None };
    let account = servers.bind.as_ref().map(|bind| bind.dn.as_str().into());
    Some(ServiceAccount { account, rights: subject.rights.clone() })
}
