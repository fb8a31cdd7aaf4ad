//! How the registry's connectors are told: one shape for the interface, the command line and the control socket.

use std::time::SystemTime;

use portcullis_model::Fault;
use serde::{Deserialize, Serialize};

use super::slot::{Refused, Slot};

/// A connector, as operators and programs see it. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectorState {
    /// The name of its file without `.toml`.
    pub name: String,
    /// Whether it runs.
    pub state: State,
    /// The connector's file.
    pub file: String,
    /// The plugin's file; none where the connector's file cannot be read.
    pub plugin: Option<String>,
    /// What the plugin's maker calls this version, if the file says so. Nothing is decided by it.
    pub version: Option<String>,
    /// The SHA-256 of the plugin that runs.
    pub digest: Option<String>,
    /// Since when the connector is in this state; of one that runs, since when this version of it runs.
    #[serde(with = "moment")]
    pub since: SystemTime,
    /// The operations that its file lists.
    pub operations: Vec<String>,
    /// The patterns of the accounts that it answers for.
    pub accounts: Vec<String>,
    /// The last thing that went wrong with it and was not the caller's fault.
    pub last_fault: Option<LastFault>,
    /// What was offered and is not run. Beside a connector that runs, the former one goes on serving.
    pub candidate: Option<Candidate>,
}

/// Whether a connector runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It takes operations.
    Running,
    /// Nobody approved its plugin.
    NotApproved,
    /// Its file, its plugin or something that it names cannot be used.
    Broken,
    /// Its file was taken away. Operations that had begun are finished.
    Withdrawn,
}

/// The last fault of a connector.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastFault {
    /// The fault's code.
    pub code: String,
    /// When it happened.
    #[serde(with = "moment")]
    pub at: SystemTime,
    /// Whether an operation has come through since then.
    pub over: bool,
}

/// A connector that is not run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// The SHA-256 of its plugin, if there is one that can be read.
    pub digest: Option<String>,
    /// The code of the reason.
    pub fault: String,
    /// The operator's text of the reason.
    pub detail: String,
    /// Since when it is refused.
    #[serde(with = "moment")]
    pub since: SystemTime,
    /// The interfaces that the plugin imports.
    pub asks_for: Vec<String>,
    /// The interfaces that the plugin exports.
    pub exports: Vec<String>,
}

impl State {
    /// The word for people.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::NotApproved => "not approved",
            Self::Broken => "broken",
            Self::Withdrawn => "withdrawn",
        }
    }
}

impl LastFault {
    pub(super) fn now(fault: &Fault) -> Self {
        Self { code: fault.code.name().to_owned(), at: SystemTime::now(), over: false }
    }
}

impl ConnectorState {
    pub(super) fn of(name: &str, slot: &Slot, last_fault: Option<LastFault>) -> Self {
        let running = slot.running.as_deref();
        let plugin = running.map(|running| &running.connector.plugin);
        let state = match (running, &slot.refused) {
            (Some(_), _) => State::Running,
            (None, _) if slot.withdrawn => State::Withdrawn,
            (None, Some(refused)) if refused.fault.code == portcullis_model::FaultCode::PluginNotApproved => {
                State::NotApproved
            }
            (None, _) => State::Broken,
        };
        Self {
            name: name.to_owned(),
            state,
            file: slot.path.display().to_string(),
            plugin: slot.file().map(|file| file.plugin.display().to_string()),
            version: plugin.and_then(|plugin| plugin.version()).map(str::to_owned),
            digest: plugin.map(|plugin| plugin.digest().to_string()),
            since: running.map_or(slot.since, |running| running.since),
            operations: slot.operations().iter().map(|kind| kind.name().to_owned()).collect(),
            accounts: slot.accounts().iter().map(ToString::to_string).collect(),
            last_fault,
            candidate: slot.refused.as_deref().map(Candidate::of),
        }
    }
}

impl Candidate {
    fn of(refused: &Refused) -> Self {
        let plugin = refused.plugin.as_ref();
        Self {
            digest: plugin.map(|plugin| plugin.digest.to_string()),
            fault: refused.fault.code.name().to_owned(),
            detail: refused.fault.detail.clone(),
            since: refused.since,
            asks_for: plugin.map(|plugin| plugin.asks_for.clone()).unwrap_or_default(),
            exports: plugin.map(|plugin| plugin.exports.clone()).unwrap_or_default(),
        }
    }
}

/// RFC 3339 in UTC.
pub(super) mod moment {
    use std::time::SystemTime;

    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(in super::super) fn serialize<S: Serializer>(at: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&humantime::format_rfc3339_seconds(*at))
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SystemTime, D::Error> {
        let text = String::deserialize(deserializer)?;
        humantime::parse_rfc3339(&text).map_err(D::Error::custom)
    }
}
