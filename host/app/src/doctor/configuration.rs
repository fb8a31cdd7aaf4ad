//! Step 1: the connector's file, its plugin, and the secrets that it names.

use portcullis_capabilities::Severity;
use portcullis_model::{Fault, FaultCode};
use portcullis_sandbox::Sandbox;

use super::Wanted;
use super::step::{Finding, Step, StepName};
use crate::check;
use crate::config::{ConnectorFile, Diagnostic, DirectorySource};
use crate::connector::{Connector, NotStarted};
use crate::operation;
use crate::show::ExitCode;
use crate::standing::{self, Standing};

/// The step, and the connector if it can run.
pub(super) fn look(file: &ConnectorFile, sandbox: &Sandbox, wanted: &Wanted<'_>) -> (Step, Option<Connector>) {
    let mut step = Step::new(StepName::Configuration);
    for (text, remedy) in &wanted.beside {
        step.add(Finding::warning(text, remedy));
    }
    for warning in &file.warnings {
        step.add(Finding::warning(warning.to_string(), help(warning)));
    }
    secrets(file, &mut step);
    match standing::start(file.clone(), sandbox, &wanted.ceiling, &wanted.approvals) {
        Ok((connector, standing)) => {
            plugin(&connector, &standing, &mut step);
            (step, Some(connector))
        }
        Err((_, Some(finding))) => {
            step.add(told(finding));
            (step, None)
        }
        Err((NotStarted::Above(excesses), None)) => {
            for excess in &excesses.all {
                let failed = Finding::failed(ExitCode::NotGranted, excess.to_string(), excess.remedy.clone());
                step.add(failed.fact("code", FaultCode::AboveCeiling.name()));
            }
            (step, None)
        }
        Err((NotStarted::Fault(fault), None)) => {
            // A secret that cannot be read was said, with a better remedy.
            let said =
                step.findings.iter().any(|finding| finding.facts.get("code").is_some_and(|c| c == fault.code.name()));
            if !said {
                step.add(Finding::fault(&fault));
            }
            (step, None)
        }
    }
}

/// A finding of [`crate::check`], as one of the doctor's.
fn told(finding: check::Finding) -> Finding {
    let check::Finding { severity, text, remedy, fault } = finding;
    match (severity, fault) {
        (Severity::Good, _) => Finding::ok(text),
        (Severity::Problem, Some(code)) => {
            let exit = ExitCode::of_fault(&Fault::new(code, ""));
            Finding::failed(exit, text, remedy).fact("code", code.name())
        }
        _ => Finding::warning(text, remedy),
    }
}

fn plugin(connector: &Connector, standing: &Standing, step: &mut Step) {
    let file = &connector.file;
    let kinds: Vec<_> = operation::kinds(connector).iter().map(|kind| kind.name()).collect();
    let digest = connector.plugin.digest().to_string();
    let text = format!("the plugin is loaded and linked with what it was granted; it does {}", kinds.join(", "));
    step.add(Finding::ok(text).fact("sha256", digest.as_str()).fact("operations", kinds));
    if let Some(finding) = standing.finding(file, connector.plugin.digest()) {
        step.add(told(finding));
    }
    for kind in file.operations.iter().filter(|kind| !connector.exports.offers(**kind)) {
        let text = format!("`{kind}` is granted, and the plugin does not export the interface for it");
        step.add(Finding::warning(text, "take it out of `operations`"));
    }
}

/// Reads each secret once, and forgets it.
fn secrets(file: &ConnectorFile, step: &mut Step) {
    let Some(DirectorySource::Servers(servers)) = file.ldap.as_ref().map(|ldap| &ldap.source) else { return };
    let Some(bind) = &servers.bind else {
        let remedy = "name a service account by `bind-dn` and `bind-password`";
        return step.add(Finding::warning("there is no service account: the directory is asked as anybody", remedy));
    };
    match bind.password.resolve() {
        Ok(resolved) if resolved.warnings.is_empty() => {
            step.add(Finding::ok(format!("the service account's password is in {}, and can be read", bind.password)));
        }
        Ok(resolved) => {
            for warning in &resolved.warnings {
                step.add(Finding::warning(warning.to_string(), help(warning)).fact("code", warning.name()));
            }
        }
        Err(problem) => {
            let code = FaultCode::SecretUnreadable.name();
            let failed = Finding::failed(ExitCode::Configuration, problem.to_string(), help(&problem));
            step.add(failed.fact("code", code));
        }
    }
}

fn help(diagnostic: &Diagnostic) -> String {
    miette::Diagnostic::help(diagnostic).map(|help| help.to_string()).unwrap_or_default()
}
