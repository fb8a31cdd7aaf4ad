//! What the parts of the service share.

use std::sync::Arc;

use arc_swap::ArcSwap;
use portcullis_journal::{Event, Journal, JournalError, Record};
use portcullis_model::OperationId;
use portcullis_seal::KeyRing;

use super::callers::{Callers, Rates};
use super::registry::Registry;
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
    pub(crate) keys: KeyRing,
    pub(crate) registry: Arc<Registry>,
    pub(crate) policy: ArcSwap<Policy>,
    pub(crate) metrics: Arc<Metrics>,
}

impl Parts {
    /// Writes an event into the journal, and lets those who observe know.
    pub(crate) async fn record(&self, id: &OperationId, event: Event) -> Result<Record, JournalError> {
        let fault = event.fault().map(|fault| fault.code);
        let record = self.journal.record(id, event).await?;
        self.metrics.reached(&record, fault);
        Ok(record)
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
