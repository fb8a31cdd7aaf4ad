//! What became of connectors, for the audit log.

use std::sync::Arc;

use portcullis_audit::fact::{
    ConfigurationLoaded, ConnectorRefused, ConnectorStarted, ConnectorSwapped, ConnectorWithdrawn,
};
use portcullis_audit::{About, Entry, Fact};
use portcullis_model::{Fault, Trace};
use portcullis_sandbox::Digest;

use super::Registry;
use super::reload::{Change, What};
use super::slot::Running;
use crate::audit;

impl Registry {
    /// Writes down what one look changed, a ceiling that it read, and which files of the cache were altered.
    pub(super) async fn tell(&self, changes: &[Change], ceiling: Option<Digest>) -> Result<(), Fault> {
        let altered = audit::altered(&self.options.sandbox);
        let mut entries: Vec<Entry> =
            altered.into_iter().map(|altered| Entry::now(About::default(), altered)).collect();
        entries.extend(ceiling.map(|digest| {
            let loaded = ConfigurationLoaded { file: "ceiling.toml".into(), sha256: digest.to_string() };
            Entry::now(About::default(), loaded)
        }));
        entries.extend(changes.iter().map(|change| {
            let about = About { connector: Some(change.connector.clone()), ..About::default() };
            Entry::now(about, self.fact(change))
        }));
        if entries.is_empty() {
            return Ok(());
        }
        self.audit.append(entries).await.map_err(|error| audit::unwritable(&error))
    }

    /// Writes down what a plugin's own check asked of the host.
    pub(super) fn checked(&self, connector: &str, trace: &Trace) {
        let about = About { connector: Some(connector.to_owned()), ..About::default() };
        let facts = audit::facts(&Arc::new(about), trace.take_new());
        if !facts.is_empty() {
            self.audit.note(facts);
        }
    }

    fn fact(&self, change: &Change) -> Fact {
        let running = self.get(&change.connector);
        match (&change.what, running) {
            (What::Began, Some(running)) => {
                let (plugin, file, signer) = made_of(&running);
                ConnectorStarted { plugin, file, signer }.into()
            }
            (What::Swapped, Some(running)) => {
                let (plugin, file, signer) = made_of(&running);
                ConnectorSwapped { plugin, file, signer }.into()
            }
            (What::Refused(fault), _) => {
                ConnectorRefused { fault: fault.code.to_string(), reason: fault.detail.clone() }.into()
            }
            (What::Withdrawn, _) => ConnectorWithdrawn { reason: "its file is gone".into() }.into(),
            // One look at a time: what began is there until the next one.
            (What::Began | What::Swapped, None) => ConnectorWithdrawn { reason: "it is gone again".into() }.into(),
        }
    }
}

/// The digests of its plugin and of its file, and who signed the plugin.
fn made_of(running: &Running) -> (String, String, Option<String>) {
    let plugin = &running.connector.plugin;
    (plugin.digest().to_string(), running.inputs.text.to_string(), plugin.signed().map(|signed| signed.signer.clone()))
}
