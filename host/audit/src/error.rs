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
    /// A file of the log is no longer where it was opened: who writes on would write where nobody reads.
    #[error(
        "{}: it is no longer the file that this process opened: it was renamed, replaced or deleted. Put it back as it \
         was, or look with `portcullis audit verify` and start again; nothing else may move or rewrite the files of the log",
        path.display()
    )]
    Displaced {
        /// The file.
        path: PathBuf,
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
    /// Whether the files of the log or its key are not what they were, so that nothing gets better by waiting.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        matches!(self, Self::Damaged { .. } | Self::Displaced { .. } | Self::Key { .. })
    }

    pub(crate) fn io(doing: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |error| Self::Io { doing, path: path.to_owned(), why: error.to_string() }
    }

    pub(crate) fn damaged(path: &Path, what: impl Into<String>) -> Self {
        Self::Damaged { path: path.to_owned(), what: what.into() }
    }
}
