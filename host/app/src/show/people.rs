//! Receipts and faults for people: what, where, how confirmed, how long; and the two texts of a fault, the caller's
//! first and the operator's below it.

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
    text += &line("code", &format!("{} ({})", fault.code, blame(fault.code.blame())));
    text += &line("detail", &fault.detail);
    text += &line("remedy", fault.code.remedy());
    if fault.code.retry() == Retry::Later {
        text += &line("again", "trying again later can help");
    }
    text
}

/// One line below a heading.
#[must_use]
pub fn line(label: &str, value: &str) -> String {
    format!("  {label:<12} {value}\n")
}

fn with_operation(text: &str, operation: &str) -> String {
    text.to_owned() + &line("operation", operation)
}

fn done(receipt: &Receipt) -> String {
    let word = match &receipt.result {
        _ if receipt.shortfall.is_some() => "Done in part",
        Answer::Nothing => "Done",
        Answer::Verdict(_) | Answer::Status(_) => "Answered",
    };
    let mut text = format!("{word}: {} for {}\n", receipt.kind, receipt.account);
    text += &match &receipt.result {
        Answer::Nothing if receipt.effects.is_empty() => line("effect", "nothing had to be changed"),
        Answer::Nothing => {
            let effects: Vec<_> = receipt.effects.iter().map(ToString::to_string).collect();
            line("effect", &effects.join("; "))
        }
        Answer::Verdict(verdict) => line("password", self::verdict(*verdict)),
        Answer::Status(status) => self::status(status),
    };
    text += &line("where", &format!("{} on {}", receipt.target, receipt.server));
    text += &line("connector", &receipt.connector);
    match &receipt.confirmation {
        Confirmation::Confirmed(how) => text += &line("confirmed", how),
        Confirmation::AcceptedOnly(why) => text += &line("confirmed", &format!("no: {why}")),
        Confirmation::NotNeeded => {}
    }
    let t = &receipt.timings;
    let confirm = if t.confirm > Duration::ZERO && receipt.confirmation != Confirmation::NotNeeded {
        format!(", confirm {}", ms(t.confirm))
    } else {
        String::new()
    };
    let stages = format!("locate {}, connector {}{confirm}", ms(t.locate), ms(t.connector));
    text += &line("took", &format!("{} ({stages})", ms(t.total)));
    for note in &receipt.notes {
        text += &line("note", &format!("{}: {}", note.code, note.text));
    }
    if let Some(shortfall) = &receipt.shortfall {
        text += &line("missing", &format!("{} ({})", shortfall.caller_text(), shortfall.code));
        text += &line("detail", &shortfall.detail);
        text += &line("remedy", shortfall.code.remedy());
    }
    text + &line("operation", receipt.id.as_str())
}

fn status(status: &AccountStatus) -> String {
    const NOT_TOLD: &str = "not told by the directory";
    let known = |value: Option<bool>| match value {
        Some(true) => "yes",
        Some(false) => "no",
        None => NOT_TOLD,
    };
    let time = |value: Option<u64>| value.map_or_else(|| NOT_TOLD.to_owned(), utc);
    [
        line("enabled", known(status.enabled)),
        line("locked", known(status.locked)),
        line("must change", known(status.must_change)),
        line("password set", &time(status.password_set)),
        line("expires", &time(status.password_expires)),
    ]
    .concat()
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
