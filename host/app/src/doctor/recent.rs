//! Step 6: what the journal of a running service says of the last operations of a connector.

use std::time::Duration;

use portcullis_model::{Blame, FaultCode};

use super::step::{Finding, Step, StepName};

/// Waiting for so long is worth a look.
const LONG: Duration = Duration::from_secs(300);

/// Where the recent operations are known.
pub trait Recent: Send + Sync {
    /// The recent operations of a connector; nothing if the journal knows none.
    fn summary(&self, connector: &str) -> Option<RecentSummary>;
}

/// The recent operations of one connector.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecentSummary {
    /// How far back was looked.
    pub span: Duration,
    /// How many were done.
    pub done: u64,
    /// How many were refused.
    pub refused: u64,
    /// How many ended without anybody knowing.
    pub unknown: u64,
    /// How many wait, or are under way.
    pub open: u64,
    /// How long the oldest of those has waited.
    pub oldest: Option<Duration>,
    /// The last fault, and how long ago.
    pub last_fault: Option<(FaultCode, Duration)>,
}

pub(super) fn look(connector: &str, recent: Option<&dyn Recent>) -> Step {
    let Some(recent) = recent else {
        return Step::skipped(StepName::RecentLog, "there is no journal: no service has run on the state folder");
    };
    match recent.summary(connector) {
        None => Step::skipped(StepName::RecentLog, "the journal knows no operation of this connector"),
        Some(summary) => of(&summary),
    }
}

fn of(summary: &RecentSummary) -> Step {
    let span = words(summary.span);
    let RecentSummary { done, refused, unknown, open, .. } = *summary;
    let text = format!("in the last {span}: {done} done, {refused} refused, {unknown} unknown, {open} not ended");
    let counted =
        Finding::ok(text).fact("done", done).fact("refused", refused).fact("unknown", unknown).fact("open", open);
    let mut step = Step::new(StepName::RecentLog).with(counted);
    if unknown > 0 {
        let remedy = "look at each: `portcullis operations list --only unknown`, then ask the account's owner";
        step.add(Finding::warning(format!("the outcome of {unknown} is unknown"), remedy));
    }
    if let Some(oldest) = summary.oldest.filter(|oldest| *oldest >= LONG) {
        let text = format!("an operation has waited for {}", words(oldest));
        step.add(Finding::warning(text, "look at its last fault: `portcullis operations list --only waiting`"));
    }
    if let Some((code, ago)) = summary.last_fault {
        let text = format!("the last fault was {code}, {} ago", words(ago));
        let finding = match code.blame() {
            Blame::Caller => Finding::ok(text),
            _ => Finding::warning(text, code.remedy()),
        };
        step.add(finding.fact("code", code.name()));
    }
    step
}

/// `1 day 2h 3m`: the units that are whole words stand apart from their numbers.
fn words(duration: Duration) -> String {
    let text = humantime::format_duration(Duration::from_secs(duration.as_secs())).to_string();
    let apart = |part: &str| match part.split_at(part.find(char::is_alphabetic).unwrap_or(part.len())) {
        (number, unit) if unit.len() > 1 => format!("{number} {unit}"),
        (number, unit) => format!("{number}{unit}"),
    };
    text.split(' ').map(apart).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Mark;

    fn mark(summary: &RecentSummary) -> Mark {
        of(summary).mark()
    }

    #[test]
    fn times_read_like_a_sentence() {
        let words = |seconds| words(Duration::from_secs(seconds));
        assert_eq!([words(0), words(86_400), words(2 * 86_400 + 3_720)], ["0s", "1 day", "2 days 1h 2m"]);
    }

    #[test]
    fn what_nobody_knows_and_what_waits_long_is_worth_a_look() {
        let quiet = RecentSummary { done: 3, refused: 2, open: 1, ..RecentSummary::default() };
        let wrong_password = Some((FaultCode::WrongPassword, Duration::ZERO));
        let unreachable = Some((FaultCode::DirectoryUnavailable, Duration::ZERO));
        assert_eq!(mark(&quiet), Mark::Ok);
        assert_eq!(mark(&RecentSummary { unknown: 1, ..quiet.clone() }), Mark::Warning);
        assert_eq!(mark(&RecentSummary { oldest: Some(LONG), ..quiet.clone() }), Mark::Warning);
        assert_eq!(mark(&RecentSummary { oldest: Some(LONG - Duration::from_secs(1)), ..quiet.clone() }), Mark::Ok);
        assert_eq!(mark(&RecentSummary { last_fault: wrong_password, ..quiet.clone() }), Mark::Ok, "a caller's own");
        assert_eq!(mark(&RecentSummary { last_fault: unreachable, ..quiet }), Mark::Warning);
        assert_eq!(look("corp-ad", None).mark(), Mark::Skipped);
    }
}
