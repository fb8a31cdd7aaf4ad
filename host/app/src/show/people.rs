//! Receipts and faults for people: what, where, how confirmed, how long; and the two texts of a fault, the caller's
//! first and the operator's below it.

use std::fmt::Write as _;
use std::time::{Duration, UNIX_EPOCH};

use portcullis_model::{
    AccountStatus, Blame, Confirmation, Event, Fault, Outcome, Receipt, Result as Answer, Retry, Verdict,
};

/// An outcome, with a line break at the end.
#[must_use]
pub fn outcome(outcome: &Outcome, operation: &str) -> String {
    match outcome {
        Outcome::Done(receipt) => done(receipt),
        Outcome::Refused(fault) => with_operation(&self::fault("Refused", fault), operation),
        Outcome::Unknown(fault) => with_operation(&self::fault("Unknown", fault), operation),
    }
}

/// A fault under a heading word.
#[must_use]
pub fn fault(word: &str, fault: &Fault) -> String {
    let mut text = format!("{word}: {}\n", fault.caller_text());
    line(&mut text, "code", &format!("{} ({})", fault.code, blame(fault.code.blame())));
    line(&mut text, "detail", &fault.detail);
    line(&mut text, "remedy", fault.code.remedy());
    if fault.code.retry() == Retry::Later {
        line(&mut text, "again", "trying again later can help");
    }
    text
}

fn with_operation(text: &str, operation: &str) -> String {
    let mut text = text.to_owned();
    line(&mut text, "operation", operation);
    text
}

fn done(receipt: &Receipt) -> String {
    let mut text = String::new();
    let word = if receipt.shortfall.is_some() { "Done in part" } else { "Done" };
    let _ = writeln!(text, "{word}: {} for {}", receipt.kind, receipt.account);
    match &receipt.result {
        Answer::Nothing if receipt.effects.is_empty() => line(&mut text, "effect", "nothing had to be changed"),
        Answer::Nothing => {
            let effects: Vec<_> = receipt.effects.iter().map(ToString::to_string).collect();
            line(&mut text, "effect", &effects.join("; "));
        }
        Answer::Verdict(verdict) => line(&mut text, "password", self::verdict(*verdict)),
        Answer::Status(status) => self::status(&mut text, status),
    }
    line(&mut text, "where", &format!("{} on {}", receipt.target, receipt.server));
    line(&mut text, "connector", &receipt.connector);
    match &receipt.confirmation {
        Confirmation::Confirmed(how) => line(&mut text, "confirmed", how),
        Confirmation::AcceptedOnly(why) => line(&mut text, "confirmed", &format!("no: {why}")),
        Confirmation::NotNeeded => {}
    }
    let t = &receipt.timings;
    let mut took = format!("{} (locate {}, connector {}", ms(t.total), ms(t.locate), ms(t.connector));
    if t.confirm > Duration::ZERO && receipt.confirmation != Confirmation::NotNeeded {
        let _ = write!(took, ", confirm {}", ms(t.confirm));
    }
    line(&mut text, "took", &(took + ")"));
    for note in &receipt.notes {
        line(&mut text, "note", &format!("{}: {}", note.code, note.text));
    }
    if let Some(shortfall) = &receipt.shortfall {
        line(&mut text, "missing", &format!("{} ({})", shortfall.caller_text(), shortfall.code));
        line(&mut text, "detail", &shortfall.detail);
        line(&mut text, "remedy", shortfall.code.remedy());
    }
    line(&mut text, "operation", receipt.id.as_str());
    text
}

fn status(text: &mut String, status: &AccountStatus) {
    let known = |value: Option<bool>| match value {
        Some(true) => "yes",
        Some(false) => "no",
        None => "the directory does not tell",
    };
    let time = |value: Option<u64>| value.map_or_else(|| "the directory does not tell".into(), |s| utc(s));
    line(text, "enabled", known(status.enabled));
    line(text, "locked", known(status.locked));
    line(text, "must change", known(status.must_change));
    line(text, "set", &time(status.password_set));
    line(text, "expires", &time(status.password_expires));
}

fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Valid => "right",
        Verdict::MustChange => "right, but a new one must be chosen first",
        Verdict::Invalid => "not accepted",
        Verdict::Locked => "not told: the account is locked",
        Verdict::Disabled => "not usable: the account is disabled or has expired",
    }
}

/// What the connector asked for and was allowed, a line for each event.
#[must_use]
pub fn trace(events: &[Event]) -> String {
    events.iter().map(|event| format!("  {event}\n")).collect()
}

fn line(text: &mut String, label: &str, value: &str) {
    let _ = writeln!(text, "  {label:<11} {value}");
}

fn ms(duration: Duration) -> String {
    let ms = duration.as_secs_f64() * 1000.0;
    if ms < 10.0 { format!("{ms:.1} ms") } else { format!("{ms:.0} ms") }
}

fn blame(blame: Blame) -> &'static str {
    match blame {
        Blame::Caller => "for the caller to mend",
        Blame::Operator => "for the operator to mend",
        Blame::Directory => "the directory's fault",
        Blame::Plugin => "the plugin's fault",
        Blame::Host => "the fault of Portcullis",
    }
}

fn utc(seconds: u64) -> String {
    // A year beyond 9999 is a directory's way to say "never".
    UNIX_EPOCH
        .checked_add(Duration::from_secs(seconds))
        .filter(|_| seconds < 253_402_300_800)
        .map_or_else(|| "never".into(), |when| humantime::format_rfc3339_seconds(when).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_dates_and_forever_is_never() {
        assert_eq!(utc(1_795_392_000), "2026-11-23T00:00:00Z");
        assert_eq!(utc(910_692_730_085), "never");
        assert_eq!(utc(u64::MAX), "never");
    }
}
