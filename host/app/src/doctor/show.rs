//! Examinations for people and for programs.

use serde_json::{Value, json};

use super::step::{Examination, Finding, Mark, Step};

/// For people: a line for each step, its findings below it.
#[must_use]
pub fn as_text(all: &[Examination]) -> String {
    all.iter().map(examination).collect()
}

/// For programs. Fields are added, never renamed.
#[must_use]
pub fn as_json(all: &[Examination]) -> Value {
    let worst = all.iter().map(Examination::mark).max().unwrap_or(Mark::Skipped);
    let connectors: Vec<_> = all
        .iter()
        .map(|one| {
            let steps: Vec<_> = one.steps.iter().map(step_json).collect();
            json!({ "connector": one.connector, "result": one.mark(), "steps": steps })
        })
        .collect();
    json!({ "result": worst, "connectors": connectors })
}

fn step_json(step: &Step) -> Value {
    let findings: Vec<_> = step.findings.iter().map(finding_json).collect();
    json!({ "step": step.name, "result": step.mark(), "findings": findings })
}

fn finding_json(finding: &Finding) -> Value {
    let remedy = (!finding.remedy.is_empty()).then_some(&finding.remedy);
    json!({ "result": finding.mark, "text": finding.text, "remedy": remedy, "server": finding.server, "facts": finding.facts })
}

fn examination(one: &Examination) -> String {
    let mut text = format!("{}: {}\n", one.connector, word(one.mark()));
    for (number, step) in one.steps.iter().enumerate() {
        text += &format!("  {} {:<15} {}\n", number + 1, step.name.word(), word(step.mark()));
        text += &step.findings.iter().map(finding).collect::<String>();
    }
    text
}

fn finding(finding: &Finding) -> String {
    let server = finding.server.as_ref().map(|server| format!("{server}: ")).unwrap_or_default();
    let mut text = format!("      {:<8} {server}{}\n", word(finding.mark), finding.text);
    if !finding.remedy.is_empty() {
        text += &format!("      {:<8} -> {}\n", "", finding.remedy);
    }
    text
}

/// What failed stands out where colours do not.
fn word(mark: Mark) -> &'static str {
    match mark {
        Mark::Failed => "FAILED",
        other => other.word(),
    }
}
