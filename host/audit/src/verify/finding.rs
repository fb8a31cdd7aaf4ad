//! What does not fit, each with what it is and where.

use std::fmt;

/// What does not fit.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(tag = "finding", rename_all = "kebab-case")]
pub enum Finding {
    /// Text that is not a line, or the beginning of one.
    NotALine {
        /// The file.
        file: String,
        /// Counted from 1 in the file.
        at: u64,
    },
    /// Line `seq`, or the `prev` of the line behind it, was changed.
    Edited {
        /// The file of the line behind it.
        file: String,
        /// The line.
        seq: u64,
    },
    /// Lines are gone, or others stand in their place.
    Missing {
        /// The file in which the next line stands.
        file: String,
        /// The first that is gone.
        from: u64,
        /// The last that is gone.
        to: u64,
    },
    /// A line stands where an earlier one was expected: reordered, or written twice.
    Misplaced {
        /// The file.
        file: String,
        /// Its number.
        seq: u64,
        /// The number that was expected.
        expected: u64,
    },
    /// A checkpoint whose signature is not the key's.
    BadCheckpoint {
        /// The checkpoint's number.
        seq: u64,
    },
    /// The log ends before the place that its head, or an anchor, names.
    Cut {
        /// The last line that is there.
        last: u64,
        /// The last line that was.
        expected: u64,
    },
    /// The head is gone, or cannot be read, or its signature is not the key's.
    BadHead {
        /// In words.
        why: String,
    },
    /// The line that an anchor or the head names is another one now.
    NotTheLine {
        /// Its number.
        seq: u64,
    },
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotALine { file, at } => {
                write!(f, "{file}: its line {at} is not a line of the log, or only a part of one")
            }
            Self::Edited { file, seq } => {
                write!(f, "{file}: line {seq} was changed, or the hash of it in line {}", seq + 1)
            }
            Self::Missing { file, from, to } if from == to => write!(f, "{file}: line {from} is gone"),
            Self::Missing { file, from, to } => write!(f, "{file}: lines {from} to {to} are gone"),
            Self::Misplaced { file, seq, expected } => {
                write!(f, "{file}: line {seq} stands where line {expected} belongs")
            }
            Self::BadCheckpoint { seq } => write!(f, "the signature of the checkpoint in line {seq} is not the key's"),
            Self::Cut { last, expected } => write!(f, "the log was cut: it ends with line {last}, and had {expected}"),
            Self::BadHead { why } => write!(f, "audit.head: {why}"),
            Self::NotTheLine { seq } => write!(f, "line {seq} is not the one that was written"),
        }
    }
}
