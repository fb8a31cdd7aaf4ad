//! The folder with the key files: one change at a time, each whole or not at all, and nobody else may look.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::file;
use super::keys::Key;
use crate::suite::PrivateKey;
use crate::{KeyError, KeyId};

/// The name of a key file until it is written; under the lock there is one at most.
const NEW: &str = "new";
/// The name of a key file from the moment at which it does not count any more until it is erased.
const OLD: &str = "old";

/// The folder `keys`.
pub(super) struct Folder {
    path: PathBuf,
}

/// The folder while nobody else, in this process or another, changes it.
pub(super) struct Locked<'a> {
    folder: &'a Folder,
    _lock: File,
}

fn failed(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> KeyError {
    move |source| KeyError::Io { doing, path: path.to_owned(), source }
}

/// Refuses what others than the owner have access to.
fn only_owner(path: &Path, metadata: &fs::Metadata, wanted: u32) -> Result<(), KeyError> {
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & 0o077 == 0 { Ok(()) } else { Err(KeyError::Exposed { path: path.to_owned(), mode, wanted }) }
}

impl Folder {
    /// Makes the folder where there is none, and refuses one into which others may look.
    pub(super) fn open(path: PathBuf) -> Result<Self, KeyError> {
        match DirBuilder::new().mode(0o700).create(&path) {
            Ok(()) => {
                let parent = path.parent().unwrap_or(Path::new("."));
                let owner = fs::metadata(parent).map_err(failed("looking at the state folder", parent))?;
                give(&path, &owner).map_err(failed("giving the folder to the owner of the state folder", &path))?;
                sync(parent)?;
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(failed("making the folder for keys", &path)(error)),
        }
        let metadata = fs::metadata(&path).map_err(failed("looking at the folder for keys", &path))?;
        only_owner(&path, &metadata, 0o700)?;
        Ok(Self { path })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Waits until nobody else changes the folder.
    pub(super) fn lock(&self) -> Result<Locked<'_>, KeyError> {
        let path = self.path.join("lock");
        let lock = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(failed("opening the lock of the keys", &path))?;
        self.give(&path)?;
        lock.lock().map_err(failed("locking the keys", &path))?;
        let locked = Locked { folder: self, _lock: lock };
        // What a crash left in the middle of a change.
        for left in [NEW, OLD].map(|name| self.path.join(name)) {
            wipe(&left)?;
        }
        Ok(locked)
    }

    fn file(&self, id: &KeyId) -> PathBuf {
        self.path.join(format!("{id}.key"))
    }

    /// Gives a file to the owner of the folder: a command that root runs must leave keys that the service can read.
    fn give(&self, path: &Path) -> Result<(), KeyError> {
        let owner = fs::metadata(&self.path).map_err(failed("looking at the folder for keys", &self.path))?;
        give(path, &owner).map_err(failed("giving the file to the owner of the folder", path))
    }
}

fn give(path: &Path, owner: &fs::Metadata) -> io::Result<()> {
    let metadata = fs::metadata(path)?;
    if (metadata.uid(), metadata.gid()) == (owner.uid(), owner.gid()) {
        return Ok(());
    }
    match std::os::unix::fs::chown(path, Some(owner.uid()), Some(owner.gid())) {
        // The group alone is of no use to a file that only its owner may read.
        Err(_) if metadata.uid() == owner.uid() => Ok(()),
        other => other,
    }
}

/// Makes names durable that were added to or taken from a folder.
fn sync(folder: &Path) -> Result<(), KeyError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed("writing the folder to disk", folder))
}

/// Overwrites and removes a file, if there is one.
fn wipe(path: &Path) -> Result<(), KeyError> {
    let erasing = || failed("erasing a key", path);
    match OpenOptions::new().write(true).open(path) {
        Ok(file) => overwrite(file).map_err(erasing())?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(erasing()(error)),
    }
    fs::remove_file(path).map_err(erasing())?;
    path.parent().map_or(Ok(()), sync)
}

fn overwrite(mut file: File) -> io::Result<()> {
    let length = file.metadata()?.len();
    io::copy(&mut io::repeat(0).take(length), &mut file)?;
    file.sync_all()
}

impl Locked<'_> {
    /// Reads every key; other files are let be.
    pub(super) fn read(&self) -> Result<Vec<Key>, KeyError> {
        let folder = &self.folder.path;
        let reading = "reading the folder for keys";
        let mut keys = Vec::new();
        for entry in fs::read_dir(folder).map_err(failed(reading, folder))? {
            let path = entry.map_err(failed(reading, folder))?.path();
            if path.extension().is_some_and(|ending| ending == "key") {
                let name = path.file_stem().and_then(|stem| KeyId::parse(stem.to_str()?));
                let id = name.ok_or_else(|| KeyError::Malformed {
                    path: path.clone(),
                    reason: "its name is not the id of a key",
                })?;
                keys.push(self.key(&id)?.0);
            }
        }
        Ok(keys)
    }

    fn key(&self, id: &KeyId) -> Result<(Key, Zeroizing<[u8; 32]>), KeyError> {
        let path = self.folder.file(id);
        let file = File::open(&path).map_err(failed("opening a key", &path))?;
        // Of the file that is open, not of whatever has its name by then.
        only_owner(&path, &file.metadata().map_err(failed("looking at a key", &path))?, 0o600)?;
        let mut text = Zeroizing::new(Vec::with_capacity(file::LONGEST + 1));
        file.take(file::LONGEST as u64 + 1).read_to_end(&mut text).map_err(failed("reading a key", &path))?;
        let malformed = |reason| KeyError::Malformed { path: path.clone(), reason };
        if text.len() > file::LONGEST {
            return Err(malformed("it is longer than a key file can be"));
        }
        file::read(&text, id).map_err(malformed)
    }

    /// Makes a key; it is durable and complete from the moment at which it has its name.
    pub(super) fn make(&self, created: u64) -> Result<Key, KeyError> {
        let mut secret = Zeroizing::new([0_u8; 32]);
        getrandom::fill(secret.as_mut_slice()).map_err(KeyError::Random)?;
        let id = PrivateKey::new(&secret).map(|private| KeyId::of(&private.public()));
        let id = id.ok_or_else(|| KeyError::Malformed {
            path: self.folder.path.clone(),
            reason: "a new secret is not a key of X25519",
        })?;
        self.write(&id, &secret, created, None)?;
        Ok(self.key(&id)?.0)
    }

    /// Writes until when a key is accepted.
    pub(super) fn end(&self, key: &Key, until: u64) -> Result<(), KeyError> {
        let (_, secret) = self.key(&key.id)?;
        self.write(&key.id, &secret, key.created, Some(until))
    }

    fn write(&self, id: &KeyId, secret: &[u8; 32], created: u64, until: Option<u64>) -> Result<(), KeyError> {
        let path = self.folder.file(id);
        let text = file::write(secret, created, until)
            .ok_or_else(|| KeyError::Malformed { path: path.clone(), reason: "it cannot be written as JSON" })?;
        let temporary = self.folder.path.join(NEW);
        let writing = || failed("writing a key", &temporary);
        let mut new = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary).map_err(writing())?;
        self.folder.give(&temporary)?;
        new.write_all(&text).and_then(|()| new.sync_all()).map_err(writing())?;
        // The secret would stay on the disk, in the blocks of a file without a name.
        let former = OpenOptions::new().write(true).open(&path).ok();
        fs::rename(&temporary, &path).map_err(failed("naming a key", &path))?;
        sync(&self.folder.path)?;
        former.map_or(Ok(()), |former| overwrite(former).map_err(failed("overwriting the former file of a key", &path)))
    }

    /// Overwrites and removes a key; it does not count any more from the moment at which it loses its name.
    pub(super) fn erase(&self, id: &KeyId) -> Result<(), KeyError> {
        let path = self.folder.file(id);
        let old = self.folder.path.join(OLD);
        fs::rename(&path, &old).map_err(failed("erasing a key", &path))?;
        sync(&self.folder.path)?;
        wipe(&old)
    }

    /// That there is no key where there was one.
    pub(super) fn empty(&self) -> KeyError {
        let source =
            io::Error::new(io::ErrorKind::NotFound, "there is no key in it: bring the keys back from a backup");
        KeyError::Io { doing: "reading the keys", path: self.folder.path.clone(), source }
    }
}
