//! One line: its place in the chain, whom it is about, and its fact.

use std::fmt::Display;
use std::time::SystemTime;

use serde::{Deserialize, Serialize, Serializer};

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
        self.at == written(entry.at).to_string() && self.about == *entry.about && self.fact == entry.fact
    }
}

/// A [`Line`] as it is written, made of a fact that stays where it is.
#[derive(Debug, Serialize)]
pub(crate) struct NewLine<'a> {
    v: u32,
    pub(crate) seq: u64,
    #[serde(serialize_with = "milliseconds")]
    at: SystemTime,
    prev: Hash,
    #[serde(flatten)]
    about: &'a About,
    #[serde(flatten)]
    fact: &'a Fact,
}

impl<'a> NewLine<'a> {
    /// The line after a place.
    pub(crate) fn after(place: Place, entry: &'a Entry) -> Self {
        let (about, fact) = (&*entry.about, &entry.fact);
        Self { v: VERSION, seq: place.seq + 1, at: entry.at, prev: place.hash, about, fact }
    }
}

fn milliseconds<S: Serializer>(at: &SystemTime, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(&written(*at))
}

fn written(at: SystemTime) -> impl Display {
    humantime::format_rfc3339_millis(at)
}
