//! What follows the audit log while the service runs: the watch for alarms, and what forwards it to a collector.

use std::path::PathBuf;
use std::sync::Arc;

use portcullis_audit::AuditLog;
use portcullis_model::Fault;

use super::parts::Parts;
use crate::audit::alarms::{self, Watch};
use crate::audit::forward::{self, Forward};

pub(super) struct Watching {
    alarms: Watch,
    forward: Option<Forward>,
}

impl Watching {
    /// Begins, by what portcullis.toml says: of alarms at the time, of forwarding now.
    pub(super) fn start(state: PathBuf, parts: &Arc<Parts>) -> Result<Self, Fault> {
        let metrics = || Arc::clone(&parts.metrics);
        let collector = parts.policy().config.forward.clone();
        let forward =
            collector.map(|to| Forward::start(state.clone(), to, metrics(), forward::Pace::default())).transpose()?;
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
        self.forward.iter().for_each(Forward::stop);
    }
}
