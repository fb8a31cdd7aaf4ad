//! Reading the log for the sums, and whether it is as it was written.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::SystemTime;

use portcullis_audit::verify::{Options, verify};
use portcullis_audit::{AuditError, FOLDER, PublicKey};
use serde::Serialize;

use super::{Tally, Used};
use crate::audit::report::Text;
use crate::config::ConnectorFile;

/// Whether the log can be believed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum LogState {
    /// There is none: nothing was done here, or elsewhere.
    None,
    /// It is as it was written.
    Whole {
        /// Its last place, to be kept elsewhere.
        place: String,
        /// The key that its signatures were compared with.
        key: String,
        /// Whether whoever asked gave the key. One that lies beside the log can be made together with a false log.
        key_was_given: bool,
    },
    /// It is not as it was written.
    NotWhole {
        /// What does not fit.
        problems: Vec<Text>,
    },
    /// It was read, and could not be verified.
    NotVerified {
        /// Why.
        why: Text,
    },
    /// It cannot be read.
    Unreadable {
        /// Why.
        why: Text,
    },
}

/// The log as it was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Log {
    /// Where it is.
    pub folder: Text,
    /// Whether it can be believed.
    #[serde(flatten)]
    pub state: LogState,
    /// Only lines from then on were summed up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// How many lines were read, of all connectors and times.
    pub lines: u64,
    /// How many were no lines, and were left out.
    pub left_out: u64,
}

/// Reads the log of a state folder for some connectors, and verifies it with a key that was kept elsewhere or with the one
/// that lies beside it.
#[must_use]
pub fn read(
    state: &Path,
    files: &[ConnectorFile],
    since: Option<SystemTime>,
    key: Option<PublicKey>,
) -> (Log, BTreeMap<String, Used>) {
    let mut tally = Tally::new(files.iter().map(|file| (file.name.clone(), file.accounts.clone())).collect());
    let folder = state.join(FOLDER);
    let mut log = Log {
        folder: folder.display().to_string().into(),
        state: LogState::None,
        since: since.map(|since| humantime::format_rfc3339_seconds(since).to_string()),
        lines: 0,
        left_out: 0,
    };
    match std::fs::symlink_metadata(&folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return (log, tally.used()),
        Err(error) => {
            log.state = LogState::Unreadable { why: format!("{}: {error}", folder.display()).into() };
            return (log, tally.used());
        }
        Ok(_) => {}
    }
    log.state = match verify(state, &Options { key, anchors: Vec::new() }) {
        Ok(report) if report.is_whole() => LogState::Whole {
            place: report.last.to_string(),
            key: report.key.to_string(),
            key_was_given: report.key_was_given,
        },
        Ok(report) => LogState::NotWhole { problems: report.findings.iter().map(|f| f.to_string().into()).collect() },
        Err(error) => LogState::NotVerified { why: error.to_string().into() },
    };
    if let Err(error) = sum(state, since, &mut tally, &mut log) {
        log.state = LogState::Unreadable { why: error.to_string().into() };
    }
    (log, tally.used())
}

fn sum(state: &Path, since: Option<SystemTime>, tally: &mut Tally, log: &mut Log) -> Result<(), AuditError> {
    for line in portcullis_audit::read(state)? {
        match line {
            Ok(line) => {
                log.lines += 1;
                let Ok(at) = humantime::parse_rfc3339(&line.at) else {
                    log.left_out += 1;
                    continue;
                };
                if since.is_none_or(|since| at >= since) {
                    tally.add(&line);
                }
            }
            Err(AuditError::Damaged { .. }) => log.left_out += 1,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
