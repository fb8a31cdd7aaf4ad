//! Everything that is known of one connector: what the pure functions are given.

use std::path::PathBuf;

use portcullis_model::Fault;
use portcullis_sandbox::{Plugin, Surface};
use serde::Serialize;

use super::used::{Log, Used};
use super::{Place, Text, place};
use crate::ceiling::{Ceiling, Excess};
use crate::config::ConnectorFile;

/// A plugin's file, as far as it could be read.
#[derive(Debug, Clone, Default)]
pub struct PluginFacts {
    /// The file.
    pub path: PathBuf,
    /// Imports and exports; none where [`PluginFacts::unusable`] says why.
    pub surface: Option<Surface>,
    /// Of its bytes.
    pub sha256: String,
    /// In bytes.
    pub size: u64,
    /// Why it cannot be loaded.
    pub unusable: Option<String>,
    /// Whether the service would run it.
    pub approval: Approved,
    /// Whose signature it has, of those whom the ceiling trusts.
    pub signer: Option<String>,
    /// Why the ceiling does not let it be loaded.
    pub mistrusted: Option<Fault>,
}

/// How a plugin stands to `approved.toml`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Approved {
    /// Nobody approved a plugin of this name.
    #[default]
    Never,
    /// These bytes were approved.
    This {
        /// When.
        at: String,
        /// By whom.
        by: String,
    },
    /// Other bytes of this name were approved, last these.
    Other {
        /// Their SHA-256.
        sha256: String,
        /// When.
        at: String,
    },
    /// The file cannot be used.
    NotKnown(String),
}

impl PluginFacts {
    /// Of a plugin that was loaded.
    #[must_use]
    pub fn of(path: PathBuf, plugin: &Plugin) -> Self {
        let (surface, size) = (Some(plugin.surface().sorted()), plugin.size() as u64);
        Self { path, surface, sha256: plugin.digest().to_string(), size, ..Self::default() }
    }
}

/// The ceiling that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CeilingFacts {
    /// Its file.
    pub file: Text,
    /// Of its text.
    pub sha256: Text,
    /// Whose the file is.
    pub owner: Text,
    /// The file or the folder on the way to it that belongs to the very user as whom the service runs; left out where none
    /// does, or that user is root.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_apart: Option<Text>,
}

/// What the rights of a service account showed, where they were looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Rights {
    /// Nobody looked.
    #[default]
    NotLookedAt,
    /// Looked at, on some entry. Nothing more than the grants need was seen, or these attributes besides.
    Seen {
        /// The entry that the rights are about.
        target: Text,
        /// Attributes that it may write and that no grant names.
        besides: Vec<Text>,
    },
    /// They could not be found out.
    NotTold {
        /// Why.
        why: Text,
    },
}

/// Everything that is known of one connector; what the pure functions are given.
#[derive(Debug)]
pub struct Subject<'a> {
    /// What the operator wrote.
    pub file: &'a ConnectorFile,
    /// The plugin.
    pub plugin: &'a PluginFacts,
    /// The most that it may be granted.
    pub ceiling: &'a Ceiling,
    /// What was used.
    pub used: &'a Used,
    /// The log that says so.
    pub log: &'a Log,
    /// The rights of the service account.
    pub rights: &'a Rights,
}

impl Subject<'_> {
    /// Where a key of the connector's file stands.
    #[must_use]
    pub fn place(&self, path: &[&str]) -> Place {
        place(self.file, path)
    }

    /// What is above the ceiling, of a file like the connector's.
    pub(crate) fn above(&self, file: &ConnectorFile) -> Vec<Excess> {
        self.ceiling.check(file, &self.plugin.surface.clone().unwrap_or_default())
    }
}
