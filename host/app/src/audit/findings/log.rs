//! `log-not-whole`, `log-not-verified`, `log-unreadable`: can what is said of use be believed?

use super::{Code, Finding};
use crate::audit::report::Place;
use crate::audit::report::used::{Log, LogState};

/// How many problems are told here; `portcullis audit verify` tells more.
const MOST: usize = 5;

pub(super) fn of(log: &Log) -> Vec<Finding> {
    let place = Place { file: log.folder.clone(), line: None, column: None, end: None };
    match &log.state {
        LogState::None | LogState::Whole { .. } => Vec::new(),
        LogState::NotWhole { problems } => {
            let told: Vec<&str> = problems.iter().take(MOST).map(|problem| problem.as_str()).collect();
            let more = problems.len().saturating_sub(MOST);
            let more = if more > 0 { format!(", and {more} more") } else { String::new() };
            let text = format!("the audit log is not as it was written: {}{more}", told.join("; "));
            let remedy = "`portcullis audit verify` shows all of it; find out who could write there, before anything is \
                          concluded from what was used";
            vec![Finding::new(Code::LogNotWhole, place, text, remedy)]
        }
        LogState::NotVerified { why } => {
            let remedy = "give the public key that `portcullis audit key` printed when the log was begun: `--key`";
            vec![Finding::new(Code::LogNotVerified, place, format!("the audit log was not verified: {why}"), remedy)]
        }
        LogState::Unreadable { why } => {
            let remedy = "run this as a user who may read the state folder, or name another one with --state";
            vec![Finding::new(Code::LogUnreadable, place, format!("the audit log cannot be read: {why}"), remedy)]
        }
    }
}
