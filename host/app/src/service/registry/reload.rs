//! One look at the folders, and what follows from it.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use portcullis_model::{Fault, FaultCode};

use super::Registry;
use super::limits::{InForce, Troubles};
use super::load::{Key, Plugins, Wanted};
use super::scan::{Found, Inputs, scan};
use super::slot::{Refused, Slot};

/// What became of a connector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its name.
    pub connector: String,
    /// What became of it.
    pub what: What,
}

/// What can become of a connector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// It began.
    Began,
    /// A new one took the place of the former.
    Swapped,
    /// What was offered is not run; if there was a former one, it goes on.
    Refused(Fault),
    /// It takes no operation any more.
    Withdrawn,
}

/// How long a file may be missing before its connector is withdrawn.
const SETTLE: Duration = Duration::from_millis(250);

/// What one look leaves for the next.
#[derive(Debug, Default)]
pub(super) struct Looking {
    pub(super) plugins: Plugins,
    troubles: Troubles,
}

impl Registry {
    /// Looks at the folders and follows them: what was changed is made, looked at and swapped in. Returns when all of it
    /// is done; each connector is swapped as soon as it is ready.
    ///
    /// A folder that cannot be read changes nothing: a tool may be replacing it at this moment.
    pub async fn reload(&self) -> Vec<Change> {
        // What is wrong was logged.
        self.look().await.unwrap_or_default()
    }

    pub(super) async fn look(&self) -> Result<Vec<Change>, Fault> {
        let mut changes = Vec::new();
        let mut looking = match self.looking.try_lock() {
            Ok(looking) => looking,
            // What may not run any more does not wait until the look that goes on has seen every directory.
            Err(_) => {
                changes.extend(self.enforce().await?.1);
                self.looking.lock().await
            }
        };
        // What became of the limits meanwhile holds for what this look made, too: it is looked at again by them.
        while self.look_once(&mut looking, &mut changes).await? != self.limits().version() {}
        Ok(changes)
    }

    /// Returns the version of the limits by which it was looked.
    async fn look_once(&self, looking: &mut Looking, changes: &mut Vec<Change>) -> Result<u64, Fault> {
        let scanned = match self.enforce().await {
            Ok((in_force, stopped)) => {
                changes.extend(stopped);
                self.scan(in_force).await
            }
            Err(fault) => Err(fault),
        };
        let trouble = scanned.as_ref().err().filter(|fault| fault.code != FaultCode::Stopping);
        looking.troubles.tell("the connectors stay as they are", trouble);
        let (all, in_force) = scanned?;
        let ceiling = in_force.ceiling.clone();
        changes.extend(self.withdraw_the_missing(&all));
        let mut wanted = Vec::new();
        for found in all {
            match self.decide(found) {
                Next::Nothing => {}
                Next::Changed(change) => changes.push(change),
                Next::Make(one) => wanted.push(one),
            }
        }
        let files = wanted.iter().map(|one| (Key::of(&one.inputs), one.file.plugin.clone())).collect();
        looking.plugins.load(files, &self.options.sandbox, &ceiling).await;
        self.cache_altered();
        let mut making: FuturesUnordered<_> = wanted
            .into_iter()
            .map(|mut wanted| {
                let key = Key::of(&wanted.inputs);
                wanted.again = looking.plugins.is_slow(key);
                let plugin = looking.plugins.get(key);
                self.make(*wanted, plugin, ceiling.clone())
            })
            .collect();
        let mut unseen = BTreeSet::new();
        while let Some((change, look_later)) = making.next().await {
            if look_later {
                unseen.extend(change.as_ref().map(|change| change.connector.clone()));
            }
            changes.extend(change);
        }
        drop(making);
        looking.plugins.keep(&self.plugin_keys());
        // What cannot be written down now is kept and told by the next look.
        let _ = self.tell().await;
        self.look_at(unseen);
        self.list_soon(ceiling);
        Ok(in_force.version)
    }

    /// What the folder holds. Where a connector's file is missing it is read again after a moment: some editors take the
    /// old file away before they put the new one there.
    async fn scan(&self, in_force: InForce) -> Result<(Vec<Found>, Arc<InForce>), Fault> {
        let in_force = Arc::new(in_force);
        let once = || {
            let (config, in_force) = (self.options.config.clone(), Arc::clone(&in_force));
            tokio::task::spawn_blocking(move || scan(&config, &in_force))
        };
        let mut all = once().await.map_err(lost)??;
        if !self.missing(&all).is_empty() {
            tokio::time::sleep(SETTLE).await;
            all = once().await.map_err(lost)??;
        }
        Ok((all, in_force))
    }

    /// The connectors whose files are gone.
    fn missing(&self, all: &[Found]) -> Vec<String> {
        let there: HashSet<&str> = all.iter().map(|found| found.name.as_str()).collect();
        let slots = self.slots.load();
        let gone = slots.iter().filter(|(name, slot)| !there.contains(name.as_str()) && !slot.withdrawn);
        gone.map(|(name, _)| name.clone()).collect()
    }

    fn withdraw_the_missing(&self, all: &[Found]) -> Vec<Change> {
        let withdraw = |name: String| {
            tracing::info!(connector = name, "withdrawn: its file is gone");
            let limits = self.limits();
            let slot = self.slots.load().get(&name).cloned();
            // What never ran leaves nothing to be told.
            let ran = slot.filter(|slot| slot.running.is_some());
            self.put(&limits, &name, ran.map(|slot| Slot { withdrawn: true, ..Slot::new(slot.path.clone()) }));
            self.withdrawn(&name);
            Change { connector: name, what: What::Withdrawn }
        };
        self.missing(all).into_iter().map(withdraw).collect()
    }

    /// Decides from what was found alone.
    fn decide(&self, found: Found) -> Next {
        let Found { name, path, wanted } = found;
        let limits = self.limits();
        let slot = self.slots.load().get(&name).cloned();
        let slot = slot.as_deref().filter(|slot| !slot.withdrawn);
        let running = slot.and_then(|slot| slot.running.clone());
        let refused = slot.and_then(|slot| slot.refused.clone());
        let (file, inputs) = match wanted {
            Ok(wanted) => wanted,
            Err(fault) => {
                let new = Refused::new(fault, None, None, false);
                return Next::of(self.refuse(&limits, &name, path, running, new));
            }
        };
        if let Some(former) = &running {
            if former.inputs == inputs {
                // What was offered in between was taken back.
                if refused.is_some() {
                    self.put(&limits, &name, Some(Slot { running, refused: None, ..Slot::new(path) }));
                }
                return Next::Nothing;
            }
            // While it cannot be known what was approved, what runs goes on. What was taken out of the approved ones
            // is not here any more.
            if (Inputs { approved: true, ..inputs.clone() }) == former.inputs {
                return Next::Nothing;
            }
        }
        if refused.is_some_and(|refused| refused.inputs.as_ref() == Some(&inputs) && !refused.again) {
            return Next::Nothing;
        }
        Next::Make(Box::new(Wanted { name, path, file, inputs, former: running, again: false }))
    }
}

/// What follows for one connector.
enum Next {
    Nothing,
    Changed(Change),
    Make(Box<Wanted>),
}

impl Next {
    fn of(change: Option<Change>) -> Self {
        change.map_or(Self::Nothing, Self::Changed)
    }
}

pub(super) fn lost(error: tokio::task::JoinError) -> Fault {
    if error.is_cancelled() {
        return Fault::new(FaultCode::Stopping, "the process ends");
    }
    Fault::new(FaultCode::HostInternal, format!("loading connectors failed: {error}"))
}
