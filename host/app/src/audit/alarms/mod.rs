//! Alarms: what is told although it is allowed. Facts in, alarms out; the time is given, nothing is read or written.
//!
//! What is fed are the lines of the audit log in their order, whoever wrote them: the service and the commands that
//! people type. The same lines give the same alarms, so that `portcullis alarms` finds those that no service was there
//! to tell. An alarm that stands in the log already is not told again.
//!
//! Nothing here stops an operation, and a caller learns nothing of it.

mod baseline;
mod facts;
mod kept;
#[cfg(test)]
mod tests;
mod watch;
mod window;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use portcullis_audit::fact::Alarm;
use portcullis_audit::{About, Entry};
use serde::{Deserialize, Serialize};

use crate::config::{Alarms as Settings, Per, Rate};
use baseline::Baseline;
pub use kept::{Kept, resume};
pub use watch::{Pace, Watch};
use window::{Threshold, Window};

/// How many accounts, or callers, or connectors are remembered of each alarm; the one that was quiet longest goes.
const MOST_SUBJECTS: usize = 10_000;

/// How many alarms may wait to be written down.
const MOST_OPEN: usize = 1_000;

/// How many operations may be between being asked for and being located.
const MOST_ASKED: usize = 4_096;

/// What there is an alarm for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Calls of a connector's plugin were stopped.
    Denials,
    /// One target's password was reset too often.
    AccountResets,
    /// One caller asked for too many resets.
    CallerResets,
    /// An operation was asked for outside of hours.
    OutsideHours,
    /// A connector used what it never used.
    NewUse,
}

impl Kind {
    /// Every one.
    pub const ALL: [Self; 5] =
        [Self::Denials, Self::AccountResets, Self::CallerResets, Self::OutsideHours, Self::NewUse];

    /// As it stands in the log and in metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Denials => "denials",
            Self::AccountResets => "account-resets",
            Self::CallerResets => "caller-resets",
            Self::OutsideHours => "outside-hours",
            Self::NewUse => "new-use",
        }
    }

    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// An alarm that does not stand in the log yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Raised {
    /// When what gave rise to it happened, in milliseconds since 1970.
    pub at: u64,
    /// What it is.
    pub kind: Kind,
    /// The operation that gave rise to it, its connector and its caller.
    pub about: About,
    /// What goes into the log.
    pub alarm: Alarm,
}

impl Raised {
    /// For the log.
    #[must_use]
    pub fn entry(&self) -> Entry {
        Entry { at: moment(self.at), about: Arc::new(self.about.clone()), fact: self.alarm.clone().into() }
    }
}

/// What is known of the lines so far. Bounded, whatever they hold.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Alarms {
    #[serde(skip)]
    settings: Settings,
    subjects: BTreeMap<Kind, BTreeMap<String, Subject>>,
    baseline: Baseline,
    /// Resets that were asked for and have no target yet: operation, when, and for which account.
    asked: BTreeMap<String, (u64, String)>,
    /// When the last line was written.
    newest: u64,
    open: Vec<Raised>,
}

/// Of what one is counted.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Subject {
    window: Window,
    /// For the text: an account as it was named last, an operation that was asked for.
    last: String,
    about: About,
}

impl Alarms {
    /// With these thresholds; nothing is known yet.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { settings, ..Self::default() }
    }

    /// Takes other thresholds from now on.
    pub fn configure(&mut self, settings: &Settings) {
        if self.settings != *settings {
            self.settings = settings.clone();
        }
    }

    /// What is not in the log yet, the oldest first.
    #[must_use]
    pub fn open(&self) -> &[Raised] {
        &self.open
    }

    /// Leaves out what is older than this by the time of the last line: what was learned from an old log is no news.
    pub fn forget_older(&mut self, than: Duration) {
        let than = u64::try_from(than.as_millis()).unwrap_or(u64::MAX);
        let newest = self.newest;
        self.open.retain(|raised| raised.at.saturating_add(than) >= newest);
    }

    /// Lets time pass: where more happened after an alarm than was told, it is told at the end of its time.
    pub fn pass(&mut self, now: SystemTime) {
        let now = milliseconds(now);
        for kind in Kind::ALL {
            let Some(threshold) = self.threshold(kind) else { continue };
            let mut ended = Vec::new();
            for (subject, of) in self.subjects.entry(kind).or_default().iter_mut() {
                ended.extend(of.window.passed(now, threshold).map(|(at, count)| (subject.clone(), at, count)));
            }
            for (subject, at, count) in ended {
                self.raise_of(kind, &subject, at, count, true);
            }
        }
    }

    fn threshold(&self, kind: Kind) -> Option<Threshold> {
        let once_an_hour = Threshold { count: 1, within: 3_600_000 };
        match kind {
            Kind::Denials => self.settings.denials.map(threshold),
            Kind::AccountResets => self.settings.account_resets.map(threshold),
            Kind::CallerResets => self.settings.caller_resets.map(threshold),
            Kind::OutsideHours => self.settings.hours.as_ref().map(|_| once_an_hour),
            Kind::NewUse => None,
        }
    }

    /// Something of which it is counted how often happened.
    fn count(&mut self, kind: Kind, key: String, last: String, at: u64, about: &About, once: Option<u64>) {
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

    /// What is remembered of one. Those of which nothing is left to count make room for it, and otherwise the one that
    /// was quiet longest.
    fn subject(&mut self, kind: Kind, key: &str, at: u64, threshold: Threshold) -> &mut Subject {
        let subjects = self.subjects.entry(kind).or_default();
        if subjects.len() >= MOST_SUBJECTS && !subjects.contains_key(key) {
            subjects.retain(|_, of| !of.window.is_over(at, threshold));
        }
        if subjects.len() >= MOST_SUBJECTS && !subjects.contains_key(key) {
            let quiet = subjects.iter().min_by_key(|(_, of)| of.window.last()).map(|(key, _)| key.clone());
            quiet.iter().for_each(|key| drop(subjects.remove(key)));
        }
        subjects.entry(key.to_owned()).or_default()
    }

    fn raise_of(&mut self, kind: Kind, key: &str, at: u64, count: u64, more: bool) {
        let Some(subject) = self.subjects.get(&kind).and_then(|subjects| subjects.get(key)) else { return };
        let about = subject.about.clone();
        let text = self.text(kind, key, subject, count, more);
        // What is counted by connector and target is told by the name that people know.
        let subject = if kind == Kind::AccountResets { subject.last.clone() } else { key.to_owned() };
        self.raise(at, kind, about, Alarm { alarm: kind.name().into(), subject, text, count });
    }

    fn raise(&mut self, at: u64, kind: Kind, about: About, alarm: Alarm) {
        if self.open.len() < MOST_OPEN {
            self.open.push(Raised { at, kind, about, alarm });
        }
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
            Kind::NewUse => String::new(),
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

fn milliseconds(at: SystemTime) -> u64 {
    at.duration_since(UNIX_EPOCH).map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// The moment, or 1970 for what no clock tells.
fn moment(at: u64) -> SystemTime {
    UNIX_EPOCH.checked_add(Duration::from_millis(at)).unwrap_or(UNIX_EPOCH)
}
