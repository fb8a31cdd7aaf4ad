//! Making connectors of what was found: each plugin is loaded once, however many connectors name it.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use portcullis_directory::Directory;
use portcullis_model::{Fault, FaultCode};
use portcullis_sandbox::{Digest, Plugin, Sandbox};

use super::scan::Inputs;
use super::slot::{Described, Running};
use crate::ceiling::Ceiling;
use crate::config::ConnectorFile;
use crate::connector::Connector;

/// A plugin's bytes, the signature beside them, and the ceiling by which it was judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) plugin: Digest,
    signature: Option<Digest>,
    ceiling: Option<Digest>,
}

impl Key {
    pub(super) fn of(inputs: &Inputs) -> Self {
        Self { plugin: inputs.plugin, signature: inputs.signature, ceiling: inputs.ceiling }
    }
}

/// The plugins that are in use.
#[derive(Debug, Default)]
pub(super) struct Plugins(HashMap<Key, Result<Plugin, Fault>>);

impl Plugins {
    /// Loads what is not loaded yet, side by side.
    pub(super) async fn load(&mut self, wanted: HashMap<Key, PathBuf>, sandbox: &Arc<Sandbox>, ceiling: &Ceiling) {
        let mut loading = tokio::task::JoinSet::new();
        for (key, path) in wanted.into_iter().filter(|(key, _)| !self.0.contains_key(key)) {
            let (sandbox, ceiling) = (Arc::clone(sandbox), ceiling.clone());
            loading.spawn_blocking(move || (key, load(&sandbox, &ceiling, key.plugin, &path)));
        }
        while let Some(loaded) = loading.join_next().await {
            // A task that panicked leaves its plugin out, and `get` says so.
            self.0.extend(loaded.ok());
        }
    }

    pub(super) fn get(&self, key: Key) -> Result<Plugin, Fault> {
        let lost =
            || Err(Fault::new(FaultCode::HostInternal, format!("the plugin {} could not be loaded", key.plugin)));
        self.0.get(&key).cloned().unwrap_or_else(lost)
    }

    /// Forgets what is not used. What could not be loaded is forgotten as well: it is loaded again if it is asked for.
    pub(super) fn keep(&mut self, used: &HashSet<Key>) {
        self.0.retain(|key, plugin| plugin.is_ok() && used.contains(key));
    }
}

fn load(sandbox: &Sandbox, ceiling: &Ceiling, digest: Digest, path: &Path) -> Result<Plugin, Fault> {
    let plugin = ceiling.load(sandbox, path)?;
    // What was approved is the digest, so only these bytes may stand for it.
    if plugin.digest() == digest {
        return Ok(plugin);
    }
    let text = format!("{} was changed while it was loaded; the new one is looked at next", path.display());
    Err(Fault::new(FaultCode::PluginUnusable, text))
}

/// A connector that is to be made.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) name: String,
    /// Its file.
    pub(super) path: PathBuf,
    pub(super) file: ConnectorFile,
    pub(super) inputs: Inputs,
    pub(super) former: Option<Arc<Running>>,
}

/// Why a connector was not made, and its plugin if there is one.
pub(super) type NotMade = (Fault, Option<Described>);

/// Makes a connector, if its plugin may run. Nothing of the plugin runs here.
pub(super) fn make(
    wanted: &Wanted,
    plugin: Result<Plugin, Fault>,
    sandbox: &Sandbox,
    ceiling: &Ceiling,
) -> Result<Connector, NotMade> {
    let plugin = plugin.map_err(|fault| (fault, None))?;
    let described = Described::of(&plugin);
    if !wanted.inputs.approved {
        let fault = not_approved(&wanted.name, &wanted.file.plugin, plugin.digest());
        return Err((fault, Some(described)));
    }
    let directory = wanted.former.as_deref().and_then(|former| same_directory(wanted, former));
    Connector::of_plugin(wanted.file.clone(), plugin, directory, sandbox, ceiling)
        .map_err(|not_started| (not_started.into(), Some(described)))
}

pub(super) fn not_approved(connector: &str, plugin: &Path, digest: Digest) -> Fault {
    let text = format!(
        "{} has the digest {digest}, which is not among the approved ones: type `portcullis approve {connector}`",
        plugin.display()
    );
    Fault::new(FaultCode::PluginNotApproved, text)
}

/// The former connector's directory, if the new one would open the very same with the same secret: its connections are
/// warm, and a directory in the host's memory keeps what was written into it.
fn same_directory(wanted: &Wanted, former: &Running) -> Option<Arc<dyn Directory>> {
    let source = |file: &ConnectorFile| file.ldap.as_ref().map(|ldap| ldap.source.clone());
    let same = source(&wanted.file) == source(&former.connector.file) && wanted.inputs.beside == former.inputs.beside;
    former.connector.context.directory.clone().filter(|_| same)
}

#[cfg(test)]
mod tests {
    use portcullis_sandbox::SandboxOptions;

    use super::*;

    /// Between the look, which finds the digest approved, and the loading, the file can be replaced.
    #[test]
    fn other_bytes_than_those_that_were_found_are_not_loaded() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let bytes = wat::parse_str("(component)").unwrap();
        std::fs::write(file.path(), &bytes).unwrap();
        let sandbox = Sandbox::new(SandboxOptions::default(), None).unwrap();
        let fault = load(&sandbox, &Ceiling::none(), Digest::of(b"what was approved"), file.path()).unwrap_err();
        assert_eq!(fault.code, FaultCode::PluginUnusable);
        assert!(load(&sandbox, &Ceiling::none(), Digest::of(&bytes), file.path()).is_ok());
    }
}
