//! `portcullis check`: are the connectors, their plugins and their directories what they should be? Writes nothing.

use portcullis_capabilities::Severity;
use serde_json::{Value, json};

use super::setup::Setup;
use crate::check::{Finding, look};
use crate::config::Diagnostic;
use crate::connector::Connector;
use crate::show::{self, ExitCode};

fn warned(warning: &Diagnostic) -> Finding {
    let help = miette::Diagnostic::help(warning).map(|help| help.to_string());
    Finding::new(Severity::Warning, warning.to_string(), help.unwrap_or_default())
}

pub(super) async fn run(setup: &Setup, only: Option<&str>) -> ExitCode {
    let (mut files, sandbox) = match setup.files().and_then(|files| setup.sandbox().map(|sandbox| (files, sandbox))) {
        Ok(both) => both,
        Err(code) => return code,
    };
    if let Some(only) = only {
        let names: Vec<String> = files.iter().map(|file| file.name.clone()).collect();
        files.retain(|file| file.name == only);
        if files.is_empty() {
            return setup.fault(&setup.unknown(only, &names));
        }
    }
    let mut worst = ExitCode::Done;
    let mut all = Vec::new();
    for file in files {
        let name = file.name.clone();
        let mut findings: Vec<Finding> = file.warnings.iter().map(warned).collect();
        match Connector::start(file, &sandbox) {
            Ok(connector) => findings.extend(look(&connector).await),
            Err(fault) => {
                worst = ExitCode::of_fault(&fault);
                findings.push(Finding::problem(fault.to_string(), fault.code.remedy(), fault.code));
            }
        }
        if worst == ExitCode::Done && findings.iter().any(Finding::is_problem) {
            worst = ExitCode::Configuration;
        }
        all.push((name, findings));
    }
    setup.print(&if setup.json { show::to_text(&as_json(&all)) } else { as_text(&all) });
    worst
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Good => "good",
        Severity::Warning => "warning",
        Severity::Problem => "PROBLEM",
    }
}

fn as_text(all: &[(String, Vec<Finding>)]) -> String {
    let mut text = String::new();
    for (name, findings) in all {
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

fn as_json(all: &[(String, Vec<Finding>)]) -> Value {
    let finding = |finding: &Finding| json!({ "severity": word(finding.severity).to_lowercase(), "text": finding.text, "remedy": finding.remedy });
    let connector = |(name, findings): &(String, Vec<Finding>)| json!({ "connector": name, "findings": findings.iter().map(finding).collect::<Vec<_>>() });
    json!({ "connectors": all.iter().map(connector).collect::<Vec<_>>() })
}
