//! The service: it takes operations, keeps them in the journal, delivers them, and says what became of them.
//!
//! Read [`Service::submit`] for what happens to an operation before it is delivered, and `delivery` for the rest.
//! Nothing here speaks HTTP, and nothing decides what an outcome is.

pub mod callers;
mod delivery;
mod ends;
mod parts;
mod recordings;
pub mod registry;
mod repeats;
mod sealed;
mod submission;
mod watching;

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use portcullis_audit::fact::Recorded;
use portcullis_audit::{About, Entry};
use portcullis_journal::{Accepted, Event, Journal, JournalError, Reader, Record, State};
use portcullis_model::{Fault, FaultCode, OperationId};
use portcullis_seal::KeyRing;

pub use delivery::Load;
pub use parts::Policy;
pub use recordings::Listening;
pub use sealed::GivenPassword;
pub use submission::{Admitted, Repeat, Submission};

use crate::audit;
use crate::config::ServiceConfig;
use crate::observe::Metrics;
use callers::Caller;
use delivery::{Delivery, unwritable};
use ends::Ends;
use parts::Parts;
use registry::Registry;
use repeats::Repeats;
use watching::Watching;

/// How many operations may wait at most, all connectors together. Each is some hundred bytes in memory.
const MOST_WAITING: usize = 100_000;

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
    ends: Ends,
    repeats: Repeats,
    watching: Watching,
    reader: Reader,
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
        let reader = Journal::read_only(&state).map_err(|error| unwritable(&error))?;
        let policy = ArcSwap::from_pointee(Policy::new(config));
        let audit = registry.audit().clone();
        let (trouble, recordings) = (Mutex::default(), Default::default());
        let parts = Arc::new(Parts { journal, audit, keys, registry, policy, metrics, trouble, recordings });
        let ends = Ends::default();
        let delivery = Delivery::new(Arc::clone(&parts), ends.clone());
        delivery.start().await.map_err(|error| unwritable(&error))?;
        let stopping = tokio::sync::watch::Sender::new(false);
        let watching = Watching::start(state, &parts)?;
        let service = Arc::new(Self { parts, delivery, ends, repeats, watching, reader, stopping });
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
        self.ready()?;
        if self.delivery.waiting() >= MOST_WAITING {
            let text = format!("{MOST_WAITING} operations wait already");
            return Err(Fault::new(FaultCode::Busy, text));
        }
        let policy = self.parts.policy();
        policy.rates.asks(caller).map_err(Fault::from)?;

        // A repeat is answered with its operation, whatever has changed since: a key, a right, a connector.
        let now = SystemTime::now();
        let digests = match &wanted.repeat {
            Some(_) => self.repeats.digests(now, &wanted.fingerprint().parts())?,
            None => Vec::new(),
        };
        if let Some(before) = self.repeated(caller, &wanted, &digests).await? {
            return self.not_new(Ok(before), wait).await;
        }

        // May it be asked at all?
        let running = self.parts.registry.route(&wanted.account, wanted.connector.as_deref())?;
        let connector = running.connector.file.name.clone();
        caller.may(wanted.kind, &wanted.account, &connector)?;
        running.connector.may(wanted.kind)?;
        wanted.complete()?;
        policy.rates.about(caller, &wanted.account).map_err(Fault::from)?;

        // Passwords rest sealed; then it is in the journal.
        let id = OperationId::new().map_err(|error| Fault::new(FaultCode::HostInternal, error.to_string()))?;
        let longest = policy.config.delivery.deadline;
        let deadline = now + wanted.deadline.unwrap_or(longest).min(longest);
        let digest = digests.first().copied();
        let (new, clear) =
            submission::at_rest(&self.parts.keys, id.clone(), caller, connector, wanted, deadline, digest)?;
        let waiting = self.ends.wait(&id);
        let record = match self.parts.accept(new).await {
            Ok(Accepted::New(record)) => record,
            other => return self.not_new(other, wait).await,
        };
        self.parts.metrics.accepted(&record);
        self.delivery.take_new(&record, &clear);
        drop(clear);

        // The caller waits for the end if it likes to.
        Ok(Admitted::New(match waiting.end(wait, self.stopping()).await {
            Some(record) => record,
            // It was taken: a journal that cannot be read at this moment does not change that.
            None => self.get(&id).await.ok().flatten().unwrap_or(record),
        }))
    }

    /// What became of the same request, or of another one with its key, before.
    async fn repeated(
        &self,
        caller: &Caller,
        wanted: &Submission,
        digests: &[[u8; 32]],
    ) -> Result<Option<Accepted>, Fault> {
        let Some(Repeat(key)) = &wanted.repeat else { return Ok(None) };
        let found = self.parts.journal.reader().by_key(&caller.name, key).await.map_err(|error| unwritable(&error))?;
        Ok(found.map(|(record, digest)| match digest {
            Some(digest) if digests.contains(&digest) => Accepted::Same(record),
            _ => Accepted::KeyReused(record),
        }))
    }

    async fn not_new(&self, accepted: Result<Accepted, JournalError>, wait: Duration) -> Result<Admitted, Fault> {
        match accepted {
            Ok(Accepted::New(record) | Accepted::Same(record)) => {
                let ended = self.wait(&record.id, wait).await.ok().flatten();
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
        match self.get(id).await? {
            Some(record) if !record.state.has_ended() => match waiting.end(most, self.stopping()).await {
                Some(record) => Ok(Some(record)),
                None => Ok(self.get(id).await.ok().flatten().or(Some(record))),
            },
            now => Ok(now),
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
        match delivery::record_end(&self.parts, id, cancelled).await {
            Ok(record) => {
                self.ends.tell(record.clone());
                Ok(record)
            }
            Err(error) => {
                // It is still in the journal, so it is still to be done.
                self.delivery.take(&record, Duration::ZERO);
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
                    self.delivery.take(&record, self.policy().config.delivery.deadline);
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

    /// Whether operations are taken.
    ///
    /// # Errors
    /// [`FaultCode::Stopping`], or [`FaultCode::JournalUnwritable`] and [`FaultCode::AuditUnwritable`] for some seconds
    /// after the journal or the audit log could not be written.
    pub fn ready(&self) -> Result<(), Fault> {
        if *self.stopping.borrow() {
            return Err(Fault::new(FaultCode::Stopping, "the service is stopping"));
        }
        self.parts.writable()
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

    /// Begins to record what a connector does, until what comes back is dropped. The audit log says so before.
    ///
    /// # Errors
    /// [`FaultCode::Busy`] if there are too many who do, [`FaultCode::AuditUnwritable`].
    pub async fn record(&self, connector: &str, caller: &Caller) -> Result<Listening, Fault> {
        let mut listening = self.parts.recordings.listen(connector)?;
        let (connector, caller) = (Some(connector.to_owned()), Some(caller.name.clone()));
        let about = About { operation: None, connector, caller };
        let started = Recorded { what: "started".to_owned(), operations: 0 };
        let audit = &self.parts.audit;
        audit.append(vec![Entry::now(about.clone(), started)]).await.map_err(|error| audit::unwritable(&error))?;
        listening.tell(audit.clone(), about);
        Ok(listening)
    }

    /// What is counted and measured.
    #[must_use]
    pub fn metrics(&self) -> Arc<Metrics> {
        Arc::clone(&self.parts.metrics)
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
        self.delivery.stop(most).await
    }

    /// Closes the journal and the audit log, once nobody asks any more.
    pub async fn close(self: &Arc<Self>) {
        self.parts.journal.close().await;
        if let Err(fault) = self.parts.registry.tell().await {
            tracing::error!("what became of connectors is not in the audit log: {fault}");
        }
        let (service, audit) = (Arc::clone(self), self.parts.audit.clone());
        // What is still to be written takes a moment of the disk.
        if tokio::task::spawn_blocking(move || service.watching.close(&audit)).await.is_err() {
            tracing::error!("the audit log was not closed");
        }
    }

    /// The journal, for reading that must not hold deliveries up: lists and streams, however long they are.
    #[must_use]
    pub fn reader(&self) -> &Reader {
        &self.reader
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
        self.repeats.tidy(now)?;
        let erased = self.parts.keys.retire(&in_use, now);
        erased.map(drop).map_err(|error| Fault::new(FaultCode::HostInternal, error.to_string()))
    }
}

fn not_now(record: &Record) -> Fault {
    Fault::new(FaultCode::NotPossibleNow, format!("operation {} is {}", record.id, record.state))
}
