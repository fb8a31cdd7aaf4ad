//! For programs: the form is described field by field in docs/audit-report.md, and a test compares them.

use serde_json::{Value, json};

use crate::audit::findings::Severity;
use crate::audit::report::Report;

/// The whole report.
///
/// # Errors
/// None that is known: every key is a text.
pub fn json(report: &Report) -> Result<Value, serde_json::Error> {
    let mut value = serde_json::to_value(report)?;
    let count = |severity| report.findings.iter().filter(|finding| finding.severity == severity).count();
    value["summary"] = json!({
        "errors": count(Severity::Error),
        "warnings": count(Severity::Warning),
        "notes": count(Severity::Note),
    });
    Ok(value)
}
