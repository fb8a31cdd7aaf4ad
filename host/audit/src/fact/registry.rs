//! Facts about plugins and connectors.

use serde::{Deserialize, Serialize};

/// Somebody approved a plugin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approved {
    /// The file's name.
    pub file: String,
    /// Of its bytes.
    pub sha256: String,
    /// Who: a user of this machine.
    pub who: String,
    /// Whose signature it has; left out where it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signer: Option<String>,
}

/// The service runs a connector from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectorStarted {
    /// The SHA-256 of its plugin.
    pub plugin: String,
    /// The SHA-256 of its file.
    pub file: String,
    /// Whose signature the plugin has; left out where it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signer: Option<String>,
}

/// Another plugin, or another file, took the place of a connector that ran.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectorSwapped {
    /// The SHA-256 of its plugin now.
    pub plugin: String,
    /// The SHA-256 of its file now.
    pub file: String,
    /// Whose signature the plugin has; left out where it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signer: Option<String>,
}

/// The service no longer runs a connector.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectorWithdrawn {
    /// Why.
    pub reason: String,
}

/// The service does not run a connector that is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectorRefused {
    /// The fault's code.
    pub fault: String,
    /// In words.
    pub reason: String,
}
