//! What the host writes into the audit log, and what is read out of it: `report`, `findings` and `show` are
//! `portcullis audit`.
//!
//! Where an operation was located and what it was allowed is written before each of its effects, and the rest before
//! anybody is told how it ended. Nothing here decides anything, and nothing is written that holds a secret: the facts are made of
//! events, which hold none.

pub mod alarms;
pub mod anchors;
mod background;
pub mod findings;
pub mod forward;
pub mod report;
pub mod show;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;

use portcullis_audit::fact::CacheAltered;
use portcullis_audit::{About, AuditError, AuditLog, Entry};
use portcullis_capabilities::Intent;
use portcullis_model::{Fault, FaultCode, Moment, Operation, Trace};
use portcullis_sandbox::Sandbox;

use crate::check::{Finding, look_traced};
use crate::connector::Connector;
use crate::operation::{Around, Report, perform_within};

/// Opens the audit log of a state folder.
///
/// # Errors
/// The host's fault: it cannot be written, or it was changed.
pub fn open(state: &Path) -> Result<AuditLog, Fault> {
    AuditLog::open(state).map_err(|error| unwritable(&error))
}

/// The fault of an audit log that takes nothing, or of none where one was to be read.
pub(crate) fn unwritable(error: &AuditError) -> Fault {
    let code = match error {
        AuditError::NoLog { .. } => FaultCode::Misconfigured,
        _ => FaultCode::AuditUnwritable,
    };
    Fault::new(code, error.to_string())
}

/// Events of an operation as facts.
pub(crate) fn facts(about: &About, moments: Vec<Moment>) -> Vec<Entry> {
    let entry = |moment: Moment| Entry { at: moment.at, about: about.clone(), fact: moment.event.into() };
    moments.into_iter().map(entry).collect()
}

/// Writes down what happened until now before each effect of an operation.
struct BeforeEffect {
    log: AuditLog,
    about: About,
}

#[async_trait::async_trait]
impl Intent for BeforeEffect {
    async fn before_effect(&self, so_far: &Trace) -> Result<(), Fault> {
        self.log.append(facts(&self.about, so_far.take_new())).await.map_err(|error| unwritable(&error))
    }

    async fn before_further_effect(&self, so_far: &Trace) -> Result<(), Fault> {
        self.before_effect(so_far).await
    }
}

/// The files of the plugins' cache that were found altered since this was asked the last time.
pub(crate) fn altered(sandbox: &Sandbox) -> Vec<CacheAltered> {
    sandbox.take_altered().into_iter().map(|file| CacheAltered { file: file.display().to_string() }).collect()
}

/// Looks at a connector as somebody typed it, and writes down what the plugin's own check asked. Where that could not be
/// written down, the findings are true all the same, and the second value says why.
pub async fn look_audited(log: &AuditLog, caller: String, connector: &Connector) -> (Vec<Finding>, Result<(), Fault>) {
    let trace = Trace::default();
    let findings = look_traced(connector, &trace).await;
    let about = About { operation: None, connector: Some(connector.file.name.clone()), caller: Some(caller) };
    let kept = log.append(facts(&about, trace.take_new())).await.map_err(|error| unwritable(&error));
    (findings, kept)
}

/// Does one operation that somebody typed, and writes down all of it. Where its end could not be written down, the report
/// is true all the same, and the second value says why.
pub async fn perform_audited(
    log: &AuditLog,
    caller: String,
    connector: &Connector,
    operation: &Operation,
    around: Around,
) -> (Report, Result<(), Fault>) {
    let about = About {
        operation: Some(operation.id.to_string()),
        connector: Some(connector.file.name.clone()),
        caller: Some(caller),
    };
    let intent = Arc::new(BeforeEffect { log: log.clone(), about: about.clone() });
    let around = Around { intent: Some(intent), ..around };
    let mut report = perform_within(connector, operation, around).await;
    let rest = facts(&about, std::mem::take(&mut report.untaken));
    let kept = log.append(rest).await.map_err(|error| unwritable(&error));
    (report, kept)
}
