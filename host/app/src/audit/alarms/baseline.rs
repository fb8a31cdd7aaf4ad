//! What each connector used so far.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How many different uses of a connector are remembered: more than anybody grants.
const MOST_USES: usize = 4_096;
const MOST_CONNECTORS: usize = 4_096;

/// By the connector's name, so that another plugin in its place is measured by what the former one used.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Baseline(BTreeMap<String, Learned>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Learned {
    /// When it used something for the first time. The earliest that was ever seen: a clock that was ahead once does not
    /// let it learn for longer.
    first: u64,
    uses: BTreeSet<String>,
}

impl Baseline {
    /// A connector used something. Whether that is new: never seen, and it had its time to learn.
    pub(super) fn used(&mut self, connector: &str, what: &str, at: u64, learn: Duration) -> bool {
        if self.0.len() >= MOST_CONNECTORS && !self.0.contains_key(connector) {
            return false;
        }
        let known = self.0.entry(connector.to_owned());
        let learned = known.or_insert_with(|| Learned { first: at, uses: BTreeSet::new() });
        learned.first = learned.first.min(at);
        if learned.uses.contains(what) {
            return false;
        }
        if learned.uses.len() < MOST_USES {
            learned.uses.insert(what.to_owned());
        }
        u128::from(at - learned.first) >= learn.as_millis()
    }

    /// Somebody told that this was new.
    pub(super) fn was_told(&mut self, connector: &str, what: &str) {
        if let Some(learned) = self.0.get_mut(connector).filter(|learned| learned.uses.len() < MOST_USES) {
            learned.uses.insert(what.to_owned());
        }
    }
}
