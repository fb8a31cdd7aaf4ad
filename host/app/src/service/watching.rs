//! What follows the audit log while the service runs: the watch for alarms, and what forwards it to collectors.

use std::path::PathBuf;
use std::sync::Arc;

use portcullis_audit::AuditLog;
use portcullis_model::Fault;

use super::parts::Parts;
use crate::audit::alarms::{self, Watch};
use crate::audit::forward::{self, Forward};

pub(super) struct Watching {
    alarms: Watch,
    forward: Vec<Forward>,
}

impl Watching {
    /// Begins, by what portcullis.toml says: of alarms at the time, of forwarding now.
    pub(super) fn start(state: PathBuf, parts: &Arc<Parts>) -> Result<Self, Fault> {
        let metrics = || Arc::clone(&parts.metrics);
        let start = |to| Forward::start(state.clone(), to, metrics(), forward::Pace::default());
        let forward = parts.policy().config.forward.iter().cloned().map(start).collect::<Result<_, _>>()?;
        let of = Arc::downgrade(parts);
        let settings = move || of.upgrade().map(|parts| parts.policy().config.alarms.clone());
        let alarms = Watch::start(state, parts.audit.clone(), settings, metrics(), alarms::Pace::default())?;
        Ok(Self { alarms, forward })
    }

    /// Closes the audit log after the last alarm, and forwards the checkpoint that closes it. Blocks for some seconds at
    /// most.
    pub(super) fn close(&self, audit: &AuditLog) {
        self.alarms.stop();
        audit.close();
        self.forward.iter().for_each(Forward::begin_to_stop);
        self.forward.iter().for_each(Forward::stop);
    }
}
