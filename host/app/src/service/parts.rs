//! What the parts of the service share.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use portcullis_audit::fact::Reached;
use portcullis_audit::{About, AuditLog, Entry};
use portcullis_journal::{Accepted, Event, Journal, JournalError, NewOperation, Record, State};
use portcullis_model::{Fault, FaultCode, OperationId};
use portcullis_seal::KeyRing;

use super::callers::{Callers, Rates};
use super::recordings::Recordings;
use super::registry::Registry;
use crate::audit;
use crate::config::{Delivery, ServiceConfig};
use crate::observe::Metrics;

/// Configuration and what is made of it: replaced as a whole when the operator changes portcullis.toml.
pub struct Policy {
    /// What the operator wrote.
    pub config: ServiceConfig,
    /// Who may ask.
    pub callers: Callers,
    /// How often.
    pub rates: Rates,
}

impl Policy {
    pub(crate) fn new(config: ServiceConfig) -> Self {
        Self { callers: Callers::new(&config), rates: Rates::new(&config), config }
    }
}

/// What the parts of the service share.
pub(crate) struct Parts {
    pub(crate) journal: Journal,
    pub(crate) audit: AuditLog,
    pub(crate) keys: KeyRing,
    pub(crate) registry: Arc<Registry>,
    pub(crate) policy: ArcSwap<Policy>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) recordings: Recordings,
    /// When the journal could not be written the last time, and why.
    pub(crate) trouble: Mutex<Option<(Instant, String)>>,
}

/// After the journal could not be written, nothing is taken for so long; then the next operation tries.
const TROUBLE: Duration = Duration::from_secs(5);

impl Parts {
    /// Writes an event into the journal, and lets those who observe know.
    pub(crate) async fn record(&self, id: &OperationId, event: Event) -> Result<Record, JournalError> {
        let fault = event.fault().map(|fault| fault.code);
        let by = event.name();
        let who = match &event {
            Event::Cancelled { by } | Event::Retried { by } => Some(by.clone()),
            _ => None,
        };
        let record = self.journal.record(id, event).await.inspect_err(|error| self.troubled(error))?;
        self.metrics.reached(&record, fault);
        if record.state != State::Acting {
            let fault = fault.map(|code| code.to_string());
            let reached = Reached { state: record.state.to_string(), by: by.to_owned(), fault, who };
            self.audit.note(vec![Entry::now(about(&record), reached)]);
        }
        Ok(record)
    }

    /// Takes an operation into the journal.
    pub(crate) async fn accept(&self, new: NewOperation) -> Result<Accepted, JournalError> {
        self.journal.accept(new).await.inspect_err(|error| self.troubled(error))
    }

    fn troubled(&self, error: &JournalError) {
        if matches!(error, JournalError::Storage { .. } | JournalError::Io { .. } | JournalError::Damaged { .. }) {
            let trouble = (Instant::now(), error.to_string());
            *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = Some(trouble);
        }
    }

    /// Whether journal and audit log can be written, or could not a moment ago.
    pub(crate) fn writable(&self) -> Result<(), Fault> {
        let trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, why)) = trouble.as_ref().filter(|(at, _)| at.elapsed() < TROUBLE) {
            return Err(Fault::new(FaultCode::JournalUnwritable, why.clone()));
        }
        self.audited()
    }

    /// Whether the audit log can be written, or could not a moment ago.
    pub(crate) fn audited(&self) -> Result<(), Fault> {
        self.audit.trouble(TROUBLE).map_or(Ok(()), |error| Err(audit::unwritable(&error)))
    }

    /// `[delivery]` as it is now.
    pub(crate) fn delivery(&self) -> Delivery {
        self.policy.load().config.delivery.clone()
    }

    /// The policy as it is now.
    pub(crate) fn policy(&self) -> Arc<Policy> {
        self.policy.load_full()
    }
}

/// Whom the facts of an operation are about.
pub(crate) fn about(record: &Record) -> About {
    About {
        operation: Some(record.id.to_string()),
        connector: Some(record.connector.clone()),
        caller: Some(record.caller.clone()),
    }
}
