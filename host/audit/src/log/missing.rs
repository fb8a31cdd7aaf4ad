//! `audit.lost`: how many facts could not be written, until a line tells of them.
//!
//! A process may end before there is room for that line, so that another one has to write it. The file has its one size from
//! the beginning: to overwrite it takes no room. It is a help for honest hosts, and nothing that is signed.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use crate::{AuditError, segment};

/// The name of the file in the log's folder.
const FILE: &str = "audit.lost";

/// As many digits as a `u64` has, and a newline.
const SIZE: usize = 21;

#[derive(Debug)]
pub(super) struct Missing {
    file: File,
    /// Those that the file could not be told of.
    untold: u64,
}

impl Missing {
    /// The file of a log, made if it is not there.
    pub(super) fn open(folder: &Path) -> Result<Self, AuditError> {
        let file = segment::made_readable(folder, FILE, 0o640)?;
        let path = folder.join(FILE);
        let missing = Self { file, untold: 0 };
        let length = missing.file.metadata().map_err(AuditError::io("looking at", &path))?.len();
        if length < SIZE as u64 {
            missing.keep(0).and_then(|()| missing.file.sync_data()).map_err(AuditError::io("writing", &path))?;
        }
        Ok(missing)
    }

    /// How many no line tells of yet.
    pub(super) fn count(&self) -> u64 {
        let mut bytes = [0; SIZE];
        let read = self.file.read_exact_at(&mut bytes, 0).ok().and_then(|()| std::str::from_utf8(&bytes).ok());
        read.and_then(|text| text.trim().parse::<u64>().ok()).unwrap_or_default().saturating_add(self.untold)
    }

    /// So many more.
    pub(super) fn add(&mut self, facts: u64) {
        if facts > 0 && self.keep(self.count().saturating_add(facts)).is_ok() {
            self.untold = 0;
        } else {
            self.untold = self.untold.saturating_add(facts);
        }
    }

    /// A line tells of all of them.
    pub(super) fn told(&mut self) {
        self.untold = 0;
        // Told twice is better than never.
        if let Err(error) = self.keep(0) {
            tracing::warn!("{FILE} of the audit log cannot be written: {error}");
        }
    }

    fn keep(&self, count: u64) -> std::io::Result<()> {
        self.file.write_all_at(format!("{count:020}\n").as_bytes(), 0)
    }
}
