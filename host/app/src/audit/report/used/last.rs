//! Over what it can be said that something was never used: what a former version did is no evidence.

use std::collections::BTreeMap;

use portcullis_model::OperationKind;

use crate::audit::report::Text;

/// What was done since the service ran another plugin, or another connector's file, for the last time. What a former
/// plugin did not use, and what a former file did not grant, is no evidence that it is not needed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Last {
    /// The SHA-256 of the plugin; none where the log tells of no service.
    pub plugin: Option<String>,
    /// The SHA-256 of the connector's file.
    file: Option<String>,
    /// Since when; none if it was the same in all of the log.
    pub since: Option<Text>,
    /// How many operations of each kind were done.
    pub done: BTreeMap<OperationKind, u64>,
}

impl Last {
    /// How many operations of a kind were done.
    #[must_use]
    pub fn done(&self, kind: OperationKind) -> u64 {
        self.done.get(&kind).copied().unwrap_or_default()
    }

    /// How many operations were done.
    #[must_use]
    pub fn operations(&self) -> u64 {
        self.done.values().sum()
    }

    pub(super) fn runs(&mut self, plugin: &str, file: &str, at: &str) {
        let (plugin, file) = (Some(plugin.to_owned()), Some(file.to_owned()));
        // What commands did before a service ran was done by nobody knows what.
        if (self.plugin.is_some() || !self.done.is_empty()) && (&self.plugin, &self.file) != (&plugin, &file) {
            *self = Self { since: Some(at.into()), ..Self::default() };
        }
        (self.plugin, self.file) = (plugin, file);
    }
}
