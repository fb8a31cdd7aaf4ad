//! The facts: one struct for each, and [`Fact`] over all of them. `docs/audit-log.md` describes every field, and a test
//! compares it with these types.

mod host;
mod operation;
mod registry;

use std::sync::Arc;
use std::time::SystemTime;

pub use host::{
    Alarm, BegunAnew, CacheAltered, CeilingGone, CeilingKept, Checkpoint, ConfigurationLoaded, JournalRestored,
    KeyRotated, Lost, Recorded, Repaired, Segment, Started, Stopped,
};
pub use operation::{
    Allowed, Asked, Confirmed, Denied, Ended, InDoubt, Located, Omitted, PluginEnded, Reached, Refused, Tried, Written,
};
pub use registry::{Approved, ConnectorRefused, ConnectorStarted, ConnectorSwapped, ConnectorWithdrawn};

use serde::{Deserialize, Serialize};

/// Whom a fact is about; what does not apply is left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// The operation's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// The connector's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connector: Option<String>,
    /// Who asked: a caller of the service, or `user:NAME` who typed a command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caller: Option<String>,
}

/// A fact to be written down.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// When it happened.
    pub at: SystemTime,
    /// Whom it is about; shared by all facts of an operation.
    pub about: Arc<About>,
    /// What happened.
    pub fact: Fact,
}

impl Entry {
    /// A fact of this moment.
    #[must_use]
    pub fn now(about: impl Into<Arc<About>>, fact: impl Into<Fact>) -> Self {
        Self { at: SystemTime::now(), about: about.into(), fact: fact.into() }
    }
}

macro_rules! facts {
    ($($name:ident),* $(,)?) => {
        /// One fact.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "fact", rename_all = "kebab-case")]
        pub enum Fact {
            $(#[doc = concat!("See [`", stringify!($name), "`].")] $name($name),)*
            /// A fact that a later host wrote.
            #[serde(other)]
            Unknown,
        }

        $(impl From<$name> for Fact {
            fn from(fact: $name) -> Self {
                Self::$name(fact)
            }
        })*
    };
}

facts! {
    Asked, Located, Allowed, Denied, Written, Refused, InDoubt, Tried, Confirmed, PluginEnded, Omitted, Ended, Reached,
    Started, Stopped, ConfigurationLoaded, CeilingGone, CeilingKept, KeyRotated, JournalRestored, Recorded, Alarm,
    Approved, ConnectorStarted, ConnectorSwapped, ConnectorWithdrawn, ConnectorRefused,
    Checkpoint, Segment, Repaired, Lost, BegunAnew, CacheAltered,
}
