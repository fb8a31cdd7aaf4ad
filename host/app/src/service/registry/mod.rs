//! Which connectors run: what lies in the folders, what was approved, and how one takes the place of another.
//!
//! ```text
//! DIR/connectors/*.toml, DIR/plugins/*.wasm   what the operator wants
//! CEILING, or DIR/ceiling.toml                what the security team allows at most
//! STATE/approved.toml                         which plugins may run at all
//! ```
//!
//! A plugin runs in the service if its connector's file pins its digest, or if it was approved; everything else is
//! listed with what it asks for, and not run. A connector that was changed is made beside the one that runs, and takes
//! its place when it was seen to work; what is under way on the former one ends on it. Whatever is wrong with a new one,
//! the former goes on serving.
//!
//! This part never delivers an operation, never asks callers who they are, and never writes into the two folders.

pub mod approval;
pub(crate) mod ceiling;
mod follow;
mod limits;
mod load;
mod plugins;
mod reload;
mod scan;
mod slot;
mod state;
mod swap;
mod told;
mod verify;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use arc_swap::ArcSwap;
use portcullis_audit::{AuditLog, Entry};
use portcullis_model::{Blame, Fault, FaultCode, Login};
use portcullis_sandbox::Sandbox;
use tokio::sync::watch;

pub use ceiling::CeilingState;
pub use follow::{Following, Pace};
pub use plugins::PluginState;
pub use reload::{Change, What};
pub use slot::Running;
pub use state::{Candidate, ConnectorState, LastFault, State};

use limits::{Limits, Troubles};
use reload::Looking;
use slot::Slot;

use crate::audit;

/// What a registry is made of.
#[derive(Debug, Clone)]
pub struct RegistryOptions {
    /// The folder with `connectors/` and `plugins/`.
    pub config: PathBuf,
    /// The ceiling, if it is named: then it must be there. Otherwise `ceiling.toml` in the folder of the configuration.
    pub ceiling: Option<PathBuf>,
    /// The folder with `approved.toml` and the audit log.
    pub state: PathBuf,
    /// Where plugins are compiled and run. A swap needs one of its slots for a moment.
    pub sandbox: Arc<Sandbox>,
}

type Slots = BTreeMap<String, Arc<Slot>>;

/// The connectors of a service.
#[derive(Debug)]
pub struct Registry {
    me: Weak<Registry>,
    options: RegistryOptions,
    audit: AuditLog,
    slots: ArcSwap<Slots>,
    /// Held while `slots` is changed.
    limits: Mutex<Limits>,
    /// Held while the limits are read.
    reading: tokio::sync::Mutex<Troubles>,
    /// Held while the folders are looked at: one look at a time, and only it begins connectors.
    looking: tokio::sync::Mutex<Looking>,
    /// What became of connectors and is not in the audit log yet.
    untold: Mutex<Vec<Entry>>,
    /// Held while it is written down; whether that failed the last time.
    telling: tokio::sync::Mutex<bool>,
    last_faults: Mutex<BTreeMap<String, LastFault>>,
    plugins: ArcSwap<Vec<PluginState>>,
    known: Arc<tokio::sync::Mutex<plugins::Known>>,
    generation: watch::Sender<u64>,
}

impl Registry {
    /// Loads every connector. One that may not or cannot run is listed, and the others run. Directories are looked at
    /// afterwards, in the background; what is wrong with them is logged and shown as the connector's last fault.
    ///
    /// # Errors
    /// The operator's fault, if the folder of the connectors or the ceiling cannot be read; the host's, if the audit log
    /// in the state folder cannot be written.
    pub async fn start(options: RegistryOptions) -> Result<Arc<Self>, Fault> {
        let audit = audit::open(&options.state)?;
        let registry = Arc::new_cyclic(|me| Self {
            me: Weak::clone(me),
            options,
            audit,
            slots: ArcSwap::default(),
            limits: Mutex::default(),
            reading: tokio::sync::Mutex::default(),
            looking: tokio::sync::Mutex::default(),
            untold: Mutex::default(),
            telling: tokio::sync::Mutex::default(),
            last_faults: Mutex::default(),
            plugins: ArcSwap::default(),
            known: Arc::default(),
            generation: watch::Sender::new(0),
        });
        registry.look().await?;
        registry.judge_the_ceiling().await;
        registry.tell().await?;
        Ok(registry)
    }

    /// The audit log, in which stands what became of connectors.
    #[must_use]
    pub fn audit(&self) -> &AuditLog {
        &self.audit
    }

    /// The connector of a name, if it runs.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Arc<Running>> {
        self.slots.load().get(name)?.running.clone()
    }

    /// The one connector that answers for an account. One that does not run still claims its accounts: they are not
    /// carried elsewhere while it is broken.
    ///
    /// # Errors
    /// The operator's fault, if none or more than one answers or the one that does is not running; the caller's, if
    /// there is none of the wanted name.
    pub fn route(&self, account: &Login, wanted: Option<&str>) -> Result<Arc<Running>, Fault> {
        let slots = self.slots.load();
        let present = || slots.iter().filter(|(_, slot)| !slot.withdrawn);
        let names = || present().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ");
        if let Some(name) = wanted.filter(|wanted| !present().any(|(name, _)| name == wanted)) {
            let text = format!("there is no connector {name}; there are: {}", names());
            return Err(Fault::new(FaultCode::UnknownConnector, text));
        }
        let mut answering = present().filter(|(name, slot)| {
            wanted.is_none_or(|wanted| wanted == *name)
                && slot.accounts().iter().any(|pattern| pattern.matches(account.as_str()))
        });
        match (answering.next(), answering.next(), wanted) {
            (Some((name, slot)), None, _) => slot.running.clone().ok_or_else(|| slot.fault(name)),
            (Some((one, _)), Some((other, _)), _) => {
                let text = format!("{account} matches `accounts` of {one} and {other}");
                Err(Fault::new(FaultCode::ConnectorAmbiguous, text))
            }
            // What it would answer for is not known while its file cannot be read.
            (None, _, Some(name)) if slots.get(name).is_some_and(|slot| slot.file().is_none()) => {
                Err(slots.get(name).map(|slot| slot.fault(name)).unwrap_or_else(|| no_connector(account, name)))
            }
            (None, _, Some(name)) => Err(no_connector(account, name)),
            (None, ..) => Err(no_connector(account, &names())),
        }
    }

    /// Every connector, in the order of the names, as it is now.
    #[must_use]
    pub fn states(&self) -> Vec<ConnectorState> {
        let slots = self.slots.load();
        let faults = self.last_faults.lock().unwrap_or_else(PoisonError::into_inner);
        slots.iter().map(|(name, slot)| ConnectorState::of(name, slot, faults.get(name).cloned())).collect()
    }

    /// A number that grows whenever a connector began, was replaced, was refused, or was withdrawn.
    #[must_use]
    pub fn generation(&self) -> watch::Receiver<u64> {
        self.generation.subscribe()
    }

    /// Remembers how an operation on a connector ended: its last fault, or (with none) that it works. A fault that is
    /// the caller's to mend is a sign that the connector works.
    pub fn note(&self, name: &str, fault: Option<&Fault>) {
        let mut faults = self.last_faults.lock().unwrap_or_else(PoisonError::into_inner);
        match fault.filter(|fault| fault.code.blame() != Blame::Caller) {
            Some(fault) => {
                faults.insert(name.to_owned(), LastFault::now(fault));
            }
            None => {
                if let Some(last) = faults.get_mut(name) {
                    last.over = true;
                }
            }
        }
    }
}

fn no_connector(account: &Login, names: &str) -> Fault {
    Fault::new(FaultCode::NoConnector, format!("{account} matches no pattern in `accounts` of {names}"))
}
