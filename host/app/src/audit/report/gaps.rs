//! What the report does not tell, and why: a reader must not take silence for a clean bill.

use portcullis_model::OperationKind;
use serde::Serialize;

use super::used::{LogState, Used};
use super::{Approved, Item, Rights, Subject, Text, counted};
use crate::config::{ConnectorFile, DirectorySource};

/// How many operations in which a grant could have been used must be done before it is said that it never was.
pub const ENOUGH: u64 = 20;

/// How many of these there must be of each kind that the file grants.
pub const ENOUGH_OF_EACH: u64 = 5;

/// One thing that is not told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// A stable name.
    pub code: &'static str,
    /// What is not told, and why.
    pub text: Text,
}

/// The operations in which an item could have been used: how many of each kind; none if they are too few to say that it is
/// not needed.
#[must_use]
pub fn enough(file: &ConnectorFile, used: &Used, item: &Item) -> Option<Vec<(OperationKind, u64)>> {
    let kinds = file.operations.iter().filter(|kind| item.serves(**kind));
    let done: Vec<_> = kinds.map(|kind| (*kind, used.last.done(*kind))).collect();
    let total: u64 = done.iter().map(|(_, count)| count).sum();
    let few = total < ENOUGH || done.iter().any(|(_, count)| *count < ENOUGH_OF_EACH);
    (done.is_empty() || !few).then_some(done)
}

/// Whether the log tells all that was used.
#[must_use]
pub(crate) fn tells_all(subject: &Subject<'_>) -> bool {
    let whole = matches!(subject.log.state, LogState::Whole { .. } | LogState::NotVerified { .. });
    whole && subject.log.left_out == 0 && subject.used.omitted == 0 && subject.used.untold == 0
}

/// Whether what was used last was used by the plugin that is there, as far as the log tells.
#[must_use]
pub(crate) fn same_plugin(subject: &Subject<'_>) -> bool {
    subject.used.last.plugin.as_ref().is_none_or(|ran| *ran == subject.plugin.sha256)
}

/// What is not told of a connector.
#[must_use]
pub fn gaps(subject: &Subject<'_>) -> Vec<Gap> {
    let mut all = Vec::new();
    let mut gap = |code, text: String| all.push(Gap { code, text: text.into() });
    let used = subject.used;
    if subject.plugin.surface.is_some() {
        let text = "a binary tells which functions a plugin calls, and not with which attributes, values and settings";
        gap("names-in-the-binary", text.into());
    } else {
        gap("binary-not-read", "what the plugin requests: its binary cannot be read".into());
    }
    let unused = "whether grants are needed that were not used";
    match &subject.log.state {
        LogState::None => gap("no-log", format!("what was used: there is no audit log in {}", subject.log.folder)),
        LogState::Unreadable { .. } => gap("log-unreadable", "what was used: the audit log cannot be read".into()),
        _ if used.span.count == 0 => {
            let text = "what was used: the audit log holds no operation of this connector in this time";
            gap("no-operations", text.into());
        }
        LogState::NotWhole { .. } => gap("log-not-whole", format!("{unused}: the audit log is not as it was written")),
        LogState::Whole { .. } | LogState::NotVerified { .. } if !tells_all(subject) => {
            let lacking = [
                (used.omitted, "call", "omitted from the log"),
                (used.untold, "line", "too many to be told apart"),
                (subject.log.left_out, "line", "broken"),
            ];
            let lacking = lacking.iter().filter(|(count, ..)| *count > 0);
            let told: Vec<String> =
                lacking.map(|(count, what, how)| format!("{} {how}", counted(*count, what))).collect();
            gap("calls-omitted", format!("{unused}: the log does not tell all ({})", told.join(", ")));
        }
        LogState::Whole { .. } | LogState::NotVerified { .. } if !same_plugin(subject) => {
            let text = format!("{unused}: the plugin that the service ran last is not the one that is there now");
            gap("another-plugin", text);
        }
        LogState::Whole { .. } | LogState::NotVerified { .. } => few(subject, unused, &mut gap),
    }
    if let Approved::NotKnown(why) = &subject.plugin.approval {
        gap("approvals-not-read", format!("whether the plugin was approved: {why}"));
    }
    let servers = subject.file.ldap.as_ref().map(|ldap| &ldap.source);
    if let (Some(DirectorySource::Servers(_)), Rights::NotLookedAt) = (servers, subject.rights) {
        let text = "whether the service account has more rights than the grants need: `--live` asks the directory";
        gap("rights-not-looked-at", text.into());
    }
    if let Rights::NotTold { why } = subject.rights {
        gap("rights-not-told", format!("whether the service account has more rights than the grants need: {why}"));
    }
    all
}

fn few(subject: &Subject<'_>, unused: &str, gap: &mut impl FnMut(&'static str, String)) {
    let last = &subject.used.last;
    let lacking: Vec<String> = subject
        .file
        .operations
        .iter()
        .map(|kind| (kind, last.done(*kind)))
        .filter(|(_, count)| *count < ENOUGH_OF_EACH)
        .map(|(kind, count)| format!("{count} {kind}"))
        .collect();
    let total = last.operations();
    let were = if total == 1 { "was" } else { "were" };
    let since = last
        .since
        .as_ref()
        .map(|since| format!(" since {since}, when the service began to run another plugin or file"));
    let since = since.unwrap_or_default();
    if !lacking.is_empty() || total < ENOUGH {
        let which = if lacking.is_empty() { String::new() } else { format!(", among them {}", lacking.join(", ")) };
        let text = format!(
            "{unused}, in part: {} {were} done{since}{which}; {ENOUGH} that could use a grant, and {ENOUGH_OF_EACH} of \
             each kind, are enough to say",
            counted(total, "operation")
        );
        gap("few-operations", text);
    }
}
