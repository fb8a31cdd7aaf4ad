//! Alarms that are raised by how often something happened: of which account, caller or connector, within which time.

use std::collections::BTreeMap;

use portcullis_audit::About;
use portcullis_audit::fact::Alarm;
use serde::{Deserialize, Serialize};

use super::window::{Threshold, Window};
use super::{Alarms, Kind, Raised};
use crate::config::{Per, Rate};

/// How many accounts, or callers, or connectors are remembered of each alarm.
pub(super) const MOST_SUBJECTS: usize = 10_000;

/// How many go at once where there are more: looking for them takes its time.
const GO_AT_ONCE: usize = 100;

/// Of what one is counted.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Subject {
    pub(super) window: Window,
    /// For the text: an account as it was named last, an operation that was asked for.
    last: String,
    about: About,
}

impl Alarms {
    pub(super) fn threshold(&self, kind: Kind) -> Option<Threshold> {
        let once_an_hour = Threshold { count: 1, within: 3_600_000 };
        match kind {
            Kind::Denials => self.settings.denials.map(threshold),
            Kind::AccountResets => self.settings.account_resets.map(threshold),
            Kind::CallerResets => self.settings.caller_resets.map(threshold),
            Kind::OutsideHours => self.settings.hours.as_ref().map(|_| once_an_hour),
            Kind::NewUse | Kind::CeilingGone | Kind::Unlisted => None,
        }
    }

    /// Something of which it is counted how often happened.
    pub(super) fn count(&mut self, kind: Kind, key: String, last: String, at: u64, about: &About, once: Option<u64>) {
        let Some(threshold) = self.threshold(kind) else { return };
        if let Some((end, count)) = self.subject(kind, &key, at, threshold).window.passed(at, threshold) {
            self.raise_of(kind, &key, end, count, true);
        }
        let subject = self.subject(kind, &key, at, threshold);
        subject.last = last;
        subject.about = about.clone();
        if let Some(count) = subject.window.happened(at, once, threshold) {
            self.raise_of(kind, &key, at, count, false);
        }
    }

    /// What is remembered of one. Those of which nothing is left to count make room for it, and otherwise those that were
    /// quiet longest, of the connector that has most of them: one that fills the list forgets its own.
    pub(super) fn subject(&mut self, kind: Kind, key: &str, at: u64, threshold: Threshold) -> &mut Subject {
        let subjects = self.subjects.entry(kind).or_default();
        if subjects.len() >= MOST_SUBJECTS && !subjects.contains_key(key) {
            subjects.retain(|_, of| !of.window.is_over(at, threshold));
            if subjects.len() >= MOST_SUBJECTS {
                self.make_room(kind);
            }
        }
        self.subjects.entry(kind).or_default().entry(key.to_owned()).or_default()
    }

    fn make_room(&mut self, kind: Kind) {
        let mut of_connectors: BTreeMap<Option<&str>, Vec<(u64, &str)>> = BTreeMap::new();
        for (key, of) in self.subjects.get(&kind).into_iter().flatten() {
            of_connectors.entry(of.about.connector.as_deref()).or_default().push((of.window.last(), key));
        }
        let mut fullest = of_connectors.into_values().max_by_key(Vec::len).unwrap_or_default();
        fullest.sort_unstable();
        let go: Vec<String> = fullest.into_iter().take(GO_AT_ONCE).map(|(_, key)| key.to_owned()).collect();
        for key in go {
            let untold =
                self.subjects.get(&kind).and_then(|of| of.get(&key)).map(|of| (of.window.last(), of.window.untold()));
            // What was to be told at the end of its time is told now.
            if let Some((last, count)) = untold.filter(|(_, count)| *count > 0) {
                self.raise_of(kind, &key, last, count, true);
            }
            self.subjects.entry(kind).or_default().remove(&key);
        }
    }

    pub(super) fn raise_of(&mut self, kind: Kind, key: &str, at: u64, count: u64, more: bool) {
        let Some(subject) = self.subjects.get(&kind).and_then(|subjects| subjects.get(key)) else { return };
        let about = subject.about.clone();
        let text = self.text(kind, key, subject, count, more);
        // What is counted by connector and target is told by the name that people know.
        let subject = if kind == Kind::AccountResets { subject.last.clone() } else { key.to_owned() };
        let alarm = Alarm { alarm: kind.name().into(), subject, text, count };
        self.open.raise(Raised { at, kind, about, alarm });
    }

    fn text(&self, kind: Kind, key: &str, subject: &Subject, count: u64, more: bool) -> String {
        let rate = |rate: Option<Rate>| rate.map(|rate| rate.to_string()).unwrap_or_default();
        let (times, last) = (if more { format!("{count} more") } else { count.to_string() }, &subject.last);
        match kind {
            Kind::Denials => format!(
                "{times} calls of this connector's plugin were stopped, the last one {last}; {} are an alarm",
                rate(self.settings.denials)
            ),
            Kind::AccountResets => {
                format!("{times} resets of {last}; {} are an alarm", rate(self.settings.account_resets))
            }
            Kind::CallerResets => {
                format!("{times} resets asked for by {key}; {} are an alarm", rate(self.settings.caller_resets))
            }
            Kind::OutsideHours => {
                let hours = self.settings.hours.as_ref().map(ToString::to_string).unwrap_or_default();
                format!("{times} operations asked for by {key} outside of {hours}, the last one {last}")
            }
            Kind::NewUse | Kind::CeilingGone | Kind::Unlisted => String::new(),
        }
    }
}

fn threshold(rate: Rate) -> Threshold {
    let within = match rate.per {
        Per::Second => 1_000,
        Per::Minute => 60_000,
        Per::Hour => 3_600_000,
    };
    Threshold { count: usize::try_from(rate.count.get()).unwrap_or(usize::MAX), within }
}
