//! One look at the folders, and what follows from it.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use portcullis_model::{Fault, FaultCode};

use super::approval::Approvals;
use super::load::{self, Key, Plugins, Wanted};
use super::scan::{Found, Inputs, Places, Scan};
use super::slot::{Described, Refused, Running, Slot};
use super::{Registry, RegistryOptions};
use crate::ceiling::{Ceiling, Excesses};
use crate::connector::Connector;

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
    /// The ceiling that is in force; none before the first look.
    ceiling: Option<Ceiling>,
    told: BTreeMap<&'static str, Fault>,
}

impl Looking {
    /// Logs a fault when it comes, and not again at each look.
    fn tell(&mut self, so: &'static str, fault: Option<&Fault>) {
        match fault {
            Some(fault) if self.told.get(so) == Some(fault) => {}
            Some(fault) => {
                tracing::warn!("{so}: {fault}");
                self.told.insert(so, fault.clone());
            }
            None => {
                self.told.remove(so);
            }
        }
    }
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
        let mut looking = self.looking.lock().await;
        let scanned = self.scan(looking.ceiling.clone()).await;
        let trouble = scanned.as_ref().err().filter(|fault| fault.code != FaultCode::Stopping);
        looking.tell("the connectors stay as they are", trouble);
        let scan = scanned?;
        looking.tell("nothing new is run, as it is not known what was approved", scan.approvals.as_ref().err());
        looking.tell("the former ceiling stays in force", scan.ceiling_trouble.as_ref());
        let ceiling = scan.ceiling.clone();
        let former = looking.ceiling.replace(ceiling.clone()).and_then(|former| former.digest());
        let new_ceiling = ceiling.digest().filter(|digest| Some(*digest) != former);
        let mut changes = self.withdraw_the_missing(&scan);
        changes.extend(self.stop_those_above(&ceiling));
        changes.extend(scan.approvals.iter().flat_map(|approvals| self.stop_the_unapproved(approvals)));
        let mut wanted = Vec::new();
        for found in scan.found {
            match self.decide(found) {
                Next::Nothing => {}
                Next::Changed(change) => changes.push(change),
                Next::Make(one) => wanted.push(one),
            }
        }
        let files = wanted.iter().map(|one| (Key::of(&one.inputs), one.file.plugin.clone())).collect();
        looking.plugins.load(files, &self.options.sandbox, &ceiling).await;
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
        self.tell(&changes, new_ceiling).await?;
        self.look_at(unseen);
        self.list_soon(ceiling);
        Ok(changes)
    }

    /// What the folders hold. Where a connector's file is missing they are read again after a moment: some editors take
    /// the old file away before they put the new one there.
    async fn scan(&self, former: Option<Ceiling>) -> Result<Scan, Fault> {
        let RegistryOptions { config, state, ceiling, .. } = self.options.clone();
        let places = Places { config, state, ceiling };
        let once = || {
            let (places, former) = (places.clone(), former.clone());
            tokio::task::spawn_blocking(move || Scan::of(&places, former))
        };
        let scan = once().await.map_err(lost)??;
        if self.missing(&scan).is_empty() {
            return Ok(scan);
        }
        tokio::time::sleep(SETTLE).await;
        once().await.map_err(lost)?
    }

    /// The connectors whose files are gone.
    fn missing(&self, scan: &Scan) -> Vec<String> {
        let there: HashSet<&str> = scan.found.iter().map(|found| found.name.as_str()).collect();
        let slots = self.slots.load();
        let gone = slots.iter().filter(|(name, slot)| !there.contains(name.as_str()) && !slot.withdrawn);
        gone.map(|(name, _)| name.clone()).collect()
    }

    fn withdraw_the_missing(&self, scan: &Scan) -> Vec<Change> {
        let withdraw = |name: String| {
            tracing::info!(connector = name, "withdrawn: its file is gone");
            let slot = self.slots.load().get(&name).cloned();
            // What never ran leaves nothing to be told.
            let ran = slot.filter(|slot| slot.running.is_some());
            self.put(&name, ran.map(|slot| Slot { withdrawn: true, ..Slot::new(slot.path.clone()) }));
            Change { connector: name, what: What::Withdrawn }
        };
        self.missing(scan).into_iter().map(withdraw).collect()
    }

    /// What is above the ceiling ends at once, whatever was offered in its place meanwhile.
    fn stop_those_above(&self, ceiling: &Ceiling) -> Vec<Change> {
        let why = |running: &Running| {
            let Connector { file, plugin, .. } = &running.connector;
            let above = Excesses::of(&file.name, ceiling.check(file, plugin.surface()));
            above.map(|excesses| excesses.fault()).or_else(|| ceiling.mistrusts(plugin, &file.plugin))
        };
        // What was judged by this very ceiling need not be judged again.
        let judged = |running: &Running| running.inputs.ceiling == ceiling.digest();
        let slots = self.slots.load_full();
        let running = slots.iter().filter_map(|(name, slot)| Some((name, slot, slot.running.as_ref()?)));
        running
            .filter(|(_, _, running)| !judged(running))
            .filter_map(|(name, slot, running)| {
                let fault = why(running)?;
                let described = Some(Described::of(&running.connector.plugin));
                let inputs = Inputs { ceiling: ceiling.digest(), ..running.inputs.clone() };
                let file = Some(Box::new(running.connector.file.clone()));
                // A signature may be there already that the former ceiling did not ask for.
                let again = fault.code == FaultCode::PluginNotSigned;
                let stopped = Refused { file, ..Refused::new(fault, Some(inputs), described, again) };
                self.refuse(name, slot.path.clone(), None, stopped)
            })
            .collect()
    }

    /// What was approved and is not any more ends at once, whatever was offered in its place meanwhile.
    fn stop_the_unapproved(&self, approvals: &Approvals) -> Vec<Change> {
        let may = |running: &Running| {
            running.connector.file.sha256.is_some() || approvals.approves(running.connector.plugin.digest())
        };
        let slots = self.slots.load_full();
        let running = slots.iter().filter_map(|(name, slot)| Some((name, slot, slot.running.as_ref()?)));
        running
            .filter(|(_, _, running)| !may(running))
            .filter_map(|(name, slot, running)| {
                let plugin = &running.connector.plugin;
                let fault = load::not_approved(name, &running.connector.file.plugin, plugin.digest());
                let inputs = Inputs { approved: false, ..running.inputs.clone() };
                let stopped = Refused::new(fault, Some(inputs), Some(Described::of(plugin)), false);
                let file = Some(Box::new(running.connector.file.clone()));
                self.refuse(name, slot.path.clone(), None, Refused { file, ..stopped })
            })
            .collect()
    }

    /// Decides from what was found alone.
    fn decide(&self, found: Found) -> Next {
        let Found { name, path, wanted } = found;
        let slot = self.slots.load().get(&name).cloned();
        let slot = slot.as_deref().filter(|slot| !slot.withdrawn);
        let running = slot.and_then(|slot| slot.running.clone());
        let refused = slot.and_then(|slot| slot.refused.clone());
        let (file, inputs) = match wanted {
            Ok(wanted) => wanted,
            Err(fault) => {
                let new = Refused::new(fault, None, None, false);
                return Next::of(self.refuse(&name, path, running, new));
            }
        };
        if let Some(former) = &running {
            if former.inputs == inputs {
                // What was offered in between was taken back.
                if refused.is_some() {
                    self.put(&name, Some(Slot { running, refused: None, ..Slot::new(path) }));
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
