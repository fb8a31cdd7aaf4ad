//! `portcullis check`: are the service, the connectors, their plugins and their directories what they should be? Writes
//! nothing.

mod service;

use std::sync::Arc;

use portcullis_capabilities::{OperationState, Severity};
use portcullis_directory::{Directory, Scope, Search};
use portcullis_model::{OperationId, Trace};
use serde_json::{Value, json};

use super::setup::Setup;
use crate::config::{self, Diagnostic};
use crate::connector::Connector;
use crate::show::{self, ExitCode};

struct Finding {
    severity: Severity,
    text: String,
    remedy: String,
}

impl Finding {
    fn new(severity: Severity, text: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { severity, text: text.into(), remedy: remedy.into() }
    }
}

fn warned(warning: &Diagnostic) -> Finding {
    let help = miette::Diagnostic::help(warning).map(|help| help.to_string());
    Finding::new(Severity::Warning, warning.to_string(), help.unwrap_or_default())
}

pub(super) async fn run(setup: &Setup, only: Option<&str>) -> ExitCode {
    let loaded = config::load_all(&setup.config).map_err(|problems| setup.problems(problems));
    let loaded = loaded.and_then(|loaded| setup.sandbox().map(|sandbox| (loaded, sandbox)));
    let ((mut files, service), sandbox) = match loaded {
        Ok(all) => all,
        Err(code) => return code,
    };
    let service = only.is_none().then(|| service::findings(&service, &setup.config)).flatten();
    if let Some(only) = only {
        let names: Vec<String> = files.iter().map(|file| file.name.clone()).collect();
        files.retain(|file| file.name == only);
        if files.is_empty() {
            return setup.fault(&setup.unknown(only, &names));
        }
    }
    let problem = |findings: &[Finding]| findings.iter().any(|finding| finding.severity == Severity::Problem);
    let broken = service.as_deref().is_some_and(problem);
    let mut worst = if broken { ExitCode::Configuration } else { ExitCode::Done };
    let mut all = Vec::new();
    for file in files {
        let name = file.name.clone();
        let mut findings: Vec<Finding> = file.warnings.iter().map(warned).collect();
        match Connector::start(file, &sandbox) {
            Ok(connector) => findings.extend(look(&connector).await),
            Err(fault) => {
                worst = ExitCode::of_fault(&fault);
                findings.push(Finding::new(Severity::Problem, fault.to_string(), fault.code.remedy()));
            }
        }
        if worst == ExitCode::Done && problem(&findings) {
            worst = ExitCode::Configuration;
        }
        all.push((name, findings));
    }
    setup.print(&if setup.json { show::to_text(&as_json(service.as_deref(), &all)) } else { as_text(service, all) });
    worst
}

async fn look(connector: &Connector) -> Vec<Finding> {
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
    findings.extend(own_findings(connector).await);
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
            findings.push(Finding::new(
                Severity::Problem,
                text,
                "correct `base` in [ldap.locate], or let the service account read it",
            ));
            return findings;
        }
        Err(failure) => {
            let remedy = portcullis_model::FaultCode::DirectoryUnavailable.remedy();
            findings.push(Finding::new(Severity::Problem, failure.to_string(), remedy));
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
            Err(failure) => Finding::new(Severity::Problem, format!("`exclude` could not be looked up: {failure}"), ""),
        });
    }
    findings
}

async fn own_findings(connector: &Connector) -> Vec<Finding> {
    if !connector.exports.offers_check() {
        return Vec::new();
    }
    let id = match OperationId::new() {
        Ok(id) => id,
        Err(error) => return vec![Finding::new(Severity::Problem, format!("no random bytes: {error}"), "")],
    };
    let state = OperationState::for_check(Arc::clone(&connector.context), &id, Trace::default());
    let ended =
        connector.prepared.run(state, async |store, instance| connector.exports.check(store, instance).await).await;
    match ended {
        Ok(found) => found.into_iter().map(|(severity, text, remedy)| Finding { severity, text, remedy }).collect(),
        Err(ended) => vec![Finding::new(
            Severity::Problem,
            format!("the plugin's own check failed: {ended}"),
            "report it to the plugin's vendor",
        )],
    }
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Good => "good",
        Severity::Warning => "warning",
        Severity::Problem => "PROBLEM",
    }
}

fn as_text(service: Option<Vec<Finding>>, all: Vec<(String, Vec<Finding>)>) -> String {
    let mut text = String::new();
    for (name, findings) in service.map(|findings| (config::SERVICE_FILE.to_owned(), findings)).into_iter().chain(all) {
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

fn as_json(service: Option<&[Finding]>, all: &[(String, Vec<Finding>)]) -> Value {
    let finding = |finding: &Finding| json!({ "severity": word(finding.severity).to_lowercase(), "text": finding.text, "remedy": finding.remedy });
    let connector = |(name, findings): &(String, Vec<Finding>)| json!({ "connector": name, "findings": findings.iter().map(finding).collect::<Vec<_>>() });
    let service = service.map(|findings| json!({ "findings": findings.iter().map(finding).collect::<Vec<_>>() }));
    json!({ "service": service, "connectors": all.iter().map(connector).collect::<Vec<_>>() })
}
