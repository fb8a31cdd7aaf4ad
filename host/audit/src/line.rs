//! One line: its place in the chain, whom it is about, and its fact.

use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::{About, Entry, Fact, Hash, Place};

/// The version of the format. A field may be added within a version; none changes its meaning or goes.
pub const VERSION: u32 = 1;

/// One line of the log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// [`VERSION`].
    pub v: u32,
    /// Its number; the first line is 1, and none is left out.
    pub seq: u64,
    /// When it happened: RFC 3339 in UTC with milliseconds.
    pub at: String,
    /// The hash of the line before; zeros for the first.
    pub prev: Hash,
    /// Whom it is about.
    #[serde(flatten)]
    pub about: About,
    /// What happened.
    #[serde(flatten)]
    pub fact: Fact,
}

/// What verifying needs of a line; facts of a later host are no hindrance.
#[derive(Debug, Deserialize)]
pub(crate) struct Links {
    pub(crate) v: u32,
    pub(crate) seq: u64,
    pub(crate) at: String,
    pub(crate) prev: Hash,
    pub(crate) fact: String,
}

impl Line {
    /// Whether it is the line of this fact: of the same moment, about the same, with the same words.
    #[must_use]
    pub fn tells(&self, entry: &Entry) -> bool {
        self.at == written(entry.at) && self.about == entry.about && self.fact == entry.fact
    }

    /// The line after a place.
    pub(crate) fn after(place: Place, at: SystemTime, about: About, fact: Fact) -> Self {
        Self { v: VERSION, seq: place.seq + 1, at: written(at), prev: place.hash, about, fact }
    }
}

fn written(at: SystemTime) -> String {
    humantime::format_rfc3339_millis(at).to_string()
}
