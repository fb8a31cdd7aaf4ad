//! Facts about the host and about the log itself.

use serde::{Deserialize, Serialize};

use crate::{Hash, KeyId};

/// The service started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Started {
    /// Of Portcullis.
    pub version: String,
    /// The SHA-256 of portcullis.toml as it was read.
    pub configuration: String,
    /// The SHA-256 of the ceiling in force, or `none`; left out by hosts that did not write it yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ceiling: Option<String>,
}

/// The service stopped of its own accord.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stopped {
    /// Whether everything that ran had ended; otherwise the next start finds out what became of it.
    pub finished: bool,
}

/// The service read a ceiling, or took a changed file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigurationLoaded {
    /// `portcullis.toml` or `ceiling.toml`.
    pub file: String,
    /// The SHA-256 of what was read.
    pub sha256: String,
}

/// The service started without a ceiling, and had one when it ran before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CeilingGone {
    /// The SHA-256 of the one that was in force.
    pub former: String,
}

/// The ceiling was taken away, or cannot be used any more, while the service ran: the former one stays in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CeilingKept {
    /// The SHA-256 of the one in force; `none` where there was none.
    pub former: String,
    /// What is wrong with the file.
    pub reason: String,
}

/// A new key for sealed passwords.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRotated {
    /// Its id.
    pub key: String,
}

/// A compiled plugin in the host's cache was not one that the host wrote. It was deleted and the plugin compiled again;
/// nothing of it was run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CacheAltered {
    /// The file.
    pub file: String,
}

/// A backup took the place of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalRestored {
    /// The file.
    pub from: String,
}

/// An operator had the host calls of operations recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// `started` or `ended`.
    pub what: String,
    /// How many operations were recorded until now.
    pub operations: u64,
}

/// A threshold of `[alarms]` was reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alarm {
    /// `denials`, `account-resets`, `caller-resets`, `outside-hours`, `new-use`, `ceiling-gone`, `unlisted`.
    pub alarm: String,
    /// What it is about: an account, a caller, a use; for `unlisted` the alarm of which there were more.
    pub subject: String,
    /// For people.
    pub text: String,
    /// How many there were within the window; 1 where one is enough; for `unlisted` how many are not listed.
    pub count: u64,
}

/// A signature over the line before: everything up to there is as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Which key signed.
    pub key: KeyId,
    /// Ed25519 over `portcullis audit place v1\n<seq of the line before>\n<its hash>\n`, in base64.
    pub signature: String,
}

/// The first line of a further file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    /// The name of the file before.
    pub previous: String,
}

/// Facts could not be written: the disk was full, or the log was damaged under the host. What they said is in the host's
/// own log at best.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lost {
    /// How many.
    pub facts: u64,
}

/// After a crash the beginning of a line lay at the end and was cut off: it had been promised to nobody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repaired {
    /// How many bytes were cut off.
    pub bytes: u64,
}

/// Somebody began a new chain, because the old one does not continue where its head says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BegunAnew {
    /// Why, in the words of the one who did it.
    pub why: String,
    /// Who: a user of this machine.
    pub who: String,
    /// What was wrong.
    pub found: String,
    /// The hash of the last line that was found, for who compares.
    pub last: Hash,
}
