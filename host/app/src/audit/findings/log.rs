//! `log-not-whole`, `log-not-verified`, `log-unreadable`, `log-begun-anew`, `no-log`: can what is said of use be believed?

use super::{Code, Finding, Severity};
use crate::audit::report::Place;
use crate::audit::report::used::{Log, LogState};

/// How many problems are told here; `portcullis audit verify` tells more.
const MOST: usize = 5;

pub(super) fn of(log: &Log) -> Vec<Finding> {
    let place = Place { file: log.folder.clone(), line: None, column: None, end: None };
    let mut all = state(log, &place);
    for anew in &log.begun_anew {
        let text = format!(
            "the audit log was begun anew in line {}, at {}, by {}: {}; what was wrong with the former one: {}",
            anew.line, anew.at, anew.who, anew.why, anew.found
        );
        let remedy = "ask who did it, and look into the former files: what they no longer hold is in no line";
        all.push(Finding::new(Code::LogBegunAnew, place.clone(), text, remedy));
    }
    all
}

fn state(log: &Log, place: &Place) -> Vec<Finding> {
    let place = place.clone();
    match &log.state {
        LogState::Whole { .. } => Vec::new(),
        LogState::None { key_was_given } => {
            let text = format!("there is no audit log in {}", log.folder);
            let remedy = "name the state folder of the service with --state; where it is the right one, somebody took the \
                          log away, or nothing was done yet";
            let mut finding = Finding::new(Code::NoLog, place, text, remedy);
            if *key_was_given {
                // Whoever has its key knows that there was one.
                finding.severity = Severity::Error;
            }
            vec![finding]
        }
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
