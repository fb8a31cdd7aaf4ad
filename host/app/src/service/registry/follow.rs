//! Following the folders while the service runs.
//!
//! The system tells that something happened in a folder; what is there then is found by looking, after a quiet moment, so
//! that the steps in which an editor or a tool writes do not count. What the system does not tell (a full queue, a
//! network file system, a file behind a link) is found by looking from time to time.
//!
//! `approved.toml` lies in a folder that the journal writes into all the time, so it is not watched but looked at.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use std::time::Duration;

use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::Notify;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, timeout};

use super::Registry;
use super::approval;

/// When it is looked.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// So long nothing must have happened.
    pub quiet: Duration,
    /// So long after the first event it is looked all the same.
    pub longest: Duration,
    /// And so often without any event.
    pub rescan: Duration,
    /// How often it is looked whether `approved.toml` was replaced.
    pub approvals: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            quiet: Duration::from_millis(300),
            longest: Duration::from_secs(3),
            rescan: Duration::from_secs(30),
            approvals: Duration::from_secs(1),
        }
    }
}

/// Follows the folders until it is dropped.
#[derive(Debug)]
pub struct Following(tokio::task::JoinHandle<()>);

impl Drop for Following {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Registry {
    /// Follows the folders from now on. What was changed before this call and after the last look is found as well.
    #[must_use = "it follows until this is dropped"]
    pub fn follow(self: &Arc<Self>, pace: Pace) -> Following {
        Following(tokio::spawn(follow(Arc::downgrade(self), pace)))
    }

    /// The folders in which something may happen that concerns a connector.
    fn folders(&self) -> BTreeSet<PathBuf> {
        let config = &self.options.config;
        let mut folders = BTreeSet::from([config.clone(), config.join("connectors"), config.join("plugins")]);
        folders.extend(self.options.ceiling.iter().filter_map(|file| file.parent()).map(Path::to_owned));
        // A link is changed in the folder in which it lies.
        if config.is_symlink() {
            folders.extend(config.parent().map(Path::to_owned));
        }
        for slot in self.slots.load().values() {
            folders.extend(slot.beside().filter_map(|path| path.parent()).map(Path::to_owned));
            folders.extend(slot.file().and_then(|file| file.plugin.parent()).map(Path::to_owned));
        }
        folders
    }
}

async fn follow(registry: Weak<Registry>, pace: Pace) {
    let woken = Arc::new(Notify::new());
    let mut watches = Watches::default();
    let mut rescan = interval(pace.rescan);
    let mut approvals = interval(pace.approvals);
    approvals.set_missed_tick_behavior(MissedTickBehavior::Delay);
    rescan.set_missed_tick_behavior(MissedTickBehavior::Delay);
    rescan.reset();
    loop {
        let approved = {
            let Some(registry) = registry.upgrade() else { return };
            let approved = identity(&registry.options.state.join(approval::FILE));
            // First the watches, then the look: what happens in between is told.
            watches.renew(registry.folders(), &woken);
            let mut again = false;
            tokio::select! {
                _ = registry.reload() => {}
                never = meanwhile(&registry, &woken, pace, (&mut rescan, &mut approvals), &mut again) => match never {}
            }
            // A secret in a folder that was not watched, or a folder that was replaced meanwhile.
            if watches.renew(registry.folders(), &woken) {
                continue;
            }
            if again {
                quiet(&woken, pace).await;
                continue;
            }
            approved
        };
        loop {
            tokio::select! {
                () = woken.notified() => {
                    quiet(&woken, pace).await;
                    break;
                }
                _ = rescan.tick() => break,
                _ = approvals.tick() => {
                    let Some(registry) = registry.upgrade() else { return };
                    if identity(&registry.options.state.join(approval::FILE)) != approved {
                        break;
                    }
                }
            }
        }
    }
}

/// While a look goes on, which may wait for plugins and directories: what the ceiling and the approvals do not allow any
/// more ends all the same. Says whether something happened, which the look may have missed.
async fn meanwhile(
    registry: &Registry,
    woken: &Notify,
    pace: Pace,
    (rescan, approvals): (&mut Interval, &mut Interval),
    again: &mut bool,
) -> Infallible {
    let file = registry.options.state.join(approval::FILE);
    let mut approved = identity(&file);
    loop {
        tokio::select! {
            () = woken.notified() => {
                *again = true;
                quiet(woken, pace).await;
            }
            _ = rescan.tick() => {}
            _ = approvals.tick() => {
                let now = identity(&file);
                if now == approved {
                    continue;
                }
                approved = now;
            }
        }
        // What is wrong was logged.
        let _ = registry.enforce().await;
    }
}

/// Waits until nothing happens any more, or for the longest time.
async fn quiet(woken: &Notify, pace: Pace) {
    let until = Instant::now() + pace.longest;
    while Instant::now() < until && timeout(pace.quiet, woken.notified()).await.is_ok() {}
}

type Identity = Option<(u64, u64, i64, i64)>;

/// Which file or folder lies there now; for a file that is replaced as a whole, also which version.
fn identity(path: &Path) -> Identity {
    let meta = std::fs::metadata(path).ok()?;
    let (seconds, nanoseconds) = if meta.is_dir() { (0, 0) } else { (meta.mtime(), meta.mtime_nsec()) };
    Some((meta.dev(), meta.ino(), seconds, nanoseconds))
}

/// What the system was asked to tell about. It tells about a folder, not about a name: after a folder was replaced, all
/// of it is asked anew.
#[derive(Default)]
struct Watches {
    watcher: Option<RecommendedWatcher>,
    folders: BTreeMap<PathBuf, Identity>,
}

impl Watches {
    /// Watches these folders. True if something was different, so that events may have been missed.
    fn renew(&mut self, folders: BTreeSet<PathBuf>, woken: &Arc<Notify>) -> bool {
        let folders: BTreeMap<_, _> = folders.into_iter().map(|path| (path.clone(), identity(&path))).collect();
        if folders == self.folders {
            return false;
        }
        let woken = Arc::clone(woken);
        let told = move |event: notify::Result<Event>| {
            // An error means that something may have been missed.
            if event.as_ref().map_or(true, matters) {
                woken.notify_one();
            }
        };
        self.folders = folders;
        self.watcher = notify::recommended_watcher(told)
            .inspect_err(|error| tracing::warn!("folders are only looked at from time to time: {error}"))
            .ok();
        if let Some(watcher) = &mut self.watcher {
            for (folder, _) in self.folders.iter().filter(|(_, identity)| identity.is_some()) {
                if let Err(error) = watcher.watch(folder, RecursiveMode::NonRecursive) {
                    tracing::warn!("{} is only looked at from time to time: {error}", folder.display());
                }
            }
        }
        true
    }
}

/// Looking opens and reads files, which must not lead to another look; neither must an embedded directory that keeps its
/// state beside the connectors.
fn matters(event: &Event) -> bool {
    let written = matches!(event.kind, EventKind::Access(AccessKind::Close(AccessMode::Write)));
    let state = |path: &PathBuf| path.to_string_lossy().contains(".ldif");
    (written || !event.kind.is_access()) && (event.paths.is_empty() || !event.paths.iter().all(state))
}

#[cfg(test)]
mod tests {
    use notify::event::{CreateKind, ModifyKind, RenameMode};

    use super::*;

    #[test]
    fn looking_is_no_reason_to_look_again_and_writing_is() {
        let event = |kind, path: &str| matters(&Event::new(kind).add_path(path.into()));
        let opened = EventKind::Access(AccessKind::Open(AccessMode::Any));
        assert!(!event(opened, "/c/connectors/a.toml"));
        assert!(!event(EventKind::Access(AccessKind::Close(AccessMode::Read)), "/c/connectors/a.toml"));
        let renamed = EventKind::Modify(ModifyKind::Name(RenameMode::To));
        assert!(!event(renamed, "/c/connectors/people.state.ldif"));
        assert!(event(renamed, "/c/connectors/a.toml") && event(renamed, "/c/connectors/..data"));
        assert!(event(EventKind::Access(AccessKind::Close(AccessMode::Write)), "/c/plugins/a.wasm"));
        assert!(event(EventKind::Create(CreateKind::File), "/c/plugins/a.wasm"));
        assert!(matters(&Event::new(EventKind::Other)), "the system lost count");
    }
}
