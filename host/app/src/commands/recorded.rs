//! The file into which `--record` writes.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use portcullis_model::{Fault, FaultCode};

use crate::recording::{Recording, to_line};

/// A file for recordings, open before anything is done.
pub(super) struct Recorded {
    file: File,
    path: PathBuf,
}

impl Recorded {
    /// Opens the file; a line is added to what it holds. Only its owner may read one that is made.
    pub(super) fn open(path: &Path) -> Result<Self, Fault> {
        Self::with(path, OpenOptions::new().append(true).create(true))
    }

    /// Makes the file, which must not be there.
    pub(super) fn create(path: &Path) -> Result<Self, Fault> {
        Self::with(path, OpenOptions::new().write(true).create_new(true))
    }

    fn with(path: &Path, options: &mut OpenOptions) -> Result<Self, Fault> {
        let file = options.mode(0o600).open(path).map_err(|error| unwritable(path, &error))?;
        Ok(Self { file, path: path.to_owned() })
    }

    /// Adds a recording.
    pub(super) fn add(&mut self, recording: Option<&Recording>) -> Result<(), Fault> {
        let line = recording.and_then(to_line).ok_or_else(|| {
            let text = "the operation was not recorded: it asked for more than a recording may hold, 1 MiB";
            Fault::new(FaultCode::RecordingUnusable, text)
        })?;
        self.line(&line)
    }

    /// Adds a line that is one already, with its line break.
    pub(super) fn line(&mut self, line: &str) -> Result<(), Fault> {
        self.file.write_all(line.as_bytes()).map_err(|error| unwritable(&self.path, &error))
    }
}

fn unwritable(path: &Path, error: &std::io::Error) -> Fault {
    Fault::new(FaultCode::RecordingUnusable, format!("{} cannot be written: {error}", path.display()))
}
