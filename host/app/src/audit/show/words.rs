//! The words of the table, the same in every form for people.

use crate::audit::report::used::{LogState, Seen};
use crate::audit::report::{AgainstCeiling, ConnectorReport, Gap, Report, Requested, Rights, Row, counted};

pub(super) fn requested(requested: &Requested) -> String {
    match requested {
        Requested::Calls { functions } => format!("calls {}", functions.join(", ")),
        Requested::Exports { interface } => format!("exports {interface}"),
        Requested::No => "no".into(),
        Requested::ByHost => "done by the host".into(),
        Requested::NotKnown => "not known".into(),
    }
}

pub(super) fn granted(row: &Row) -> String {
    match row.granted.as_ref().and_then(|place| place.line) {
        Some(line) => format!("line {line}"),
        None if row.granted.is_some() => "yes".into(),
        None => "no".into(),
    }
}

pub(super) fn ceiling(against: &AgainstCeiling) -> String {
    match against {
        AgainstCeiling::NoCeiling => "no ceiling".into(),
        AgainstCeiling::Allowed => "allowed".into(),
        AgainstCeiling::Above { place } => match place.line {
            Some(line) => format!("ABOVE: its line {line}"),
            None => "ABOVE".into(),
        },
        AgainstCeiling::NotGranted => "-".into(),
    }
}

/// Where the log tells nothing of a connector, nothing was "never" used.
pub(super) fn used(connector: &ConnectorReport, row: &Row) -> String {
    let denied = row.denied.as_ref().map(|seen| format!("DENIED {}", times(seen)));
    match (&row.used, denied) {
        (None, None) if connector.used_over.first.is_none() => "not known".into(),
        (None, None) => unseen(connector).into(),
        (None, Some(denied)) => denied,
        (Some(seen), None) => times(seen),
        (Some(seen), Some(denied)) => format!("{}; {denied}", times(seen)),
    }
}

/// "Never" is said only where the log tells every call.
pub(super) fn unseen(connector: &ConnectorReport) -> &'static str {
    let doubtful = |gap: &Gap| matches!(gap.code, "log-not-whole" | "calls-omitted");
    if connector.not_told.iter().any(doubtful) { "not seen" } else { "never" }
}

fn times(seen: &Seen) -> String {
    let day = |at: &str| at.get(..10).unwrap_or(at).to_owned();
    let (first, last) = (day(seen.first.as_str()), day(seen.last.as_str()));
    let when = if first == last { format!("on {first}") } else { format!("{first} to {last}") };
    match seen.count {
        1 => format!("once, {when}"),
        count => format!("{count} times, {when}"),
    }
}

/// Over what the column of what was used tells.
pub(super) fn over(report: &Report, connector: &ConnectorReport) -> String {
    let over = &connector.used_over;
    let (Some(first), Some(last)) = (&over.first, &over.last) else {
        return match &report.log.state {
            LogState::None { .. } => "not known: there is no audit log".into(),
            LogState::Unreadable { .. } => "not known: the audit log cannot be read".into(),
            _ => "the audit log holds no operation of this connector".into(),
        };
    };
    let kinds: Vec<String> =
        over.done.iter().filter(|(_, count)| *count > 0).map(|(kind, count)| format!("{count} {kind}")).collect();
    let kinds = if kinds.is_empty() { String::new() } else { format!(" ({})", kinds.join(", ")) };
    format!("{} done{kinds}, from {first} to {last}", counted(over.operations, "operation"))
}

/// What must be known before anything else is read of a connector that does not run.
pub(super) const STOPPED: &str = "As it stands, the host runs nothing of this connector: its errors say why. What follows is what \
                                  would hold.";

/// The same of one whose file cannot be used.
pub(super) const UNUSABLE: &str =
    "The file of this connector cannot be used: the host runs nothing of it, and nothing else can be told of it.";

/// What was done on the servers for `--live`, and what it showed; nothing where nobody looked.
pub(super) fn service_account(connector: &ConnectorReport) -> Option<String> {
    let account = connector.service_account.as_ref()?;
    let name = account.account.as_ref().map_or("the service account", |name| name.as_str());
    match &account.rights {
        Rights::NotLookedAt => None,
        Rights::NotTold { why } => Some(format!("asked with --live, and not told: {why}")),
        Rights::Seen { target, besides } => {
            let more = match besides.len() as u64 {
                0 => "nothing that no grant needs".to_owned(),
                count => format!("{} that no grant needs", counted(count, "attribute")),
            };
            Some(format!(
                "signed in with --live as {name} and read what it may write on {target}: {more}; nothing was written"
            ))
        }
    }
}

/// Whether the log can be believed.
pub(super) fn log(report: &Report) -> String {
    let log = &report.log;
    let since = log.since.as_ref().map(|since| format!(", since {since}")).unwrap_or_default();
    let lines = counted(log.lines, "line");
    match &log.state {
        LogState::None { .. } => format!("none in {}", log.folder),
        LogState::Whole { key_was_given, .. } => {
            let key = if *key_was_given { "the key that was given" } else { "the key that lies beside it" };
            format!("{}, {lines}, whole: verified with {key}{since}", log.folder)
        }
        LogState::NotWhole { .. } => format!("{}, {lines}, NOT as it was written{since}", log.folder),
        LogState::NotVerified { .. } => format!("{}, {lines}, not verified{since}", log.folder),
        LogState::Unreadable { .. } => format!("{}, cannot be read", log.folder),
    }
}

/// One item in one text.
pub(super) fn item(row: &Row) -> String {
    let value = row.value.as_ref().map(|value| format!(" = {value}")).unwrap_or_default();
    format!("[{}] {}{value}", row.section, row.name)
}
