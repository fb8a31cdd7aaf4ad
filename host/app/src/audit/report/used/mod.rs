//! What was used: the audit log, summed up for each connector.
//!
//! The log is read line by line and nothing of it is kept but sums, so that the size of a log does not matter. How many
//! different things are told apart is bounded, too: a plugin could ask for another attribute in each call.

mod last;
mod read;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use portcullis_audit::{Fact, Line};
use portcullis_model::{OperationKind, Use};
use serde::Serialize;

pub use last::Last;
pub use read::{BegunAnew, Log, LogState, read};

use super::Text;

/// How many different uses, servers or reasons are told apart for one connector; of more only their number is kept.
pub const MOST_KINDS: usize = 1000;

/// How many operations may be open at once: far more than a host carries out at a time. One that never ended is forgotten
/// when as many others came after it.
const MOST_OPEN: usize = 10_000;

/// How many plugins are named for one call.
const MOST_PLUGINS: usize = 10;

/// How often something was seen, and when. Times are those of the log's lines.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Seen {
    /// How often.
    pub count: u64,
    /// The first time.
    pub first: Text,
    /// The last time.
    pub last: Text,
}

impl Seen {
    fn at(&mut self, at: &str) {
        if self.count == 0 {
            self.first = at.into();
        }
        self.count += 1;
        self.last = at.into();
    }
}

/// What one connector used.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Used {
    /// Lines of its operations, from when to when.
    pub span: Seen,
    /// What was asked for, by kind.
    pub asked: BTreeMap<OperationKind, Seen>,
    /// How many of these were done.
    pub done: BTreeMap<OperationKind, u64>,
    /// The accounts that were asked about, as callers named them, counted against patterns: see [`Tally::new`].
    pub accounts: BTreeMap<String, Seen>,
    /// Grants that let a call pass; each line counts once for each.
    pub uses: BTreeMap<Use, Seen>,
    /// Servers that told the target, or took or refused a write.
    pub servers: BTreeMap<String, Seen>,
    /// Calls that were stopped, by what would have to be granted.
    pub denied: BTreeMap<Use, Seen>,
    /// Calls that were stopped although nothing could be granted: the call and the reason.
    pub stopped: BTreeMap<(String, String), Seen>,
    /// Which plugins made a call that was stopped, by SHA-256, as far as the lines tell: those of older hosts do not.
    pub denied_by: BTreeMap<Use, BTreeSet<String>>,
    /// The same of calls for which nothing could be granted.
    pub stopped_by: BTreeMap<(String, String), BTreeSet<String>>,
    /// The plugins that ran, in the service or by a command, by SHA-256.
    pub plugins: BTreeMap<String, Seen>,
    /// What was done by what the service ran last.
    pub last: Last,
    /// Calls that are in no line: an operation made more than are written down.
    pub omitted: u64,
    /// Lines about something that is not told apart any more.
    pub untold: u64,
}

impl Used {
    /// How many operations of a kind were done.
    #[must_use]
    pub fn done(&self, kind: OperationKind) -> u64 {
        self.done.get(&kind).copied().unwrap_or_default()
    }

    /// How many operations were done.
    #[must_use]
    pub fn operations(&self) -> u64 {
        self.done.values().sum()
    }
}

/// Sums up lines.
#[derive(Debug, Default)]
pub struct Tally {
    patterns: BTreeMap<String, Vec<crate::config::Pattern>>,
    connectors: BTreeMap<String, Used>,
    open: BTreeMap<String, (OperationKind, Option<String>)>,
    order: VecDeque<String>,
}

impl Tally {
    /// For connectors with these patterns for accounts; of others nothing is kept.
    #[must_use]
    pub fn new(patterns: BTreeMap<String, Vec<crate::config::Pattern>>) -> Self {
        let connectors = patterns.keys().map(|name| (name.clone(), Used::default())).collect();
        Self { patterns, connectors, ..Self::default() }
    }

    /// What was used, by connector.
    #[must_use]
    pub fn used(self) -> BTreeMap<String, Used> {
        self.connectors
    }

    /// Adds a line.
    pub fn add(&mut self, line: &Line) {
        let Some(name) = &line.about.connector else { return };
        let Some(used) = self.connectors.get_mut(name) else { return };
        let at = line.at.as_str();
        if line.about.operation.is_some() {
            used.span.at(at);
        }
        match &line.fact {
            Fact::Asked(asked) => {
                let Some(kind) = OperationKind::parse(&asked.kind) else { return };
                used.asked.entry(kind).or_default().at(at);
                for pattern in self.patterns.get(name).into_iter().flatten().filter(|p| p.matches(&asked.account)) {
                    used.accounts.entry(pattern.to_string()).or_default().at(at);
                }
                if let Some(plugin) = &asked.plugin {
                    used.untold += add(&mut used.plugins, plugin.clone(), at);
                }
                if let Some(id) = &line.about.operation {
                    self.opened(id, (kind, asked.plugin.clone()));
                }
            }
            Fact::Ended(ended) => {
                let kind = line.about.operation.as_ref().and_then(|id| self.open.remove(id));
                if let Some((kind, _)) = kind.filter(|_| ended.outcome == "done") {
                    *used.done.entry(kind).or_default() += 1;
                    *used.last.done.entry(kind).or_default() += 1;
                }
            }
            Fact::Located(located) => used.server(&located.server, at),
            Fact::Written(written) => used.server(&written.server, at),
            Fact::Refused(refused) => used.server(&refused.server, at),
            Fact::Tried(tried) => tried.server.iter().for_each(|server| used.server(server, at)),
            Fact::Allowed(allowed) => {
                for one in allowed.uses.iter().collect::<BTreeSet<_>>() {
                    used.untold += add(&mut used.uses, one.clone(), at);
                }
            }
            Fact::Denied(denied) => {
                let plugin = line.about.operation.as_ref().and_then(|id| self.open.get(id)?.1.as_ref());
                used.untold += match &denied.wanted {
                    Some(wanted) => {
                        by(&mut used.denied_by, wanted, plugin);
                        add(&mut used.denied, wanted.clone(), at)
                    }
                    None => {
                        let call = (format!("{}.{}", denied.capability, denied.call), denied.reason.clone());
                        by(&mut used.stopped_by, &call, plugin);
                        add(&mut used.stopped, call, at)
                    }
                };
            }
            Fact::Omitted(omitted) => used.omitted = used.omitted.saturating_add(omitted.count as u64),
            Fact::ConnectorStarted(started) => used.ran(&started.plugin, &started.file, at),
            Fact::ConnectorSwapped(swapped) => used.ran(&swapped.plugin, &swapped.file, at),
            _ => {}
        }
    }

    fn opened(&mut self, id: &str, what: (OperationKind, Option<String>)) {
        if self.open.insert(id.to_owned(), what).is_none() {
            self.order.push_back(id.to_owned());
        }
        while self.order.len() > MOST_OPEN {
            if let Some(oldest) = self.order.pop_front() {
                self.open.remove(&oldest);
            }
        }
    }
}

impl Used {
    fn ran(&mut self, plugin: &str, file: &str, at: &str) {
        self.untold += add(&mut self.plugins, plugin.to_owned(), at);
        self.last.runs(plugin, file, at);
    }

    fn server(&mut self, server: &str, at: &str) {
        self.untold += add(&mut self.servers, server.to_owned(), at);
    }
}

/// Remembers which plugin it was; as many as are told apart.
fn by<K: Ord + Clone>(all: &mut BTreeMap<K, BTreeSet<String>>, key: &K, plugin: Option<&String>) {
    let Some(plugin) = plugin else { return };
    if all.len() < MOST_KINDS || all.contains_key(key) {
        let of = all.entry(key.clone()).or_default();
        if of.len() < MOST_PLUGINS {
            of.insert(plugin.clone());
        }
    }
}

/// Counts one; 1 if it is not told apart any more.
fn add<K: Ord>(all: &mut BTreeMap<K, Seen>, key: K, at: &str) -> u64 {
    if all.len() >= MOST_KINDS && !all.contains_key(&key) {
        return 1;
    }
    all.entry(key).or_default().at(at);
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_that_never_end_are_forgotten() {
        let mut tally = Tally::default();
        (0..MOST_OPEN + 5).for_each(|n| tally.opened(&n.to_string(), (OperationKind::ResetPassword, None)));
        assert_eq!((tally.open.len(), tally.order.len()), (MOST_OPEN, MOST_OPEN));
        assert!(!tally.open.contains_key("0") && tally.open.contains_key(&MOST_OPEN.to_string()));
    }
}
