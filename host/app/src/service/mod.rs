//! The service: it takes operations, keeps them in the journal, delivers them, and says what became of them.
//!
//! Read [`Service::submit`] for what happens to an operation before it is delivered, and `delivery` for the rest.
//! Nothing here speaks HTTP, and nothing decides what an outcome is.

pub mod callers;
mod delivery;
mod ends;
mod parts;
pub mod registry;
mod repeats;
mod sealed;
mod submission;

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use portcullis_journal::{Accepted, Event, Journal, JournalError, NewOperation, Record, State};
use portcullis_model::{Fault, FaultCode, OperationId};
use portcullis_seal::KeyRing;

pub use delivery::Load;
pub use parts::Policy;
pub use sealed::{GivenPassword, labels};
pub use submission::{Admitted, Repeat, Submission};

use crate::config::ServiceConfig;
use crate::observe::Metrics;
use callers::Caller;
use delivery::{Delivery, unwritable};
use ends::Ends;
use parts::Parts;
use registry::Registry;
use repeats::Repeats;

/// What a service is made of.
pub struct ServiceOptions {
    /// `portcullis.toml`.
    pub config: ServiceConfig,
    /// The journal, which is in the state folder.
    pub journal: Journal,
    /// The folder of journal and keys.
    pub state: PathBuf,
    /// The connectors.
    pub registry: Arc<Registry>,
    /// What it counts and measures with.
    pub metrics: Arc<Metrics>,
}

/// The service. Shared by everything that serves callers.
pub struct Service {
    parts: Arc<Parts>,
    delivery: Arc<Delivery>,
    ends: Arc<Ends>,
    repeats: Repeats,
    stopping: tokio::sync::watch::Sender<bool>,
}

impl Service {
    /// Opens the keys, and begins to deliver what the journal holds from before.
    ///
    /// # Errors
    /// A fault of the operator's: the state folder cannot be used.
    pub async fn start(options: ServiceOptions) -> Result<Arc<Self>, Fault> {
        let ServiceOptions { config, journal, state, registry, metrics } = options;
        let keys = KeyRing::open(&state).map_err(|error| Fault::new(FaultCode::Misconfigured, error.to_string()))?;
        let repeats = Repeats::open(&state)?;
        let policy = ArcSwap::from_pointee(Policy::new(config));
        let parts = Arc::new(Parts { journal, keys, registry, policy, metrics });
        let ends = Arc::new(Ends::default());
        let delivery = Delivery::new(Arc::clone(&parts), Arc::clone(&ends));
        delivery.start().await.map_err(|error| unwritable(&error))?;
        let stopping = tokio::sync::watch::Sender::new(false);
        let service = Arc::new(Self { parts, delivery, ends, repeats, stopping });
        service.parts.metrics.watch(&service);
        Ok(service)
    }

    /// Takes an operation: may the caller ask for it, is there a connector, are the passwords usable, has it come
    /// before; then it is in the journal, and from there on it is never lost. Waits for its end at most so long, and no
    /// longer than until the service stops.
    ///
    /// # Errors
    /// A fault that says why it was not taken. Nothing was written then, and nothing will be done.
    pub async fn submit(&self, caller: &Caller, wanted: Submission, wait: Duration) -> Result<Admitted, Fault> {
        let admitted = self.admit(caller, wanted, wait).await;
        admitted.inspect_err(|fault| self.parts.metrics.fault("", fault.code))
    }

    async fn admit(&self, caller: &Caller, wanted: Submission, wait: Duration) -> Result<Admitted, Fault> {
        if *self.stopping.borrow() {
            return Err(Fault::new(FaultCode::Stopping, "the service is stopping"));
        }
        let policy = self.parts.policy();
        // May it be asked at all?
        let running = self.parts.registry.route(&wanted.account, wanted.connector.as_deref())?;
        let connector = running.connector.file.name.clone();
        caller.may(wanted.kind, &wanted.account, &connector)?;
        policy.rates.check(caller, &wanted.account).map_err(Fault::from)?;
        running.connector.may(wanted.kind)?;

        // Passwords rest sealed; a repeat is recognised before anything is done twice.
        let now = SystemTime::now();
        let digests = match &wanted.repeat {
            Some(_) => self.repeats.digests(now, &wanted.fingerprint().parts())?,
            None => Vec::new(),
        };
        let id = OperationId::new().map_err(|error| Fault::new(FaultCode::HostInternal, error.to_string()))?;
        let waiting = self.ends.wait(&id);
        let longest = policy.config.delivery.deadline;
        let deadline = now + wanted.deadline.unwrap_or(longest).min(longest);
        let new = submission::at_rest(&self.parts.keys, id.clone(), caller, connector, wanted, deadline)?;
        let record = match self.accept(new, &digests).await {
            Ok(Accepted::New(record)) => record,
            other => {
                drop(waiting);
                self.ends.forget(&id);
                return self.not_new(other, wait).await;
            }
        };
        self.parts.metrics.accepted(&record);
        self.delivery.take(&record);

        // The caller waits for the end if it likes to.
        Ok(Admitted::New(match self.ended(waiting, wait).await {
            Some(record) => record,
            None => {
                self.ends.forget(&id);
                // It was taken, also if the journal has closed since.
                self.get(&id).await.ok().flatten().unwrap_or(record)
            }
        }))
    }

    /// What an end says; nothing when the time is over, or when the service stops: nobody who waits is to be cut off.
    async fn ended<E>(&self, end: impl Future<Output = Result<Record, E>>, most: Duration) -> Option<Record> {
        let mut stopping = self.stopping();
        tokio::select! {
            ended = tokio::time::timeout(most, end) => ended.ok()?.ok(),
            _ = stopping.wait_for(|stopping| *stopping) => None,
        }
    }

    /// Tries the digests one after the other: only the first is ever written.
    async fn accept(&self, new: NewOperation, digests: &[[u8; 32]]) -> Result<Accepted, JournalError> {
        let mut accepted = self.parts.journal.accept(with_digest(&new, digests.first())).await?;
        for digest in digests.iter().skip(1) {
            if matches!(accepted, Accepted::KeyReused(_)) {
                accepted = self.parts.journal.accept(with_digest(&new, Some(digest))).await?;
            }
        }
        Ok(accepted)
    }

    async fn not_new(&self, accepted: Result<Accepted, JournalError>, wait: Duration) -> Result<Admitted, Fault> {
        match accepted {
            Ok(Accepted::New(record) | Accepted::Same(record)) => {
                let ended = self.wait(&record.id, wait).await?;
                Ok(Admitted::Same(ended.unwrap_or(record)))
            }
            Ok(Accepted::KeyReused(record)) => {
                let text = format!("the key belongs to operation {}", record.id);
                Err(Fault::new(FaultCode::IdempotencyKeyReused, text))
            }
            Ok(Accepted::EnvelopeUsed) => {
                Err(Fault::new(FaultCode::SealReplayed, "the journal knows the envelope from another operation"))
            }
            Err(error) => Err(unwritable(&error)),
        }
    }

    /// An operation as it stands, once it has ended, the time is over or the service stops; nothing if there is none.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub async fn wait(&self, id: &OperationId, most: Duration) -> Result<Option<Record>, Fault> {
        let waiting = self.ends.wait(id);
        let now = self.get(id).await;
        let open = matches!(&now, Ok(Some(record)) if !record.state.is_final());
        let ended = if open {
            self.ended(waiting, most).await
        } else {
            drop(waiting);
            None
        };
        self.ends.forget(id);
        match ended {
            Some(record) => Ok(Some(record)),
            None if open => self.get(id).await.or(now),
            None => now,
        }
    }

    /// An operation as it stands; nothing if there is none.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub async fn get(&self, id: &OperationId) -> Result<Option<Record>, Fault> {
        self.parts.journal.get(id).await.map_err(|error| unwritable(&error))
    }

    /// Takes an operation back before it is carried out.
    ///
    /// # Errors
    /// [`FaultCode::NoSuchOperation`], or [`FaultCode::NotPossibleNow`] for one that no longer waits.
    pub async fn cancel(&self, caller: &Caller, id: &OperationId) -> Result<Record, Fault> {
        let record = self.managed(caller, id).await?;
        if record.state != State::Waiting || !self.delivery.withdraw(&record) {
            return Err(not_now(&record));
        }
        let cancelled = Event::Cancelled { by: caller.name.clone() };
        match self.parts.record(id, cancelled).await {
            Ok(record) => {
                self.ends.tell(record.clone());
                Ok(record)
            }
            Err(error) => {
                // It is still in the journal, so it is still to be done.
                self.delivery.take(&record);
                Err(unwritable(&error))
            }
        }
    }

    /// Carries a waiting operation out now, or one whose outcome is unknown once more.
    ///
    /// # Errors
    /// [`FaultCode::NoSuchOperation`], or [`FaultCode::NotPossibleNow`] for one that has ended otherwise, runs, or has
    /// lost its password.
    pub async fn retry(&self, caller: &Caller, id: &OperationId) -> Result<Record, Fault> {
        let record = self.managed(caller, id).await?;
        let retried = Event::Retried { by: caller.name.clone() };
        match record.state {
            State::Waiting => {
                self.delivery.hurry(&record);
                Ok(record)
            }
            State::Unknown => match self.parts.record(id, retried).await {
                Ok(record) => {
                    self.delivery.take(&record);
                    Ok(record)
                }
                Err(JournalError::PasswordErased(_) | JournalError::Illegal(_)) => Err(not_now(&record)),
                Err(error) => Err(unwritable(&error)),
            },
            _ => Err(not_now(&record)),
        }
    }

    async fn managed(&self, caller: &Caller, id: &OperationId) -> Result<Record, Fault> {
        let none = || Fault::new(FaultCode::NoSuchOperation, format!("the journal holds no operation {id}"));
        let record = self.get(id).await?.filter(|record| caller.may_read(&record.caller)).ok_or_else(none)?;
        if !caller.may_manage() {
            let text = format!("[callers.{}] does not say `manage = true`", caller.name);
            return Err(Fault::new(FaultCode::CallerNotAllowed, text));
        }
        Ok(record)
    }

    /// The journal, to read.
    #[must_use]
    pub fn journal(&self) -> &Journal {
        &self.parts.journal
    }

    /// The keys for sealed passwords.
    #[must_use]
    pub fn keys(&self) -> &KeyRing {
        &self.parts.keys
    }

    /// The connectors.
    #[must_use]
    pub fn registry(&self) -> &Arc<Registry> {
        &self.parts.registry
    }

    /// Who may ask, and how often, as it is now.
    #[must_use]
    pub fn policy(&self) -> Arc<Policy> {
        self.parts.policy()
    }

    /// Replaces what portcullis.toml says.
    pub fn configure(&self, config: ServiceConfig) {
        self.parts.policy.store(Arc::new(Policy::new(config)));
    }

    /// How much waits and runs, by connector.
    #[must_use]
    pub fn load(&self) -> HashMap<String, Load> {
        self.delivery.load()
    }

    /// Turns true when the service begins to stop.
    #[must_use]
    pub fn stopping(&self) -> tokio::sync::watch::Receiver<bool> {
        self.stopping.subscribe()
    }

    /// Takes nothing more, starts nothing more, and waits at most so long for what runs. What still waits stays in the
    /// journal and is delivered by the next start. Says whether everything that ran has ended.
    pub async fn stop(&self, most: Duration) -> bool {
        self.stopping.send_replace(true);
        let ended = self.delivery.stop(most).await;
        self.parts.journal.close().await;
        ended
    }

    /// Forgets what is older than portcullis.toml wants, and erases keys that nothing needs any more. Called now and
    /// then.
    ///
    /// # Errors
    /// The journal or the folder of keys cannot be written.
    pub async fn tidy(&self) -> Result<(), Fault> {
        let keep = self.policy().config.journal.clone();
        let now = SystemTime::now();
        let before = |keep: Duration| now.checked_sub(keep).unwrap_or(SystemTime::UNIX_EPOCH);
        let journal = &self.parts.journal;
        journal.prune(before(keep.keep), before(keep.keep_unknown)).await.map_err(|error| unwritable(&error))?;
        let mut in_use = BTreeSet::new();
        for sealed in journal.reader().all_sealed().await.map_err(|error| unwritable(&error))? {
            in_use.extend(sealed::envelopes(&sealed).map(|(_, envelope)| envelope.key().clone()));
        }
        let erased = self.parts.keys.retire(&in_use, now);
        erased.map(drop).map_err(|error| Fault::new(FaultCode::HostInternal, error.to_string()))
    }
}

fn with_digest(new: &NewOperation, digest: Option<&[u8; 32]>) -> NewOperation {
    let mut new = new.clone();
    if let (Some(idempotency), Some(digest)) = (&mut new.idempotency, digest) {
        idempotency.digest = *digest;
    }
    new
}

fn not_now(record: &Record) -> Fault {
    Fault::new(FaultCode::NotPossibleNow, format!("operation {} is {}", record.id, record.state))
}
