//! One look at the folders, and what follows from it.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use portcullis_model::{Fault, FaultCode};

use super::load::{self, Wanted};
use super::scan::{Found, Inputs, Scan};
use super::slot::{Described, Refused, Running, Slot};
use super::verify::{Verdict, first_problem, verify};
use super::{Registry, Slots};
use crate::check;
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

impl Registry {
    /// Looks at the folders and follows them: what was changed is made, looked at and swapped in. Returns when all of it
    /// is done; each connector is swapped as soon as it is ready.
    ///
    /// A folder that cannot be read changes nothing: a tool may be replacing it at this moment.
    pub async fn reload(&self) -> Vec<Change> {
        match self.look().await {
            Ok(changes) => changes,
            Err(fault) => {
                tracing::warn!("the connectors stay as they are: {fault}");
                Vec::new()
            }
        }
    }

    pub(super) async fn look(&self) -> Result<Vec<Change>, Fault> {
        let mut plugins = self.looking.lock().await;
        let (config, state) = (self.options.config.clone(), self.options.state.clone());
        let scan = tokio::task::spawn_blocking(move || Scan::of(&config, &state)).await.map_err(lost)??;
        let mut changes = self.withdraw_the_missing(&scan);
        if let Err(fault) = &scan.approvals {
            tracing::warn!("nothing new is run, because it cannot be known what was approved: {fault}");
        }
        let mut wanted = Vec::new();
        for found in scan.found {
            match self.decide(found, scan.approvals.is_ok()) {
                Next::Nothing => {}
                Next::Changed(change) => changes.push(change),
                Next::Make(one) => wanted.push(one),
            }
        }
        let files: HashMap<_, PathBuf> =
            wanted.iter().map(|one| (one.1.inputs.plugin, one.1.file.plugin.clone())).collect();
        plugins.load(files, &self.options.sandbox).await;
        let mut making: FuturesUnordered<_> = wanted
            .into_iter()
            .map(|(path, wanted)| {
                let plugin = plugins.get(wanted.inputs.plugin);
                self.make(path, wanted, plugin)
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
        plugins.keep(&self.digests());
        self.look_at(unseen);
        Ok(changes)
    }

    fn withdraw_the_missing(&self, scan: &Scan) -> Vec<Change> {
        let there: HashSet<&str> = scan.found.iter().map(|found| found.name.as_str()).collect();
        let slots = self.slots.load_full();
        let gone = slots.iter().filter(|(name, slot)| !there.contains(name.as_str()) && !slot.withdrawn);
        gone.map(|(name, slot)| {
            tracing::info!(connector = name, "withdrawn: its file is gone");
            // What never ran leaves nothing to be told.
            let ran = slot.running.is_some();
            let withdrawn = || Slot { withdrawn: true, ..Slot::new(slot.path.clone()) };
            self.put(name, ran.then(withdrawn));
            Change { connector: name.clone(), what: What::Withdrawn }
        })
        .collect()
    }

    /// Decides from what was found alone.
    fn decide(&self, found: Found, approvals_known: bool) -> Next {
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
            // The same bytes, approved before and not any more: that is meant to end it, at once. While it cannot be
            // known what was approved, what runs goes on.
            let only_approval = Inputs { approved: true, ..inputs.clone() } == former.inputs;
            if only_approval && !approvals_known {
                return Next::Nothing;
            }
            if only_approval {
                return Next::Make((path, Wanted { name, file, inputs, former: None }));
            }
        }
        if refused.is_some_and(|refused| refused.inputs.as_ref() == Some(&inputs) && !refused.again) {
            return Next::Nothing;
        }
        Next::Make((path, Wanted { name, file, inputs, former: running }))
    }

    /// Makes one connector, looks at it where there is a former one, and puts it in. True if nobody has looked at its
    /// directory yet.
    async fn make(
        &self,
        path: PathBuf,
        wanted: Wanted,
        plugin: Result<portcullis_sandbox::Plugin, Fault>,
    ) -> (Option<Change>, bool) {
        let sandbox = Arc::clone(&self.options.sandbox);
        let made = tokio::task::spawn_blocking(move || {
            let made = load::make(&wanted, plugin, &sandbox);
            (wanted, made)
        });
        let (wanted, made) = match made.await {
            Ok(made) => made,
            Err(error) => {
                tracing::error!("{}", lost(error));
                return (None, false);
            }
        };
        let Wanted { name, file, inputs, former } = wanted;
        let refused = |fault, described, again| Refused {
            file: Some(Box::new(file.clone())),
            ..Refused::new(fault, Some(inputs.clone()), described, again)
        };
        let connector = match made {
            Ok(connector) => connector,
            Err((fault, described)) => {
                return (self.refuse(&name, path, former, refused(fault, described, false)), false);
            }
        };
        let verdict = match &former {
            Some(former) => Some(verify(&connector, &former.connector).await),
            None => None,
        };
        if let Some(Verdict::Refused(fault)) = verdict {
            let described = Described::of(&connector.plugin);
            return (self.refuse(&name, path, former, refused(fault, Some(described), true)), false);
        }
        if let Some(Verdict::Unseen(fault)) = &verdict {
            tracing::warn!(connector = name, "swapped in without being seen to work, as the former does not: {fault}");
        }
        let what = if former.is_some() { What::Swapped } else { What::Began };
        self.begin(&name, path, connector, inputs);
        (Some(Change { connector: name, what }), !matches!(verdict, Some(Verdict::Good)))
    }

    fn begin(&self, name: &str, path: PathBuf, connector: Connector, inputs: Inputs) {
        let generation = *self.generation.borrow() + 1;
        tracing::info!(connector = name, digest = %connector.plugin.digest(), generation, "running");
        let running = Running { connector, since: SystemTime::now(), generation, inputs };
        self.put(name, Some(Slot { running: Some(Arc::new(running)), ..Slot::new(path) }));
    }

    /// Lists what is not run. Says so once for each reason.
    fn refuse(&self, name: &str, path: PathBuf, running: Option<Arc<Running>>, new: Refused) -> Option<Change> {
        let slot = self.slots.load().get(name).cloned();
        let before = slot.as_deref().and_then(|slot| slot.refused.clone());
        let same = before.as_ref().filter(|before| before.fault == new.fault && before.inputs == new.inputs);
        if same.is_some() && slot.as_deref().is_some_and(|slot| slot.running.is_some() == running.is_some()) {
            return None;
        }
        let fault = new.fault.clone();
        let goes_on = if running.is_some() { "the former one goes on serving" } else { "it is not run" };
        tracing::warn!(connector = name, "{goes_on}: {fault}; {}", fault.code.remedy());
        self.put(name, Some(Slot { running, refused: Some(Arc::new(new)), ..Slot::new(path) }));
        Some(Change { connector: name.to_owned(), what: What::Refused(fault) })
    }

    /// The only place in which what runs is changed; called by the one look that goes on.
    fn put(&self, name: &str, slot: Option<Slot>) {
        let mut slots = Slots::clone(&self.slots.load());
        match slot {
            Some(slot) => slots.insert(name.to_owned(), Arc::new(slot)),
            None => slots.remove(name),
        };
        self.slots.store(Arc::new(slots));
        self.generation.send_modify(|generation| *generation += 1);
    }

    fn digests(&self) -> HashSet<portcullis_sandbox::Digest> {
        let slots = self.slots.load();
        let running = slots.values().filter_map(|slot| Some(slot.running.as_ref()?.inputs.plugin));
        let refused = slots.values().filter_map(|slot| Some(slot.refused.as_ref()?.inputs.as_ref()?.plugin));
        running.chain(refused).collect()
    }

    /// Looks at the directories of connectors that began without it, one after the other, in the background.
    fn look_at(&self, names: BTreeSet<String>) {
        let me = self.me.clone();
        tokio::spawn(async move {
            for name in names {
                let Some(registry) = me.upgrade() else { return };
                let Some(running) = registry.get(&name) else { continue };
                if let Some(fault) = first_problem(&check::look(&running.connector).await) {
                    tracing::warn!(connector = name, "{fault}");
                    registry.note(&name, Some(&fault));
                }
            }
        });
    }
}

/// What follows for one connector.
enum Next {
    Nothing,
    Changed(Change),
    Make((PathBuf, Wanted)),
}

impl Next {
    fn of(change: Option<Change>) -> Self {
        change.map_or(Self::Nothing, Self::Changed)
    }
}

impl Refused {
    fn new(fault: Fault, inputs: Option<Inputs>, plugin: Option<Described>, again: bool) -> Self {
        Self { fault, file: None, inputs, plugin, again, since: SystemTime::now() }
    }
}

fn lost(error: tokio::task::JoinError) -> Fault {
    Fault::new(FaultCode::HostInternal, format!("loading connectors failed: {error}"))
}
