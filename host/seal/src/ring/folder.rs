//! The folder with the key files: one change at a time, each whole or not at all, and nobody else may look.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::disk::{failed, give, itself, only_owner, overwrite, sync, wipe};
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
    file: File,
}

impl Folder {
    /// Makes the folder where there is none, and gives it to the owner of the folder that it is in.
    pub(super) fn make(path: &Path) -> Result<(), KeyError> {
        match DirBuilder::new().mode(0o700).create(path) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
            Err(error) => return Err(failed("making the folder for keys", path)(error)),
        }
        let parent = path.parent().unwrap_or(Path::new("."));
        let owner = fs::metadata(parent).map_err(failed("looking at the state folder", parent))?;
        itself(OpenOptions::new().read(true), path)
            .and_then(|folder| give(&folder, &owner))
            .map_err(failed("giving the folder to the owner of the state folder", path))?;
        sync(parent)
    }

    /// Takes a folder into which others may not look.
    pub(super) fn open(path: PathBuf) -> Result<Self, KeyError> {
        let metadata = fs::symlink_metadata(&path).map_err(failed("looking at the folder for keys", &path))?;
        if !metadata.is_dir() {
            return Err(KeyError::Malformed { path, reason: "it is not a folder" });
        }
        only_owner(&path, &metadata, 0o700)?;
        Ok(Self { path })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Waits until nobody else changes the folder.
    pub(super) fn lock(&self) -> Result<Locked<'_>, KeyError> {
        let file = File::open(&self.path).map_err(failed("opening the folder for keys", &self.path))?;
        file.lock().map_err(failed("locking the folder for keys", &self.path))?;
        // What a crash left in the middle of a change.
        for left in [NEW, OLD].map(|name| self.path.join(name)) {
            wipe(&left)?;
        }
        Ok(Locked { folder: self, file })
    }

    fn file(&self, id: &KeyId) -> PathBuf {
        self.path.join(format!("{id}.key"))
    }
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
        let file = itself(OpenOptions::new().read(true), &path).map_err(failed("opening a key", &path))?;
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
        // A command that root runs must leave keys that the service can read.
        self.file.metadata().and_then(|owner| give(&new, &owner)).map_err(writing())?;
        new.write_all(&text).and_then(|()| new.sync_all()).map_err(writing())?;
        // The secret would stay on the disk, in the blocks of a file without a name.
        let former = itself(OpenOptions::new().write(true), &path).ok();
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
        let source = io::Error::new(
            io::ErrorKind::NotFound,
            "there is no key in it: start the service once, or bring the keys back from a backup",
        );
        KeyError::Io { doing: "reading the keys", path: self.folder.path.clone(), source }
    }
}
