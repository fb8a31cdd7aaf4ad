//! What is in force at this moment: the ceiling and the approvals. Both count at once, also while a look at the folders
//! loads plugins or waits for a directory.
//!
//! This part only ends connectors. What begins is begun by a look, and judged here once more before it comes in.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{MutexGuard, PoisonError};
use std::time::SystemTime;

use portcullis_model::{Fault, FaultCode};

use super::approval::Approvals;
use super::ceiling::CeilingState;
use super::reload::{Change, lost};
use super::scan::{Inputs, told};
use super::slot::{Described, Refused, Running};
use super::{Registry, RegistryOptions, load};
use crate::ceiling::{self, Ceiling, Excesses};
use crate::connector::Connector;

/// What nothing may run against. Whoever changes what runs holds it, so that nothing comes in past what was just read.
#[derive(Debug, Default)]
pub(super) struct Limits {
    /// None before the first look.
    ceiling: Option<Ceiling>,
    /// Since when it is that one.
    since: Option<SystemTime>,
    /// Why it is still the former one.
    trouble: Option<String>,
    /// As they could be read the last time.
    approvals: Option<Approvals>,
    /// Grows with each difference.
    version: u64,
}

/// What was read, as a look goes by it.
#[derive(Debug)]
pub(super) struct InForce {
    /// The ceiling that is in force.
    pub(super) ceiling: Ceiling,
    /// Why that is still the former one.
    ceiling_trouble: Option<Fault>,
    /// Which plugins are approved; a fault if that cannot be known.
    pub(super) approvals: Result<Approvals, Fault>,
    /// [`Limits::version`] with it.
    pub(super) version: u64,
}

/// What was wrong the last time, so that it is logged when it comes and not again at each look.
#[derive(Debug, Default)]
pub(super) struct Troubles(BTreeMap<&'static str, Fault>);

impl Troubles {
    pub(super) fn tell(&mut self, so: &'static str, fault: Option<&Fault>) {
        match fault {
            Some(fault) if self.0.get(so) == Some(fault) => {}
            Some(fault) => {
                tracing::warn!("{so}: {fault}");
                self.0.insert(so, fault.clone());
            }
            None => {
                self.0.remove(so);
            }
        }
    }
}

impl InForce {
    /// Reads both. While the ceiling cannot be read, and while one that was there is gone, the `former` one stays in force.
    fn read(options: &RegistryOptions, former: Option<Ceiling>) -> Result<Self, Fault> {
        let RegistryOptions { config, state, ceiling, .. } = options;
        let (ceiling, ceiling_trouble) = match (lying(config, ceiling.as_deref(), former.as_ref()), former) {
            (Ok(ceiling), _) => (ceiling, None),
            (Err(fault), Some(former)) => (former, Some(fault)),
            (Err(fault), None) => return Err(fault),
        };
        Ok(Self { ceiling, ceiling_trouble, approvals: Approvals::read(state), version: 0 })
    }
}

/// The ceiling as it lies there.
fn lying(config: &Path, named: Option<&Path>, former: Option<&Ceiling>) -> Result<Ceiling, Fault> {
    let wrong = |text: String| Fault::new(FaultCode::Misconfigured, text);
    let ceiling = ceiling::load(config, named).map_err(|problems| wrong(told(&problems)))?;
    if ceiling.rules().is_none() && former.is_some_and(|former| former.rules().is_some()) {
        let file = config.join(ceiling::CEILING_FILE);
        return Err(wrong(format!(
            "{} is gone; without a ceiling the service goes on after a restart",
            file.display()
        )));
    }
    Ok(ceiling)
}

impl Limits {
    pub(super) fn version(&self) -> u64 {
        self.version
    }

    pub(super) fn ceiling_state(&self) -> CeilingState {
        CeilingState {
            sha256: self.ceiling.as_ref().and_then(Ceiling::digest).map(|digest| digest.to_string()),
            since: self.since.unwrap_or_else(SystemTime::now),
            trouble: self.trouble.clone(),
        }
    }

    /// What of the ceiling belongs to a user.
    pub(super) fn ceiling_in_hands_of(&self, uid: u32) -> Option<PathBuf> {
        self.ceiling.as_ref()?.owner()?.in_hands_of(uid).map(Path::to_owned)
    }

    /// Why a connector may not run, whatever was offered in its place meanwhile; none if it may.
    pub(super) fn forbids(&self, running: &Running) -> Option<Fault> {
        self.above(running).or_else(|| self.unapproved(running))
    }

    fn above(&self, running: &Running) -> Option<Fault> {
        // What was judged by this very ceiling need not be judged again.
        let ceiling = self.ceiling.as_ref().filter(|ceiling| running.inputs.ceiling != ceiling.digest())?;
        let Connector { file, plugin, .. } = &running.connector;
        let above = Excesses::of(&file.name, ceiling.check(file, plugin.surface()));
        above.map(|excesses| excesses.fault()).or_else(|| ceiling.mistrusts(plugin, &file.plugin))
    }

    fn unapproved(&self, running: &Running) -> Option<Fault> {
        let Connector { file, plugin, .. } = &running.connector;
        let approvals = self.approvals.as_ref()?;
        let may = file.sha256.is_some() || approvals.approves(plugin.digest());
        (!may).then(|| load::not_approved(&file.name, &file.plugin, plugin.digest()))
    }

    /// What is listed in the place of a connector that may not run.
    fn stopped(&self, running: &Running, fault: Fault) -> Refused {
        let inputs = Inputs {
            ceiling: self.ceiling.as_ref().and_then(Ceiling::digest),
            approved: running.inputs.approved && fault.code != FaultCode::PluginNotApproved,
            ..running.inputs.clone()
        };
        // A signature may be there already that the former ceiling did not ask for.
        let again = fault.code == FaultCode::PluginNotSigned;
        let described = Some(Described::of(&running.connector.plugin));
        let file = Some(Box::new(running.connector.file.clone()));
        Refused { file, ..Refused::new(fault, Some(inputs), described, again) }
    }
}

impl Registry {
    /// What is in force; held while what runs is changed.
    pub(super) fn limits(&self) -> MutexGuard<'_, Limits> {
        self.limits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the ceiling and the approvals, and ends at once what they do not allow any more. Waits for no look.
    ///
    /// # Errors
    /// The operator's fault, if the ceiling cannot be read and there is no former one.
    pub(super) async fn enforce(&self) -> Result<(InForce, Vec<Change>), Fault> {
        // One after the other: what was read last is in force.
        let mut troubles = self.reading.lock().await;
        let (options, former) = (self.options.clone(), self.limits().ceiling.clone());
        let read = tokio::task::spawn_blocking(move || InForce::read(&options, former)).await.map_err(lost)??;
        troubles.tell("nothing new is run, as it is not known what was approved", read.approvals.as_ref().err());
        troubles.tell("the former ceiling stays in force", read.ceiling_trouble.as_ref());
        let (version, stopped) = self.put_in_force(&read);
        drop(troubles);
        // What cannot be written down now is kept and told by the next look.
        let _ = self.tell().await;
        Ok((InForce { version, ..read }, stopped))
    }

    fn put_in_force(&self, read: &InForce) -> (u64, Vec<Change>) {
        let mut limits = self.limits();
        let former = limits.ceiling.replace(read.ceiling.clone()).and_then(|former| former.digest());
        let is_new = former != read.ceiling.digest();
        if is_new {
            limits.version += 1;
        }
        if is_new || limits.since.is_none() {
            limits.since = Some(SystemTime::now());
        }
        let trouble = read.ceiling_trouble.as_ref().map(|fault| fault.detail.clone());
        match &trouble {
            Some(reason) if limits.trouble != trouble => self.ceiling_kept(&read.ceiling, reason),
            // Also where the same one can be used again.
            None if is_new || limits.trouble.is_some() => {
                read.ceiling.digest().into_iter().for_each(|digest| self.ceiling_loaded(digest));
            }
            _ => {}
        }
        limits.trouble = trouble;
        // While nobody can say what was approved, what runs goes on.
        if let Ok(approvals) = &read.approvals
            && limits.approvals.as_ref() != Some(approvals)
        {
            limits.version += 1;
            limits.approvals = Some(approvals.clone());
        }
        let slots = self.slots.load_full();
        let running = slots.iter().filter_map(|(name, slot)| Some((name, slot, slot.running.as_ref()?)));
        let stopped = running.filter_map(|(name, slot, running)| {
            let stopped = limits.stopped(running, limits.forbids(running)?);
            self.refuse(&limits, name, slot.path.clone(), None, stopped)
        });
        let stopped = stopped.collect();
        (limits.version, stopped)
    }
}
