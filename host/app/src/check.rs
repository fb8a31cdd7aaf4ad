//! What is to be seen of a connector that is ready: its pin, its directory, and its plugin's own check. Writes nothing.
//!
//! `portcullis check` shows it to people; the registry asks it before a changed connector takes the place of the former.

use std::sync::Arc;

use portcullis_capabilities::{Ledger, OperationState, Severity};
use portcullis_directory::{Directory, Failure, Scope, Search};
use portcullis_model::{FaultCode, OperationId, Trace};
use portcullis_sandbox::Ended;

use crate::connector::Connector;

/// One thing that was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How much it matters.
    pub severity: Severity,
    /// What was seen. Holds no secret.
    pub text: String,
    /// What to do; empty where there is nothing to do.
    pub remedy: String,
    /// Of a problem: the fault that an operation would meet.
    pub fault: Option<FaultCode>,
}

impl Finding {
    /// One that is no problem.
    pub fn new(severity: Severity, text: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { severity, text: text.into(), remedy: remedy.into(), fault: None }
    }

    /// A problem: operations will fail with this fault.
    pub fn problem(text: impl Into<String>, remedy: impl Into<String>, fault: FaultCode) -> Self {
        Self { fault: Some(fault), ..Self::new(Severity::Problem, text, remedy) }
    }

    /// Whether operations will fail.
    #[must_use]
    pub fn is_problem(&self) -> bool {
        self.severity == Severity::Problem
    }
}

/// Looks at everything: the pin, what is granted and not offered, the directory, and what the plugin's own check says.
///
/// Takes at most the directory's timeouts and the connector's time limit.
/// What the plugin's own check asked of the host is in the trace.
pub async fn look_traced(connector: &Connector, trace: &Trace) -> Vec<Finding> {
    let mut findings = look_from_outside(connector).await;
    findings.extend(own_findings(connector, trace).await);
    findings
}

/// The same without the plugin's own check: nothing of the plugin runs.
pub async fn look_from_outside(connector: &Connector) -> Vec<Finding> {
    let mut findings =
        vec![Finding::new(Severity::Good, "the plugin is loaded and linked with what it was granted", "")];
    if connector.file.sha256.is_none() {
        let remedy = format!("write sha256 = \"{}\" into {}", connector.plugin.digest(), connector.file.path.display());
        findings.push(Finding::new(Severity::Warning, "the plugin is not pinned: any file of its name is run", remedy));
    }
    for kind in connector.file.operations.iter().filter(|kind| !connector.exports.offers(**kind)) {
        let text = format!("`{kind}` is granted, and the plugin does not export the interface for it");
        findings.push(Finding::new(Severity::Warning, text, "take it out of `operations`"));
    }
    if let Some(directory) = &connector.context.directory {
        findings.extend(directory_findings(connector, &**directory).await);
    }
    findings
}

async fn directory_findings(connector: &Connector, directory: &dyn Directory) -> Vec<Finding> {
    let mut findings = Vec::new();
    let Some(locator) = &connector.locator else { return findings };
    let search = |filter: &str, scope| Search {
        base: locator.base().to_owned(),
        scope,
        filter: filter.to_owned(),
        attributes: Vec::new(),
        limit: 1,
    };
    match directory.search(&search("(objectClass=*)", Scope::Base)).await {
        Ok(found) if found.answer.code == 0 && !found.entries.is_empty() => {
            let text = format!("{} answers, and the service account sees {}", found.answer.server, locator.base());
            findings.push(Finding::new(Severity::Good, text, ""));
        }
        Ok(found) => {
            let text =
                format!("{} does not show {}: result code {}", found.answer.server, locator.base(), found.answer.code);
            // RFC 4511 appendix A: busy (51) and unavailable (52) say nothing of the base.
            let fault = match found.answer.code {
                51 | 52 => FaultCode::DirectoryUnavailable,
                _ => FaultCode::Misconfigured,
            };
            let remedy = "correct `base` in [ldap.locate], or let the service account read it";
            findings.push(Finding::problem(text, remedy, fault));
            return findings;
        }
        Err(failure) => {
            findings.push(failed(&failure, failure.to_string()));
            return findings;
        }
    }
    if let Some(exclude) = locator.exclude() {
        // An attribute that the service account may not read matches nothing: an exclusion that never works.
        let found = directory.search(&search(exclude, Scope::Subtree)).await;
        findings.push(match found {
            Ok(found) if !found.entries.is_empty() => {
                Finding::new(Severity::Good, format!("`exclude` matches entries: {exclude}"), "")
            }
            Ok(_) => Finding::new(
                Severity::Warning,
                format!("`exclude` matches no entry that the service account sees: {exclude}"),
                "if there should be one, let the service account read the attributes of the filter",
            ),
            Err(failure) => failed(&failure, format!("`exclude` could not be looked up: {failure}")),
        });
    }
    findings
}

fn failed(failure: &Failure, text: String) -> Finding {
    let fault = match failure {
        Failure::Unavailable(_) => FaultCode::DirectoryUnavailable,
        Failure::Unprotected(_) => FaultCode::ConnectionUnprotected,
        Failure::ServiceAccount(_) | Failure::BindRefused(_) => FaultCode::ServiceAccountRefused,
        Failure::InDoubt(_) | Failure::Nonsense(_) => FaultCode::DirectoryNonsense,
    };
    Finding::problem(text, fault.remedy(), fault)
}

async fn own_findings(connector: &Connector, trace: &Trace) -> Vec<Finding> {
    if !connector.exports.offers_check() {
        return Vec::new();
    }
    let id = match OperationId::new() {
        Ok(id) => id,
        Err(error) => return vec![Finding::problem(format!("no random bytes: {error}"), "", FaultCode::HostInternal)],
    };
    let ledger = Ledger::default();
    let state = OperationState::for_check(Arc::clone(&connector.context), &id, trace.clone(), ledger.clone());
    let ended =
        connector.prepared.run(state, async |store, instance| connector.exports.check(store, instance).await).await;
    match ended {
        Ok(found) => found
            .into_iter()
            .map(|(severity, text, remedy)| match severity {
                Severity::Problem => Finding::problem(text, remedy, FaultCode::PluginFault),
                severity => Finding::new(severity, text, remedy),
            })
            .collect(),
        Err(ended) => {
            let text = format!("the plugin's own check failed: {ended}");
            vec![match ended {
                Ended::Busy(_) => Finding::problem(text, FaultCode::Busy.remedy(), FaultCode::Busy),
                Ended::Time(_) if ledger.seen().waiting => {
                    Finding::problem(text, FaultCode::OperationTimeout.remedy(), FaultCode::OperationTimeout)
                }
                // It ran, or slept, and waited for nobody.
                Ended::Limit(_) | Ended::Time(_) => {
                    Finding::problem(text, FaultCode::PluginLimit.remedy(), FaultCode::PluginLimit)
                }
                Ended::Trapped(_) | Ended::Panicked(_) => {
                    Finding::problem(text, "report it to the plugin's vendor", FaultCode::PluginTrapped)
                }
            }]
        }
    }
}

/// Whether the connector's directory answers at all, whatever it says; one without a directory has nothing to reach.
pub async fn reaches(connector: &Connector) -> bool {
    let Some(directory) = &connector.context.directory else { return true };
    let findings = directory_findings(connector, &**directory).await;
    !findings.iter().any(|finding| finding.fault == Some(FaultCode::DirectoryUnavailable))
}
