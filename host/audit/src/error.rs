//! Why a line could not be written or read.

use std::path::{Path, PathBuf};

/// Why the audit log cannot be used. Each text says what to do.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AuditError {
    /// The system refused something.
    #[error("{}: {doing} failed: {why}", path.display())]
    Io {
        /// What was being done.
        doing: &'static str,
        /// To which file or folder.
        path: PathBuf,
        /// The system's words.
        why: String,
    },
    /// The log is not what its head says: somebody changed it, or the disk lost a part of it.
    #[error(
        "{}: {what}; `portcullis audit verify` shows where, and `portcullis audit begin-anew` goes on after it",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        what: String,
    },
    /// There is no log, and none is made by who only looks.
    #[error(
        "there is no audit log in {}: name its folder with --state; a log is begun by `portcullis serve`, and by the first \
         operation that is typed",
        state.display()
    )]
    NoLog {
        /// The state folder.
        state: PathBuf,
    },
    /// The signing key is there and cannot be used.
    #[error("{}: {what}", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, and what to do.
        what: String,
    },
    /// The log was closed.
    #[error("the audit log was closed")]
    Closed,
}

impl AuditError {
    pub(crate) fn io(doing: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |error| Self::Io { doing, path: path.to_owned(), why: error.to_string() }
    }

    pub(crate) fn damaged(path: &Path, what: impl Into<String>) -> Self {
        Self::Damaged { path: path.to_owned(), what: what.into() }
    }
}
