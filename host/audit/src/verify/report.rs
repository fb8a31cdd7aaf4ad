//! What was found in a log.

use super::Finding;
use crate::{KeyId, Place};

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Report {
    /// How many lines there are.
    pub lines: u64,
    /// The first one; later than 1 where old files were taken away.
    pub first: u64,
    /// The last place: kept elsewhere, it is an anchor for the next time.
    #[serde(serialize_with = "as_text")]
    pub last: Place,
    /// When the last line was written.
    pub at: Option<String>,
    /// How many checkpoints were good.
    pub checkpoints: u64,
    /// The last line that a good checkpoint covers.
    pub covered: u64,
    /// The last line that the head names. Lines behind it were written a moment ago, were left by a crash, or were added by
    /// somebody without the key.
    pub signed: Option<u64>,
    /// How many bytes of a line without an end stand behind the last one: written at this moment, or left by a crash. Who
    /// writes next cuts them off and says so. Only where the head is good; otherwise they are a finding.
    pub torn: Option<u64>,
    /// The key with which the signatures were compared.
    pub key: KeyId,
    /// Whether this key was given by who asked, and not found beside the log.
    pub key_was_given: bool,
    /// The numbers of lines that say that a chain was begun anew after damage.
    pub begun_anew: Vec<u64>,
    /// What does not fit, in the order of the lines; at most [`MOST_FINDINGS`].
    pub findings: Vec<Finding>,
}

impl Report {
    /// Whether everything fits.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.findings.is_empty()
    }
}

/// How many findings are told: behind the first ones the rest seldom means anything.
pub const MOST_FINDINGS: usize = 100;

fn as_text<S: serde::Serializer>(place: &Place, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(place)
}
