//! What can go wrong with the journal. Every text says what to do next; none holds a secret.

use std::io;
use std::path::{Path, PathBuf};

use portcullis_model::OperationId;

use crate::Illegal;

/// Why the journal could not do what was asked. For the operator: a caller reads a fault instead.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The folder is in use.
    #[error(
        "another portcullis holds the journal in {}; stop it first, or talk to it through its control socket",
        folder.display()
    )]
    Held {
        /// The folder.
        folder: PathBuf,
    },
    /// The file cannot be trusted. Nothing was changed.
    #[error("the journal {} is damaged: {what}; put a backup back with `portcullis restore`, which keeps this file", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// Written by a newer version.
    #[error(
        "the journal {} has schema {found}, this portcullis knows {known}; run the newer version, or put a backup of the older one back",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The newest schema that this version reads.
        known: i64,
    },
    /// There is no journal in the folder.
    #[error("there is no journal in {}; name the state folder of the service with --state", folder.display())]
    Missing {
        /// The folder.
        folder: PathBuf,
    },
    /// A backup never overwrites.
    #[error("{} exists; name a file that does not exist yet", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// No operation of this name.
    #[error("the journal holds no operation {0}; it is forgotten after the time that `[journal] keep` says")]
    NoSuchOperation(OperationId),
    /// The journal holds an operation of this name already.
    #[error("the journal holds an operation {0} already; make a new id for each operation")]
    IdUsed(OperationId),
    /// The event cannot follow.
    #[error(transparent)]
    Illegal(#[from] Illegal),
    /// An unknown operation whose password is gone cannot be tried again.
    #[error("the password of operation {0} is erased, so it cannot be tried again; ask for a new operation")]
    PasswordErased(OperationId),
    /// Something given is empty, too long or too many.
    #[error("{what} must be {must}")]
    OutOfBounds {
        /// What was given.
        what: &'static str,
        /// What it has to be.
        must: String,
    },
    /// A file or folder could not be used.
    #[error("cannot {doing} {}: {source}; look at the disk and at who owns the state folder", path.display())]
    Io {
        /// What was tried.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The database could not do it. Nothing was written.
    #[error("cannot {doing} the journal: {what}; is the disk full or failing, or the state folder not writable?")]
    Storage {
        /// What was tried.
        doing: &'static str,
        /// What the database said.
        what: String,
    },
    /// The journal was closed.
    #[error("the journal is closed: the service is stopping")]
    Closed,
}

impl JournalError {
    pub(crate) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { doing, path: path.to_owned(), source }
    }

    pub(crate) fn damaged(path: &Path, what: impl Into<String>) -> Self {
        Self::Damaged { path: path.to_owned(), what: what.into() }
    }

    /// The error of a call of SQLite, for the database that it was made on.
    pub(crate) fn sqlite(doing: &'static str, path: &Path, error: &rusqlite::Error) -> Self {
        use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
        match error.sqlite_error_code() {
            Some(DatabaseCorrupt | NotADatabase) => Self::damaged(path, error.to_string()),
            _ => Self::Storage { doing, what: error.to_string() },
        }
    }
}
