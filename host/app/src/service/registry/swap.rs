//! One connector takes the place of another, or does not.

use std::collections::{BTreeSet, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use futures_util::StreamExt as _;
use portcullis_model::{Fault, Trace};
use portcullis_sandbox::Plugin;

use super::limits::Limits;
use super::load::{self, Key, Wanted};
use super::reload::{Change, What, lost};
use super::scan::Inputs;
use super::slot::{Described, Refused, Running, Slot};
use super::verify::{Verdict, first_problem, verify};
use super::{Registry, Slots};
use crate::ceiling::Ceiling;
use crate::check;
use crate::connector::Connector;

impl Registry {
    /// Makes one connector, looks at it where there is a former one, and puts it in. True if nobody has looked at its
    /// directory yet.
    pub(super) async fn make(
        &self,
        wanted: Wanted,
        plugin: Result<Plugin, Fault>,
        ceiling: Ceiling,
    ) -> (Option<Change>, bool) {
        let sandbox = Arc::clone(&self.options.sandbox);
        let made = tokio::task::spawn_blocking(move || {
            let made = load::make(&wanted, plugin, &sandbox, &ceiling);
            (wanted, made)
        });
        let (wanted, made) = match made.await {
            Ok(made) => made,
            Err(error) => {
                tracing::error!("{}", lost(error));
                return (None, false);
            }
        };
        let Wanted { name, path, file, inputs, former, again } = wanted;
        let refused = |fault, described, again| Refused {
            file: Some(Box::new(file.clone())),
            ..Refused::new(fault, Some(inputs.clone()), described, again)
        };
        let connector = match made {
            Ok(connector) => connector,
            Err((fault, described)) => {
                return (self.refuse(&self.limits(), &name, path, former, refused(fault, described, again)), false);
            }
        };
        let verdict = match &former {
            Some(former) => {
                let trace = Trace::default();
                let verdict = verify(&connector, &former.connector, &trace).await;
                self.checked(&name, &trace);
                Some(verdict)
            }
            None => None,
        };
        if let Some(Verdict::Refused(fault)) = verdict {
            let described = Described::of(&connector.plugin);
            return (self.refuse(&self.limits(), &name, path, former, refused(fault, Some(described), true)), false);
        }
        if let Some(Verdict::Unseen(fault)) = &verdict {
            tracing::warn!(connector = name, "swapped in without being seen to work, as the former does not: {fault}");
        }
        let what = if former.is_some() { What::Swapped } else { What::Began };
        let change = self.begin(&name, path, connector, inputs, what);
        (change, !matches!(verdict, Some(Verdict::Good)))
    }

    /// Puts it in, if what is in force by now still allows it. If it does not, the look that goes on looks again, and
    /// says so then.
    fn begin(&self, name: &str, path: PathBuf, connector: Connector, inputs: Inputs, what: What) -> Option<Change> {
        let limits = self.limits();
        let generation = *self.generation.borrow() + 1;
        let running = Running { connector, since: SystemTime::now(), generation, inputs };
        if let Some(fault) = limits.forbids(&running) {
            tracing::warn!(connector = name, "not put in: {fault}");
            return None;
        }
        tracing::info!(connector = name, digest = %running.connector.plugin.digest(), generation, "running");
        self.began(name, &running, &what);
        self.put(&limits, name, Some(Slot { running: Some(Arc::new(running)), ..Slot::new(path) }));
        Some(Change { connector: name.to_owned(), what })
    }

    /// Lists what is not run. Says so once for each reason. A former one that was ended meanwhile stays ended.
    pub(super) fn refuse(
        &self,
        limits: &Limits,
        name: &str,
        path: PathBuf,
        running: Option<Arc<Running>>,
        new: Refused,
    ) -> Option<Change> {
        let slot = self.slots.load().get(name).cloned();
        let still =
            |former| slot.as_deref().and_then(|slot| slot.running.as_ref()).is_some_and(|r| Arc::ptr_eq(r, former));
        if !running.as_ref().is_none_or(still) {
            return None;
        }
        let before = slot.as_deref().and_then(|slot| slot.refused.clone());
        let same = before.as_ref().filter(|before| before.fault == new.fault && before.inputs == new.inputs);
        if same.is_some() && slot.as_deref().is_some_and(|slot| slot.running.is_some() == running.is_some()) {
            return None;
        }
        let fault = new.fault.clone();
        let goes_on = if running.is_some() { "the former one goes on serving" } else { "it is not run" };
        tracing::warn!(connector = name, "{goes_on}: {fault}; {}", fault.code.remedy());
        self.put(limits, name, Some(Slot { running, refused: Some(Arc::new(new)), ..Slot::new(path) }));
        self.refused(name, &fault);
        Some(Change { connector: name.to_owned(), what: What::Refused(fault) })
    }

    /// The only place in which what runs is changed; whoever calls it holds the limits.
    pub(super) fn put(&self, _: &Limits, name: &str, slot: Option<Slot>) {
        let mut slots = Slots::clone(&self.slots.load());
        match slot {
            Some(slot) => slots.insert(name.to_owned(), Arc::new(slot)),
            None => slots.remove(name),
        };
        self.slots.store(Arc::new(slots));
        self.generation.send_modify(|generation| *generation += 1);
    }

    pub(super) fn plugin_keys(&self) -> HashSet<Key> {
        let slots = self.slots.load();
        let running = slots.values().filter_map(|slot| Some(Key::of(&slot.running.as_ref()?.inputs)));
        let refused = slots.values().filter_map(|slot| slot.refused.as_ref()?.inputs.as_ref().map(Key::of));
        running.chain(refused).collect()
    }

    /// Looks at the directories of connectors that began without it, in the background.
    pub(super) fn look_at(&self, names: BTreeSet<String>) {
        let me = self.me.clone();
        tokio::spawn(async move {
            let look = |name: String| {
                let me = me.clone();
                async move {
                    let Some(running) = me.upgrade().and_then(|registry| registry.get(&name)) else { return };
                    let trace = Trace::default();
                    let fault = first_problem(&check::look_traced(&running.connector, &trace).await);
                    if let Some(registry) = me.upgrade() {
                        registry.checked(&name, &trace);
                    }
                    if let (Some(registry), Some(fault)) = (me.upgrade(), fault) {
                        tracing::warn!(connector = name, "{fault}");
                        registry.note(&name, Some(&fault));
                    }
                }
            };
            // Some at a time: a directory that is away takes its time, and the others should not wait for it.
            futures_util::stream::iter(names).for_each_concurrent(8, look).await;
        });
    }
}
