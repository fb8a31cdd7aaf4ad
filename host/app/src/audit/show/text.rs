//! For people on a terminal.

use super::words;
use crate::audit::findings::{Finding, Severity};
use crate::audit::report::{ConnectorReport, Report, counted};

/// The whole report, with a line break at the end. Every word of others in it is a [`crate::audit::report::Text`].
#[must_use]
pub fn text(report: &Report) -> String {
    let mut text = String::new();
    for connector in &report.connectors {
        text += &one(report, connector);
    }
    for name in report.unusable() {
        text += &format!("{name}\n  {}\n\n", words::UNUSABLE);
    }
    text += &format!("audit log  {}\n", words::log(report));
    text += &match &report.ceiling {
        Some(ceiling) => format!("ceiling    {}, owner {}, sha256 {}\n", ceiling.file, ceiling.owner, ceiling.sha256),
        None => "ceiling    none\n".to_owned(),
    };
    text.push('\n');
    for finding in &report.findings {
        text += &of_finding(finding);
    }
    let count = |severity| report.findings.iter().filter(|finding| finding.severity == severity).count();
    let (errors, warnings, notes) = (count(Severity::Error), count(Severity::Warning), count(Severity::Note));
    let told = [(errors, "error"), (warnings, "warning"), (notes, "note")];
    let told = told.map(|(count, word)| counted(count as u64, word));
    text + &format!("{}\n", told.join(", "))
}

fn one(report: &Report, connector: &ConnectorReport) -> String {
    let plugin = &connector.plugin;
    let pinned = if plugin.pinned { "pinned" } else { "not pinned" };
    let approved = if plugin.approved { "approved" } else { "not approved" };
    let signer = plugin.signer.as_ref().map_or_else(|| "not signed".into(), |signer| format!("signed by {signer}"));
    let mut text = format!("{}\n", connector.connector);
    text += &format!("  file       {}\n", connector.file);
    text += &format!("  plugin     {}, {pinned}, {approved}, {signer}\n", plugin.file);
    text += &format!("  sha256     {}\n  size       {} bytes\n", plugin.sha256, plugin.size);
    if report.is_stopped(&connector.connector) {
        text += &format!("\n  {}\n", words::STOPPED);
    }
    text += "\n  Proved by the binary, whatever its code does:\n";
    for proved in &connector.proved_by_the_binary {
        text += &format!("    {}\n", proved.text);
    }
    text += "\n  Enforced by the host at run time:\n";
    for enforced in &connector.enforced_at_run_time {
        text += &format!("    {}\n", enforced.text);
    }
    text += &format!("\n  Used: {}\n", words::over(report, connector));
    let head = ["grant", "requested", "granted", "ceiling", "used"].map(str::to_owned);
    let rows = connector.grants.iter().map(|row| {
        [
            words::item(row),
            words::requested(&row.requested),
            words::granted(row),
            words::ceiling(&row.ceiling),
            words::used(connector, row),
        ]
    });
    text += &table(&std::iter::once(head).chain(rows).collect::<Vec<_>>());
    if let Some(account) = words::service_account(connector) {
        text += &format!("\n  Service account: {account}\n");
    }
    text += "\n  Not told:\n";
    for gap in &connector.not_told {
        text += &format!("    {}\n", gap.text);
    }
    text.push('\n');
    text
}

/// Columns as wide as their widest cell.
fn table(rows: &[[String; 5]]) -> String {
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..5).map(width).collect();
    let line = |row: &[String; 5]| {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        format!("    {}\n", cells.join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}

fn of_finding(finding: &Finding) -> String {
    let whose = finding.connector.as_ref().map(|name| format!("{name}: ")).unwrap_or_default();
    let mut text = format!("{}[{}]: {whose}{}\n", finding.severity.word(), finding.code.name(), finding.text);
    text += &format!("  --> {}\n", finding.place);
    let colon = if finding.paste.is_empty() { "" } else { ":" };
    text += &format!("  remedy: {}{colon}\n", finding.remedy);
    for line in &finding.paste {
        text += &format!("      {line}\n");
    }
    text.push('\n');
    text
}
