//! `GET /v1/connectors`.

use serde::Serialize;
use utoipa::ToSchema;

use super::moment;
use crate::api::problem::word;
use crate::service::registry::{Candidate, CeilingState, ConnectorState, LastFault};

/// Every connector, by name.
#[derive(Debug, Serialize, ToSchema)]
pub struct Connectors {
    /// The connectors.
    pub connectors: Vec<ConnectorDocument>,
    /// The ceiling that is in force; for the operator only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Option<Object>)]
    pub ceiling: Option<CeilingState>,
}

/// A connector as it serves at the moment. For the operator it has the shape of [`ConnectorState`].
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Connector)]
pub struct ConnectorDocument {
    /// Its name.
    #[schema(example = "corp-ad")]
    name: String,
    /// `running`, `not-approved`, `broken` or `withdrawn`.
    state: String,
    /// What the plugin's maker calls this version.
    version: Option<String>,
    /// SHA-256 of the plugin that runs, in hexadecimal.
    digest: Option<String>,
    /// Since when it is in this state (RFC 3339).
    #[schema(format = DateTime)]
    since: String,
    /// The kinds of operation that it was granted.
    operations: Vec<String>,
    /// The code of why it does not run, or why what was offered in its place does not; `null` where all is well.
    fault: Option<String>,
    /// The last thing that went wrong with it.
    last_fault: Option<LastFaultDocument>,
    /// Its file; for the operator only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    file: Option<String>,
    /// The plugin's file; for the operator only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    plugin: Option<String>,
    /// The patterns of the accounts that it answers for; for the operator only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    accounts: Option<Vec<String>>,
    /// What was offered and is not run; for the operator only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Option<Object>)]
    candidate: Option<Candidate>,
}

/// The last fault of a connector.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LastFault)]
struct LastFaultDocument {
    /// Its code.
    code: String,
    /// When (RFC 3339).
    #[schema(format = DateTime)]
    at: String,
    /// Whether an operation has come through since then.
    over: bool,
}

impl ConnectorDocument {
    /// Of a connector's state. Files, patterns and refusals are the operator's alone.
    pub(crate) fn of(state: ConnectorState, operator: bool) -> Self {
        let fault = |LastFault { code, at, over }| LastFaultDocument { code, at: moment(at), over };
        Self {
            name: state.name,
            state: word(state.state),
            version: state.version,
            digest: state.digest,
            since: moment(state.since),
            operations: state.operations,
            fault: state.candidate.as_ref().map(|candidate| candidate.fault.clone()),
            last_fault: state.last_fault.map(fault),
            file: operator.then_some(state.file),
            plugin: state.plugin.filter(|_| operator),
            accounts: operator.then_some(state.accounts),
            candidate: state.candidate.filter(|_| operator),
        }
    }
}
