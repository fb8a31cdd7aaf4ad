//! `portcullis check`: are the service, the connectors, their plugins and their directories what they should be? Writes
//! nothing but what the plugins' own checks asked, into the audit log. Where that takes nothing no plugin runs, and all
//! else is looked at.

mod service;

use portcullis_audit::AuditLog;
use portcullis_capabilities::Severity;
use portcullis_model::{Fault, FaultCode};
use serde_json::{Value, json};

use super::approve::who;
use super::ceiling::Lying;
use super::setup::Setup;
use crate::audit::look_audited;
use crate::ceiling::{CEILING_FILE, Excess};
use crate::check::{Finding, look_from_outside};
use crate::config::{self, Diagnostic};
use crate::connector::{Connector, NotStarted};
use crate::service::registry::approval::Approvals;
use crate::show::{self, ExitCode};
use crate::standing;

fn warned(warning: &Diagnostic) -> Finding {
    let help = miette::Diagnostic::help(warning).map(|help| help.to_string());
    Finding::new(Severity::Warning, warning.to_string(), help.unwrap_or_default())
}

/// Looks at one connector. The log is opened for the first one whose plugin has a check of its own.
async fn look(setup: &Setup, log: &mut Option<Result<AuditLog, Fault>>, connector: &Connector) -> Vec<Finding> {
    if !connector.exports.offers_check() {
        return look_from_outside(connector).await;
    }
    match log.get_or_insert_with(|| setup.audit_log()) {
        Ok(log) => {
            let (findings, kept) = look_audited(log, format!("user:{}", who()), connector).await;
            if let Err(fault) = kept {
                tracing::error!("what the plugin's own check asked is not in the audit log: {fault}");
            }
            findings
        }
        Err(fault) => {
            let mut findings = look_from_outside(connector).await;
            let text = format!("the plugin's own check did not run, as the audit log takes nothing: {fault}");
            findings.push(Finding::new(Severity::Warning, text, fault.code.remedy()));
            findings
        }
    }
}

pub(super) async fn run(setup: &Setup, only: Option<&str>) -> ExitCode {
    let loaded = config::load_all(&setup.config).map_err(|problems| setup.problems(problems));
    let loaded = loaded.and_then(|loaded| setup.sandbox().map(|sandbox| (loaded, sandbox)));
    let ((mut files, service), sandbox) = match loaded {
        Ok(all) => all,
        Err(code) => return code,
    };
    let ceiling = match setup.ceiling() {
        Ok(ceiling) => ceiling,
        Err(code) => return code,
    };
    let service = only.is_none().then(|| service::findings(&service, &setup.config)).flatten();
    if let Err(code) = setup.only(&mut files, only) {
        return code;
    }
    let problem = |findings: &[Finding]| findings.iter().any(Finding::is_problem);
    let broken = service.as_deref().is_some_and(problem);
    let mut worst = if broken { ExitCode::Configuration } else { ExitCode::Done };
    let approvals = Approvals::read(&setup.state);
    let (mut all, mut log) = (Vec::new(), None);
    for file in files {
        let name = file.name.clone();
        let mut findings: Vec<Finding> = file.warnings.iter().map(warned).collect();
        match standing::start(file, &sandbox, &ceiling, &approvals) {
            Ok((connector, standing)) => {
                let stands = standing.finding(&connector.file, connector.plugin.digest());
                worst = stands.as_ref().and_then(exit_code).unwrap_or(worst);
                findings.extend(stands);
                findings.extend(look(setup, &mut log, &connector).await);
            }
            Err((_, Some(finding))) => {
                worst = exit_code(&finding).unwrap_or(worst);
                findings.push(finding);
            }
            Err((NotStarted::Above(excesses), None)) => {
                worst = ExitCode::of_fault(&excesses.fault());
                let problem = |excess: &Excess| {
                    Finding::problem(excess.to_string(), excess.remedy.clone(), FaultCode::AboveCeiling)
                };
                findings.extend(excesses.all.iter().map(problem));
            }
            Err((NotStarted::Fault(fault), None)) => {
                worst = ExitCode::of_fault(&fault);
                findings.push(Finding::problem(fault.to_string(), fault.code.remedy(), fault.code));
            }
        }
        if worst == ExitCode::Done && problem(&findings) {
            worst = ExitCode::Configuration;
        }
        all.push((name, findings));
    }
    if let Err(fault) = setup.tell_altered(&sandbox) {
        tracing::error!("an altered file of the plugins' cache is not in the audit log: {fault}");
    }
    if let Some(Ok(log)) = log {
        log.close();
    }
    let lying = Lying::of(setup, &ceiling);
    let held = lying.as_ref().map(whose);
    setup.print(&if setup.json {
        let mut object = as_json(service.as_deref(), &all);
        if let (Some(lying), Some(held)) = (lying, held) {
            object["ceiling"] = lying.json();
            object["ceiling"]["findings"] = held.iter().map(finding_json).collect();
        }
        show::to_text(&object)
    } else {
        as_text(service, held, all)
    });
    worst
}

/// Of a problem that has a fault, what that fault ends a command with.
fn exit_code(finding: &Finding) -> Option<ExitCode> {
    finding.fault.map(|code| ExitCode::of_fault(&Fault::new(code, "")))
}

/// Whose the ceiling is.
fn whose(lying: &Lying) -> Vec<Finding> {
    let mut findings = vec![Finding::new(Severity::Good, format!("{} is {}'s", lying.file.display(), lying.owner), "")];
    let warning = |(text, remedy)| Finding::new(Severity::Warning, text, remedy);
    findings.extend(lying.warning().map(warning));
    findings
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Good => "good",
        Severity::Warning => "warning",
        Severity::Problem => "PROBLEM",
    }
}

fn as_text(service: Option<Vec<Finding>>, ceiling: Option<Vec<Finding>>, all: Vec<(String, Vec<Finding>)>) -> String {
    let mut text = String::new();
    let named = |name: &str, findings: Option<Vec<Finding>>| findings.map(|findings| (name.to_owned(), findings));
    let first = named(config::SERVICE_FILE, service).into_iter().chain(named(CEILING_FILE, ceiling));
    for (name, findings) in first.chain(all) {
        text += &format!("{name}\n");
        for finding in findings {
            text += &format!("  {:<8} {}\n", word(finding.severity), finding.text);
            if !finding.remedy.is_empty() {
                text += &format!("  {:<8} {}\n", "", finding.remedy);
            }
        }
    }
    text
}

fn finding_json(finding: &Finding) -> Value {
    json!({ "severity": word(finding.severity).to_lowercase(), "text": finding.text, "remedy": finding.remedy })
}

fn as_json(service: Option<&[Finding]>, all: &[(String, Vec<Finding>)]) -> Value {
    let connector = |(name, findings): &(String, Vec<Finding>)| json!({ "connector": name, "findings": findings.iter().map(finding_json).collect::<Vec<_>>() });
    let service = service.map(|findings| json!({ "findings": findings.iter().map(finding_json).collect::<Vec<_>>() }));
    json!({ "service": service, "ceiling": null, "connectors": all.iter().map(connector).collect::<Vec<_>>() })
}
