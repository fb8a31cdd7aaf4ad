//! `GET /v1/connectors`.

use serde::Serialize;
use utoipa::ToSchema;

/// Every connector, by name.
#[derive(Debug, Serialize, ToSchema)]
pub struct Connectors {
    /// The connectors.
    pub connectors: Vec<ConnectorDocument>,
}

/// A connector as it serves at the moment.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Connector)]
pub struct ConnectorDocument {
    /// Its name.
    #[schema(example = "corp-ad")]
    pub name: String,
    /// What it does now, for example `serving`, `broken` or `not-approved`.
    pub state: String,
    /// The version that its plugin names.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub version: Option<String>,
    /// SHA-256 of its plugin, in hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub sha256: Option<String>,
    /// Since when it serves like this (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = DateTime)]
    pub since: Option<String>,
    /// The kinds of operation that it was granted and can do.
    pub operations: Vec<String>,
    /// The code of its last fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub last_fault: Option<String>,
}
