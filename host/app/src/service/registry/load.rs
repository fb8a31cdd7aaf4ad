//! Making connectors of what was found: each plugin is loaded once, however many connectors name it.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use portcullis_directory::Directory;
use portcullis_model::{Fault, FaultCode};
use portcullis_sandbox::{Digest, Plugin, Sandbox};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

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

/// How long a look at the folders waits for plugins that are compiled. A few kilobytes can keep the compiler busy for
/// hours, and the next look is what stops a connector that is above a lowered ceiling.
const LONGEST: Duration = Duration::from_secs(60);

/// The plugins that are in use.
#[derive(Debug, Default)]
pub(super) struct Plugins {
    loaded: HashMap<Key, Result<Plugin, Fault>>,
    /// Those that nobody waits for any more. Compiling cannot be ended; it is never begun twice.
    slow: HashMap<Key, oneshot::Receiver<Result<Plugin, Fault>>>,
}

impl Plugins {
    /// Loads what is not loaded yet, side by side, as far as that is done in time.
    pub(super) async fn load(&mut self, wanted: HashMap<Key, PathBuf>, sandbox: &Arc<Sandbox>, ceiling: &Ceiling) {
        let begin = |key: Key, path: PathBuf| {
            let (sandbox, ceiling) = (Arc::clone(sandbox), ceiling.clone());
            begin("portcullis-load", move || load(&sandbox, &ceiling, key.plugin, &path))
        };
        self.load_within(LONGEST, wanted, begin).await;
    }

    async fn load_within(
        &mut self,
        longest: Duration,
        wanted: HashMap<Key, PathBuf>,
        begin: impl Fn(Key, PathBuf) -> oneshot::Receiver<Result<Plugin, Fault>>,
    ) {
        let end = Instant::now() + longest;
        let mut loading = Vec::new();
        for (key, path) in wanted.into_iter().filter(|(key, _)| !self.loaded.contains_key(key)) {
            match self.slow.remove(&key) {
                // It was waited for.
                Some(slow) => loading.push((key, slow, Instant::now())),
                None => loading.push((key, begin(key, path), end)),
            }
        }
        for (key, mut plugin, end) in loading {
            match timeout_at(end, &mut plugin).await {
                Ok(Ok(loaded)) => drop(self.loaded.insert(key, loaded)),
                // A thread that panicked leaves its plugin out, and `get` says so.
                Ok(Err(_)) => {}
                Err(_) => drop(self.slow.insert(key, plugin)),
            }
        }
    }

    pub(super) fn get(&self, key: Key) -> Result<Plugin, Fault> {
        let missing = || {
            let digest = key.plugin;
            Err(match self.slow.contains_key(&key) {
                true => {
                    let text =
                        format!("the plugin {digest} takes longer to compile than any should: take its file away");
                    Fault::new(FaultCode::PluginUnusable, text)
                }
                false => Fault::new(FaultCode::HostInternal, format!("the plugin {digest} could not be loaded")),
            })
        };
        self.loaded.get(&key).cloned().unwrap_or_else(missing)
    }

    /// Whether it is still compiled: it may be usable at a later look.
    pub(super) fn is_slow(&self, key: Key) -> bool {
        self.slow.contains_key(&key)
    }

    /// Forgets what is not used. What could not be loaded is forgotten as well: it is loaded again if it is asked for.
    pub(super) fn keep(&mut self, used: &HashSet<Key>) {
        self.loaded.retain(|key, plugin| plugin.is_ok() && used.contains(key));
    }
}

/// In a thread of its own: the end of the process waits for none of these.
pub(super) fn begin<T: Send + 'static>(name: &str, work: impl FnOnce() -> T + Send + 'static) -> oneshot::Receiver<T> {
    let (done, receiver) = oneshot::channel();
    let thread = std::thread::Builder::new().name(name.to_owned());
    if let Err(error) = thread.spawn(move || drop(done.send(work()))) {
        tracing::warn!(%error, "no thread to load a plugin in");
    }
    receiver
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
    /// Its plugin is still compiled: it is asked for again at the next look.
    pub(super) again: bool,
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

    /// The compiler has no end that anybody could wait for; the look at the folders has one.
    #[tokio::test]
    async fn a_plugin_that_is_compiled_for_ever_holds_up_nobody() {
        let key = |text: &[u8]| Key { plugin: Digest::of(text), signature: None, ceiling: None };
        let (bomb, good) = (key(b"bomb"), key(b"good"));
        let wanted = || HashMap::from([(bomb, PathBuf::from("bomb.wasm")), (good, PathBuf::from("good.wasm"))]);
        let (done, begun) = (std::cell::RefCell::new(Vec::new()), std::cell::Cell::new(0));
        let fault = || Err(Fault::new(FaultCode::PluginUnusable, "read"));
        let begin = |key: Key, _| {
            begun.set(begun.get() + 1);
            let (sender, receiver) = oneshot::channel();
            if key == good {
                drop(sender.send(fault()));
            } else {
                done.borrow_mut().push(sender);
            }
            receiver
        };
        let mut plugins = Plugins::default();
        plugins.load_within(Duration::from_millis(20), wanted(), begin).await;
        assert!(plugins.is_slow(bomb) && plugins.get(bomb).is_err());
        assert_eq!(plugins.get(good).unwrap_err().detail, "read");
        // The next look does not wait again, and begins nothing a second time.
        let (before, count) = (Instant::now(), begun.get());
        plugins.load_within(LONGEST, HashMap::from([(bomb, PathBuf::new())]), begin).await;
        assert!(before.elapsed() < LONGEST && begun.get() == count);
        // Once it is done after all, it is there.
        done.borrow_mut().pop().unwrap().send(fault()).unwrap();
        plugins.load_within(LONGEST, HashMap::from([(bomb, PathBuf::new())]), begin).await;
        assert!(!plugins.is_slow(bomb));
        assert_eq!(plugins.get(bomb).unwrap_err().detail, "read");
    }

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
