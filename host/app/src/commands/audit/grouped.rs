//! What `portcullis audit verify` found, in as few sentences as say it: a changed file breaks every line behind the change.

use portcullis_audit::verify::{Finding, Report};

/// The findings in words, those of neighbouring lines as one.
pub(super) fn grouped(report: &Report) -> Vec<String> {
    let mut all = Vec::new();
    let unsigned = |finding: &&Finding| matches!(finding, Finding::BadCheckpoint { .. });
    let foreign = report.findings.iter().filter(unsigned).count();
    let foreign = if report.checkpoints == 0 && foreign > 1 { foreign } else { 0 };
    if foreign > 0 {
        let key = &report.key;
        all.push(format!(
            "none of the {foreign} signatures in checkpoints is of the key {key}: is it the key of this log?"
        ));
    }
    let mut rest = report.findings.iter().filter(|finding| foreign == 0 || !unsigned(finding)).peekable();
    while let Some(first) = rest.next() {
        let mut last = first;
        while let Some(next) = rest.next_if(|next| follows(last, next)) {
            last = next;
        }
        all.push(match (first, last) {
            (Finding::Edited { file, seq }, Finding::Edited { seq: to, .. }) if seq != to => {
                format!("{file}: lines {seq} to {to} were changed, or the hashes of them")
            }
            (Finding::NotALine { file, at }, Finding::NotALine { at: to, .. }) if at != to => {
                format!("{file}: its lines {at} to {to} are not lines of the log")
            }
            _ => first.to_string(),
        });
    }
    all
}

fn follows(one: &Finding, other: &Finding) -> bool {
    match (one, other) {
        (Finding::Edited { file, seq }, Finding::Edited { file: same, seq: next }) => file == same && *next == seq + 1,
        (Finding::NotALine { file, at }, Finding::NotALine { file: same, at: next }) => file == same && *next == at + 1,
        _ => false,
    }
}
