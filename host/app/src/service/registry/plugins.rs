//! What lies in `plugins/`, whether or not a connector names it: a plugin that was dropped in is listed with what it
//! asks for before anybody writes a connector for it. Nothing of it runs.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use portcullis_model::{Fault, FaultCode};
use portcullis_sandbox::Digest;
use serde::{Deserialize, Serialize};

use super::Registry;
use super::approval::Approvals;
use super::load::begin;
use super::scan;
use super::slot::Described;
use crate::ceiling::Ceiling;

/// A file in `plugins/`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PluginState {
    /// The file.
    pub file: String,
    /// The SHA-256 of its bytes, if it can be read.
    pub digest: Option<String>,
    /// Whether these bytes may run: approved, or pinned by a connector that runs them.
    pub approved: bool,
    /// The connectors that name it.
    pub connectors: Vec<String>,
    /// The interfaces that it imports.
    pub asks_for: Vec<String>,
    /// The interfaces that it exports.
    pub exports: Vec<String>,
    /// Why it is no plugin: the operator's text.
    pub fault: Option<String>,
}

/// What was read of plugins before, by their digests.
pub(super) type Known = HashMap<Digest, Result<Described, Fault>>;

impl Registry {
    /// Every file in `plugins/`, in the order of the names. It is read in the background, after the connectors.
    #[must_use]
    pub fn plugins(&self) -> Vec<PluginState> {
        self.plugins.load().as_ref().clone()
    }

    /// Reads the plugins in the background: compiling one that nobody uses must not hold up a connector.
    pub(super) fn list_soon(&self, ceiling: Ceiling) {
        let me = self.me.clone();
        tokio::spawn(async move {
            let Some(registry) = me.upgrade() else { return };
            let mut known = Arc::clone(&registry.known).lock_owned().await;
            let reading = Arc::clone(&registry);
            let read = begin("portcullis-list", move || reading.read_plugins(&ceiling, &mut known)).await;
            let Ok(listed) = read else { return };
            for new in news(&registry.plugins(), &listed) {
                let asks_for = new.asks_for.join(", ");
                let file = &new.file;
                tracing::warn!("{file} is not approved and asks for: {asks_for}; type `portcullis approve {file}`");
            }
            if *registry.plugins.load_full() != listed {
                registry.plugins.store(Arc::new(listed));
                registry.generation.send_modify(|generation| *generation += 1);
            }
        });
    }

    fn read_plugins(&self, ceiling: &Ceiling, known: &mut Known) -> Vec<PluginState> {
        let approvals = Approvals::read(&self.options.state).unwrap_or_default();
        let files = scan::plugins(&self.options.config);
        let digests: Vec<_> = files.iter().map(|file| scan::digest(file)).collect();
        // Under a ceiling the signature beside a file counts as well, and that may have changed.
        let counts = |digest: &Digest| digests.iter().any(|there| there.as_ref().ok() == Some(digest));
        known.retain(|digest, _| ceiling.rules().is_none() && counts(digest));
        let read = |(file, digest)| self.read_plugin(file, digest, &approvals, ceiling, known);
        files.into_iter().zip(digests).map(read).collect()
    }

    fn read_plugin(
        &self,
        file: PathBuf,
        digest: std::io::Result<Digest>,
        approvals: &Approvals,
        ceiling: &Ceiling,
        known: &mut Known,
    ) -> PluginState {
        let slots = self.slots.load();
        let naming = slots.iter().filter(|(_, slot)| slot.file().is_some_and(|named| named.plugin == file));
        let mut state = PluginState {
            file: file.display().to_string(),
            digest: digest.as_ref().ok().map(ToString::to_string),
            approved: false,
            connectors: naming.map(|(name, _)| name.clone()).collect(),
            asks_for: Vec::new(),
            exports: Vec::new(),
            fault: None,
        };
        let described = digest.map_err(|error| Fault::new(FaultCode::PluginUnusable, error.to_string()));
        let described = described.and_then(|digest| {
            let pinned =
                |digest| slots.values().filter_map(|slot| slot.running.as_ref()).any(|r| r.inputs.plugin == digest);
            state.approved = approvals.approves(digest) || pinned(digest);
            let load = || ceiling.load(&self.options.sandbox, &file).map(|plugin| Described::of(&plugin));
            known.entry(digest).or_insert_with(load).clone()
        });
        match described {
            Ok(described) => (state.asks_for, state.exports) = (described.asks_for, described.exports),
            Err(fault) => state.fault = Some(fault.detail),
        }
        state
    }
}

/// The ones to tell about: those that connectors name are told of with the connector.
fn news<'a>(before: &'a [PluginState], now: &'a [PluginState]) -> impl Iterator<Item = &'a PluginState> {
    let told = |new: &PluginState| before.iter().any(|old| old.digest == new.digest && old.file == new.file);
    let untold =
        move |new: &&PluginState| !new.approved && new.connectors.is_empty() && new.fault.is_none() && !told(new);
    now.iter().filter(untold)
}
