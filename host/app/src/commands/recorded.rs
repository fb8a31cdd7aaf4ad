//! The file into which `--record` writes.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use portcullis_model::{Fault, FaultCode};
use rustix::fs::OFlags;
use rustix::io::Errno;

use crate::recording::{Recording, continues, to_line};

/// A file for recordings, open before anything is done.
pub(super) struct Recorded {
    file: File,
    path: PathBuf,
}

impl Recorded {
    /// Opens the file; a line is added to what it holds, which must be recordings. Only its owner may read one that is made,
    /// and only one that nobody else can read or write is gone on with: recordings name accounts.
    pub(super) fn open(path: &Path) -> Result<Self, Fault> {
        let this = Self::with(path, OpenOptions::new().read(true).append(true).create(true))?;
        let unusable = |why: String| Fault::new(FaultCode::FileUnusable, why);
        let shown = path.display();
        let metadata = this.file.metadata().map_err(|error| unwritable(path, &error))?;
        if !metadata.is_file() {
            return Err(unusable(format!("{shown} is no file to add recordings to")));
        }
        let mode = metadata.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            let text = format!(
                "{shown} has the mode {mode:03o}, and recordings name accounts: `chmod 600` it, or name another"
            );
            return Err(unusable(text));
        }
        match continues(path, &this.file) {
            Ok(()) => Ok(this),
            Err(error) => {
                let text = format!("nothing is added to a file that holds something else than recordings: {error}");
                Err(unusable(text))
            }
        }
    }

    /// Makes the file, which must not be there.
    pub(super) fn create(path: &Path) -> Result<Self, Fault> {
        Self::with(path, OpenOptions::new().write(true).create_new(true))
    }

    fn with(path: &Path, options: &mut OpenOptions) -> Result<Self, Fault> {
        // What a link points to is another's choice, and a pipe would wait for a reader.
        let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
        let file = options.mode(0o600).custom_flags(flags).open(path).map_err(|error| unwritable(path, &error))?;
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

/// Whether opening failed because of [`OFlags::NOFOLLOW`].
pub(super) fn is_link(error: &std::io::Error) -> bool {
    error.raw_os_error() == Some(Errno::LOOP.raw_os_error())
}

fn unwritable(path: &Path, error: &std::io::Error) -> Fault {
    let why = match error.kind() {
        _ if is_link(error) => "it is a link: name the file itself".to_owned(),
        ErrorKind::AlreadyExists => "it exists: name a file that does not exist yet".to_owned(),
        _ => error.to_string(),
    };
    Fault::new(FaultCode::FileUnusable, format!("{} cannot be written: {why}", path.display()))
}
