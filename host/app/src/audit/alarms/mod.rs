//! Alarms: what is told although it is allowed. Facts in, alarms out; the time is given, nothing is read or written.
//!
//! What is fed are the lines of the audit log in their order, whoever wrote them: the service and the commands that
//! people type. The same lines give the same alarms, so that `portcullis alarms` finds those that no service was there
//! to tell. An alarm that stands in the log already is not told again.
//!
//! Nothing here stops an operation, and a caller learns nothing of it.

mod baseline;
mod counted;
mod facts;
mod kept;
mod open;
#[cfg(test)]
mod tests;
mod watch;
mod window;

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::config::Alarms as Settings;
use baseline::Baseline;
use counted::Subject;
pub use kept::{Kept, resume};
use open::Open;
pub use open::Raised;
pub use watch::{Pace, Watch};

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
    /// The service started without a ceiling that it had before, or the ceiling cannot be used any more.
    CeilingGone,
    /// Alarms of another kind are not listed: there were too many at once.
    Unlisted,
}

impl Kind {
    /// Every one.
    pub const ALL: [Self; 7] = [
        Self::Denials,
        Self::AccountResets,
        Self::CallerResets,
        Self::OutsideHours,
        Self::NewUse,
        Self::CeilingGone,
        Self::Unlisted,
    ];

    /// As it stands in the log and in metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Denials => "denials",
            Self::AccountResets => "account-resets",
            Self::CallerResets => "caller-resets",
            Self::OutsideHours => "outside-hours",
            Self::NewUse => "new-use",
            Self::CeilingGone => "ceiling-gone",
            Self::Unlisted => "unlisted",
        }
    }

    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
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
    open: Open,
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

    /// What is not in the log yet, in the order in which it was found. Where there was too much at once, one of
    /// [`Kind::Unlisted`] for each kind and connector says how many others there were.
    #[must_use]
    pub fn open(&self) -> &[Raised] {
        self.open.all()
    }

    /// Leaves out what is older than this by the time of the last line: what was learned from an old log is no news.
    pub fn forget_older(&mut self, than: Duration) {
        let than = u64::try_from(than.as_millis()).unwrap_or(u64::MAX);
        self.open.forget_before(self.newest.saturating_sub(than));
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
}

fn milliseconds(at: SystemTime) -> u64 {
    at.duration_since(UNIX_EPOCH).map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// The moment, or 1970 for what no clock tells.
fn moment(at: u64) -> SystemTime {
    UNIX_EPOCH.checked_add(Duration::from_millis(at)).unwrap_or(UNIX_EPOCH)
}
