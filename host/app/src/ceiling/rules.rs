//! What a ceiling says, once it has been checked: plain data.

use std::collections::BTreeMap;

use minisign_verify::PublicKey;
use portcullis_model::OperationKind;
use portcullis_sandbox::Digest;

use super::ServerPattern;
use crate::config::{Allow, Diagnostic, Limits, LogLevel, MinTls, Pattern, Places, Revealed, WriteGrant};

/// The most that any connector may be granted.
#[derive(Debug, Clone)]
pub struct Rules {
    /// `accounts`: each pattern of a connector must lie within one of these.
    pub accounts: Vec<Pattern>,
    /// `operations`.
    pub operations: Vec<OperationKind>,
    /// `[plugins]`.
    pub plugins: PluginRules,
    /// `[signers]`: who is trusted to sign plugins.
    pub signers: Vec<Signer>,
    /// `[ldap]`.
    pub ldap: LdapRules,
    /// `[log]`: from this level on; no log without it.
    pub log: Option<LogLevel>,
    /// `[config]`: the settings that a connector may be given; no `[config]` at all without it.
    pub config: Option<BTreeMap<String, SettingRule>>,
    /// `[reveal]`: the passwords that a connector may read.
    pub reveal: Vec<Revealed>,
    /// `[limits]`: the most that one operation may use.
    pub limits: Limits,
    /// Where each key stands in the file.
    pub places: Places,
    /// Of the file's text.
    pub digest: Digest,
    /// What is allowed but unwise, in the order of the lines.
    pub warnings: Vec<Diagnostic>,
}

/// `[plugins]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PluginRules {
    /// A plugin without the signature of one of the [`Rules::signers`] is not loaded.
    pub require_signature: bool,
    /// A connector's file must pin its plugin by `sha256`.
    pub require_sha256: bool,
    /// A plugin that imports raw sockets (`wasi:sockets`) may be used at all.
    pub sockets: bool,
}

/// Somebody who is trusted to sign plugins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signer {
    /// What the security team calls them.
    pub name: String,
    /// Their minisign public key.
    pub key: PublicKey,
    /// The key as it stands in the file.
    pub written: String,
}

/// `[ldap]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LdapRules {
    /// Servers that may be used.
    pub urls: Vec<ServerPattern>,
    /// Whether the directory in the host's memory may be used.
    pub embedded: bool,
    /// The oldest version of TLS that a connector may take.
    pub min_tls: MinTls,
    /// At or below which DNs targets may be located.
    pub locate: Vec<String>,
    /// A connector that writes must name an `exclude`.
    pub require_exclude: bool,
    /// Attributes that may be readable.
    pub read: Vec<String>,
    /// At or below which DNs a connector may search.
    pub search: Vec<String>,
    /// Attributes that may be writable, with which values.
    pub write: BTreeMap<String, WriteGrant>,
    /// Operations of the protocol, and controls.
    pub allow: Allow,
}

/// What a setting may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SettingRule {
    /// Anything.
    Any,
    /// One of these, compared as text.
    Values(Vec<String>),
}
