//! Making connectors of what was found: each plugin is loaded once, however many connectors name it.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use portcullis_directory::Directory;
use portcullis_model::{Fault, FaultCode};
use portcullis_sandbox::{Digest, Plugin, Sandbox};

use super::scan::Inputs;
use super::slot::{Described, Running};
use crate::config::ConnectorFile;
use crate::connector::Connector;

/// The plugins that are in use, by their digests.
#[derive(Debug, Default)]
pub(super) struct Plugins(HashMap<Digest, Result<Plugin, Fault>>);

impl Plugins {
    /// Loads what is not loaded yet, side by side.
    pub(super) async fn load(&mut self, wanted: HashMap<Digest, PathBuf>, sandbox: &Arc<Sandbox>) {
        let mut loading = tokio::task::JoinSet::new();
        for (digest, path) in wanted.into_iter().filter(|(digest, _)| !self.0.contains_key(digest)) {
            let sandbox = Arc::clone(sandbox);
            loading.spawn_blocking(move || (digest, load(&sandbox, digest, &path)));
        }
        while let Some(loaded) = loading.join_next().await {
            // A task that panicked leaves its plugin out, and `get` says so.
            self.0.extend(loaded.ok());
        }
    }

    pub(super) fn get(&self, digest: Digest) -> Result<Plugin, Fault> {
        let lost = || Err(Fault::new(FaultCode::HostInternal, format!("the plugin {digest} could not be loaded")));
        self.0.get(&digest).cloned().unwrap_or_else(lost)
    }

    /// Forgets what is not used. What could not be loaded is forgotten as well: it is loaded again if it is asked for.
    pub(super) fn keep(&mut self, used: &HashSet<Digest>) {
        self.0.retain(|digest, plugin| plugin.is_ok() && used.contains(digest));
    }
}

fn load(sandbox: &Sandbox, digest: Digest, path: &Path) -> Result<Plugin, Fault> {
    let plugin = sandbox.load(path).map_err(|error| Fault::new(FaultCode::PluginUnusable, error.to_string()))?;
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
pub(super) fn make(wanted: &Wanted, plugin: Result<Plugin, Fault>, sandbox: &Sandbox) -> Result<Connector, NotMade> {
    let plugin = plugin.map_err(|fault| (fault, None))?;
    let described = Described::of(&plugin);
    if !wanted.inputs.approved {
        let fault = not_approved(&wanted.name, &wanted.file.plugin, plugin.digest());
        return Err((fault, Some(described)));
    }
    let directory = wanted.former.as_deref().and_then(|former| same_directory(wanted, former));
    Connector::of_plugin(wanted.file.clone(), plugin, directory, sandbox).map_err(|fault| (fault, Some(described)))
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
