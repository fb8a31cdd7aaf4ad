//! The alarms that do not stand in the log yet. They are bounded, and none goes without being counted.

use std::collections::BTreeMap;

use portcullis_audit::fact::Alarm;
use portcullis_audit::{About, Entry};
use serde::{Deserialize, Serialize};

use super::{Kind, moment};

/// How many are listed. Beyond it the kind and connector with the most of them lists one less, so that no flood of one
/// hides another.
pub(super) const MOST_OPEN: usize = 1_000;

/// For how many kinds and connectors it is told on its own how many are not listed; of more connectors than that, for the
/// kind.
const MOST_UNLISTED: usize = 1_000;

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
    /// What must not hide one of another.
    fn group(&self) -> (Kind, Option<&str>) {
        (self.kind, self.about.connector.as_deref())
    }

    /// So many are not listed.
    fn count(&mut self, count: u64) {
        let of = if self.about.connector.is_some() { " of this connector" } else { "" };
        self.alarm.count = count;
        self.alarm.text = format!(
            "{count} further alarms `{}`{of} are not listed, there were too many at once; what gave rise to them is in the \
             audit log",
            self.alarm.subject
        );
    }

    /// For the log.
    #[must_use]
    pub fn entry(&self) -> Entry {
        Entry { at: moment(self.at), about: self.about.clone(), fact: self.alarm.clone().into() }
    }
}

/// In the order in which they were found.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Open(Vec<Raised>);

impl Open {
    pub(super) fn all(&self) -> &[Raised] {
        &self.0
    }

    pub(super) fn forget_before(&mut self, moment: u64) {
        self.0.retain(|raised| raised.at >= moment);
    }

    pub(super) fn raise(&mut self, raised: Raised) {
        self.0.push(raised);
        let mut groups: BTreeMap<(Kind, Option<&str>), usize> = BTreeMap::new();
        if self.0.len() <= MOST_OPEN {
            return;
        }
        for of in self.0.iter().filter(|of| of.kind != Kind::Unlisted).map(Raised::group) {
            *groups.entry(of).or_default() += 1;
        }
        if groups.values().sum::<usize>() <= MOST_OPEN {
            return;
        }
        let fullest = groups.into_iter().max_by_key(|(_, listed)| *listed).map(|(group, _)| group);
        // The oldest of it: where no service tells of alarms, those of today are listed.
        if let Some(at) = self.0.iter().position(|raised| Some(raised.group()) == fullest) {
            let out = self.0.remove(at);
            self.unlisted(&out);
        }
    }

    /// It is counted instead of listed.
    fn unlisted(&mut self, out: &Raised) {
        let connector = out.about.connector.as_deref();
        let found = self.find_unlisted(out.kind, connector);
        let full = self.0.len() >= MOST_OPEN + MOST_UNLISTED;
        let found = found.or_else(|| full.then(|| self.find_unlisted(out.kind, None)).flatten());
        match found.and_then(|at| self.0.get_mut(at)) {
            Some(unlisted) => {
                unlisted.at = unlisted.at.max(out.at);
                unlisted.count(unlisted.alarm.count + 1);
            }
            None => {
                let connector = connector.filter(|_| !full).map(str::to_owned);
                let about = About { connector, ..About::default() };
                let alarm = Alarm {
                    alarm: Kind::Unlisted.name().into(),
                    subject: out.kind.name().into(),
                    text: String::new(),
                    count: 0,
                };
                let mut unlisted = Raised { at: out.at, kind: Kind::Unlisted, about, alarm };
                unlisted.count(1);
                self.0.push(unlisted);
            }
        }
    }

    fn find_unlisted(&self, kind: Kind, connector: Option<&str>) -> Option<usize> {
        let of = |raised: &Raised| raised.group() == (Kind::Unlisted, connector) && raised.alarm.subject == kind.name();
        self.0.iter().position(of)
    }

    /// An alarm stands in the log.
    pub(super) fn told(&mut self, at: u64, kind: Kind, about: &About, alarm: &Alarm) {
        let connector = about.connector.as_deref();
        if kind == Kind::Unlisted {
            if let Some(of) = Kind::named(&alarm.subject) {
                self.counted(of, connector, at, alarm.count);
            }
            return;
        }
        let told =
            |open: &Raised| (open.at, open.kind, &open.about, &open.alarm.subject) == (at, kind, about, &alarm.subject);
        match self.0.iter().position(told) {
            Some(open) => drop(self.0.remove(open)),
            // It was told before it had to make room.
            None => self.counted(kind, connector, at, 1),
        }
    }

    /// So many of those that are not listed are told.
    fn counted(&mut self, kind: Kind, connector: Option<&str>, at: u64, told: u64) {
        let found = self.find_unlisted(kind, connector).or_else(|| self.find_unlisted(kind, None));
        let Some(index) = found else { return };
        let Some(unlisted) = self.0.get_mut(index) else { return };
        match unlisted.alarm.count.saturating_sub(told) {
            0 => drop(self.0.remove(index)),
            left => {
                // What is left is another alarm.
                unlisted.at = unlisted.at.max(at.saturating_add(1));
                unlisted.count(left);
            }
        }
    }
}
