//! The file that a directory is kept in. Several processes may share it.
//!
//! A write takes a lock on a file beside it, reads the state again if somebody else wrote it, and puts a new file in its
//! place: a reader sees the old state or the new one, and never a half. Reading takes no lock.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use zeroize::Zeroizing;

/// More than this is no directory of this kind, and reading it would only fill the memory.
const MAX_BYTES: u64 = 256 * 1024 * 1024;

/// The place of the state.
#[derive(Debug)]
pub(super) struct StateFile {
    path: PathBuf,
    lock: PathBuf,
}

/// The state that was read. The file is kept open: its number then belongs to no other file, and a new file in its
/// place is seen whatever the resolution of the clock.
#[derive(Debug)]
pub(super) struct Seen {
    _open: File,
    mark: Mark,
}

#[derive(Debug, PartialEq, Eq)]
struct Mark {
    file: (u64, u64),
    length: u64,
    modified: Option<SystemTime>,
}

impl Mark {
    fn of(metadata: &Metadata) -> Self {
        #[cfg(unix)]
        let file = {
            use std::os::unix::fs::MetadataExt as _;
            (metadata.dev(), metadata.ino())
        };
        #[cfg(not(unix))]
        let file = (0, 0);
        Self { file, length: metadata.len(), modified: metadata.modified().ok() }
    }
}

impl StateFile {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { lock: beside(&path, ".lock"), path }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Waits until nobody else writes. The lock ends with the handle.
    pub(super) fn lock(&self) -> io::Result<File> {
        let file = private().create(true).truncate(false).open(&self.lock)?;
        file.lock()?;
        Ok(file)
    }

    /// Whether somebody put another state there. A file that is gone is no other state: the next write makes it again.
    pub(super) fn changed_since(&self, seen: Option<&Seen>) -> io::Result<bool> {
        match fs::metadata(&self.path) {
            Ok(metadata) => Ok(seen.is_none_or(|seen| seen.mark != Mark::of(&metadata))),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(e) => Err(e),
        }
    }

    /// The text of the state; nothing if there is no file.
    pub(super) fn read(&self) -> io::Result<Option<(Zeroizing<String>, Seen)>> {
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(e),
        };
        let mark = Mark::of(&file.metadata()?);
        Ok(Some((read_all(&file)?, Seen { _open: file, mark })))
    }

    /// Puts a text in the place of the state. Only for who holds the lock.
    pub(super) fn write(&self, text: &str) -> io::Result<Seen> {
        let new = beside(&self.path, ".new");
        // What a process left that was stopped in between; whoever holds the lock is alone here.
        match fs::remove_file(&new) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
            _ => {}
        }
        let mut file = private().create_new(true).open(&new)?;
        let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
        written.and_then(|()| fs::rename(&new, &self.path)).inspect_err(|_| drop(fs::remove_file(&new)))?;
        let mark = Mark::of(&file.metadata()?);
        self.sync_folder();
        Ok(Seen { _open: file, mark })
    }

    /// The new state is in place already: if its name does not survive a power failure, the old state does.
    fn sync_folder(&self) {
        let folder = self.path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if let Err(e) = File::open(folder).and_then(|folder| folder.sync_all()) {
            tracing::warn!("the folder of {} could not be synced: {e}", self.path.display());
        }
    }
}

/// Reads a file of text.
pub(super) fn read_all(file: &File) -> io::Result<Zeroizing<String>> {
    let length = file.metadata()?.len();
    if length > MAX_BYTES {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "the file is larger than 256 MiB"));
    }
    let mut text = Zeroizing::new(String::with_capacity(usize::try_from(length).unwrap_or_default() + 1));
    file.take(MAX_BYTES).read_to_string(&mut text)?;
    Ok(text)
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Readable for its owner alone.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}
