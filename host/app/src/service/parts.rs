//! What the parts of the service share.

use std::sync::Arc;

use arc_swap::ArcSwap;
use portcullis_journal::Journal;
use portcullis_seal::KeyRing;

use super::callers::{Callers, Rates};
use super::registry::Registry;
use crate::config::{Delivery, ServiceConfig};

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
}

impl Parts {
    /// `[delivery]` as it is now.
    pub(crate) fn delivery(&self) -> Delivery {
        self.policy.load().config.delivery.clone()
    }

    /// The policy as it is now.
    pub(crate) fn policy(&self) -> Arc<Policy> {
        self.policy.load_full()
    }
}
