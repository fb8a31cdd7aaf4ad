//! The state folder: who may use it, and the making and checking of the file in it.
//!
//! A journal that is damaged or gone is told; an empty one never takes its place.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use crate::{JournalError, schema};

const MADE: &[u8] =
    b"This folder holds a journal of Portcullis. Without journal.db it is to be restored, not made anew.\n";

/// The folder, held for this process alone until it is dropped.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    lock: File,
}

impl Folder {
    /// Makes the folder if need be, and takes it.
    pub(crate) fn take(path: &Path) -> Result<Self, JournalError> {
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(JournalError::io("make", path))?;
        let path = path.canonicalize().map_err(JournalError::io("find", path))?;
        let mode = fs::metadata(&path).map_err(JournalError::io("look at", &path))?.permissions().mode();
        if mode & 0o077 != 0
            && let Err(error) = fs::set_permissions(&path, Permissions::from_mode(0o700))
        {
            // Somebody else's folder, for example a volume of a container: the files in it are still the service's own.
            tracing::warn!(folder = %path.display(), %error, "the state folder can be entered by others");
        }
        let file = path.join("journal.lock");
        let lock = options().create(true).truncate(false).open(&file).map_err(JournalError::io("open", &file))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path, lock }),
            Err(TryLockError::WouldBlock) => Err(JournalError::Held { folder: path }),
            Err(TryLockError::Error(source)) => Err(JournalError::Io { doing: "lock", path: file, source }),
        }
    }

    /// The folder.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The database, made if the folder never held one.
    pub(crate) fn database(&mut self) -> Result<PathBuf, JournalError> {
        let path = database(&self.path);
        if exists(&path)? {
            self.remember()?;
            return Ok(path);
        }
        if exists(&wal(&path))? {
            return Err(JournalError::damaged(&path, "the file is gone, and its -wal is still there"));
        }
        if self.made()? {
            let what = "the file is gone (to start with an empty journal on purpose, remove journal.lock as well)";
            return Err(JournalError::damaged(&path, what));
        }
        let fresh = self.path.join("journal.db.new");
        remove(&fresh)?;
        create(&fresh)?;
        schema::fill(&fresh)?;
        self.put(&fresh)?;
        Ok(path)
    }

    /// Makes a finished file the database. Nothing may be in its place.
    pub(crate) fn put(&mut self, fresh: &Path) -> Result<(), JournalError> {
        sync(fresh)?;
        self.give(fresh)?;
        let path = database(&self.path);
        fs::rename(fresh, &path).map_err(JournalError::io("rename", fresh))?;
        sync(&self.path)?;
        self.remember()
    }

    /// What root makes belongs to the one who owns the folder: the service has to open it.
    fn give(&self, file: &Path) -> Result<(), JournalError> {
        let failed = JournalError::io("give to its owner", file);
        let (owner, ours) = match (fs::metadata(&self.path), fs::metadata(file)) {
            (Ok(folder), Ok(file)) => ((folder.uid(), folder.gid()), (file.uid(), file.gid())),
            (Err(error), _) | (_, Err(error)) => return Err(failed(error)),
        };
        if owner == ours {
            return Ok(());
        }
        let lock = self.path.join("journal.lock");
        let given = chown(file, Some(owner.0), Some(owner.1)).and_then(|()| chown(&lock, Some(owner.0), Some(owner.1)));
        match given {
            // The group alone is of no use to a file that only its owner may read.
            Err(_) if ours.0 == owner.0 => Ok(()),
            other => other.map_err(failed),
        }
    }

    fn made(&mut self) -> Result<bool, JournalError> {
        let failed = JournalError::io("read", &self.path);
        let mut text = Vec::new();
        let read = self.lock.seek(SeekFrom::Start(0)).and_then(|_| self.lock.read_to_end(&mut text));
        read.map_err(failed).map(|_| !text.is_empty())
    }

    fn remember(&mut self) -> Result<(), JournalError> {
        if self.made()? {
            return Ok(());
        }
        self.lock.write_all(MADE).and_then(|()| self.lock.sync_all()).map_err(JournalError::io("write", &self.path))
    }
}

/// The database of a folder.
pub(crate) fn database(folder: &Path) -> PathBuf {
    folder.join("journal.db")
}

/// The log beside a database.
pub(crate) fn wal(database: &Path) -> PathBuf {
    beside(database, "-wal")
}

/// A file whose name is longer.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Makes an empty file that only its owner may read, where there is none.
pub(crate) fn create(path: &Path) -> Result<(), JournalError> {
    match options().create_new(true).open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            Err(JournalError::Exists { path: path.to_owned() })
        }
        Err(source) => Err(JournalError::Io { doing: "make", path: path.to_owned(), source }),
    }
}

/// Removes a file that may be there.
pub(crate) fn remove(path: &Path) -> Result<(), JournalError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(JournalError::io("remove", path)(error)),
        _ => Ok(()),
    }
}

/// Brings a file or folder to the disk. Never called on a database that is open: closing any handle of a file takes
/// SQLite's locks on it away (fcntl(2)).
pub(crate) fn sync(path: &Path) -> Result<(), JournalError> {
    File::open(path).and_then(|file| file.sync_all()).map_err(JournalError::io("write", path))
}

pub(crate) fn exists(path: &Path) -> Result<bool, JournalError> {
    fs::exists(path).map_err(JournalError::io("look at", path))
}

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).mode(0o600);
    options
}
