//! Compiled plugins on disk.
//!
//! A compiled plugin is native code: whoever can write one that the host maps runs code in the host. So the folder
//! must belong to the host's user and nobody else may enter it, every file carries a MAC under a key that never leaves
//! the folder, and what was checked is what is mapped: the bytes are read once, checked, and mapped from memory.
//! A file that fails any of this is deleted and the plugin compiled again; a cache never makes an operation fail.

use std::fs::{self, File, OpenOptions};
use std::hash::{Hash, Hasher};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest as _, Sha256};
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::Digest;

const MAC_BYTES: usize = 32;

/// The block size of SHA-256, the longest key that HMAC uses as it is.
const KEY_BYTES: usize = 64;

/// A folder of compiled plugins that only this host wrote.
pub struct Cache {
    folder: PathBuf,
    key: [u8; KEY_BYTES],
    /// Files that did not belong there, until somebody asks.
    altered: Mutex<Vec<PathBuf>>,
}

/// Why a folder cannot be the cache. The host goes on without one.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// Others could write native code into it.
    #[error("{0} can be entered by other users, or belongs to one: `chmod 700` it, or name another cache folder")]
    NotPrivate(PathBuf),
    /// The system refused.
    #[error("{0}: {1}")]
    Io(PathBuf, io::Error),
}

impl std::fmt::Debug for Cache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cache").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl Cache {
    /// Opens a cache folder, and makes it (with mode 0700) if it is not there.
    ///
    /// # Errors
    /// [`CacheError`] for a folder that others can enter, or that cannot be used.
    pub fn open(folder: impl Into<PathBuf>) -> Result<Self, CacheError> {
        // `link/` and `link/.` mean the folder behind a link: who can change the link decides what is mapped.
        let folder: PathBuf = folder.into().components().collect();
        let io = |error| CacheError::Io(folder.clone(), error);
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(io)?;
        let key_path = folder.join("key");
        let meta = fs::symlink_metadata(&folder).map_err(io)?;
        if !meta.is_dir() || meta.mode() & 0o077 != 0 {
            return Err(CacheError::NotPrivate(folder));
        }
        // Root enters every folder, also one in which another user prepared a key and the files that go with it.
        let own = own_uid(&folder).map_err(io)?;
        if meta.uid() != own {
            return Err(CacheError::NotPrivate(folder));
        }
        let key = match read_key(&key_path) {
            Ok(key) => key,
            // Not there, or cut off when the disk was full: what was kept under another key is compiled again.
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::UnexpectedEof) => {
                make_key(&folder, &key_path).map_err(io)?
            }
            Err(error) => return Err(CacheError::Io(key_path, error)),
        };
        if fs::symlink_metadata(&key_path).map_err(io)?.uid() != own {
            return Err(CacheError::NotPrivate(folder));
        }
        Ok(Self { folder, key, altered: Mutex::default() })
    }

    /// The compiled plugin, if this engine compiled it before.
    pub(crate) fn get(&self, engine: &Engine, digest: &Digest) -> Option<Component> {
        let path = self.path(engine, digest);
        let bytes = fs::read(&path).ok()?;
        let component = self.authenticate(&path, &bytes).and_then(|code| deserialize(engine, code));
        if component.is_none() {
            tracing::warn!(file = %path.display(), "a file of the plugin cache is not one that this host wrote: deleted");
            let _ = fs::remove_file(&path);
            self.altered().push(path);
        }
        component
    }

    /// The files that were found altered.
    pub(crate) fn altered(&self) -> MutexGuard<'_, Vec<PathBuf>> {
        self.altered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a compiled plugin. Failing to is only a warning.
    pub(crate) fn put(&self, engine: &Engine, digest: &Digest, component: &Component) {
        let path = self.path(engine, digest);
        let written = component.serialize().map_err(io::Error::other).and_then(|code| {
            let mac = self.mac(&path, &code).finalize().into_bytes();
            write_private(&self.folder, &path, &[&mac, &code])
        });
        if let Err(error) = written {
            tracing::warn!(file = %path.display(), %error, "a compiled plugin could not be kept; it will be compiled again");
        }
    }

    fn path(&self, engine: &Engine, digest: &Digest) -> PathBuf {
        let mut hasher = HashBytes(Sha256::new());
        hasher.0.update(digest.as_bytes());
        engine.precompile_compatibility_hash().hash(&mut hasher);
        let name: String = hasher.0.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        self.folder.join(name)
    }

    /// The name is part of what is authenticated: a file copied over another one is another plugin.
    fn mac(&self, path: &Path, code: &[u8]) -> Hmac<Sha256> {
        let mut mac = <Hmac<Sha256> as KeyInit>::new(&self.key.into());
        mac.update(path.file_name().unwrap_or_default().as_encoded_bytes());
        mac.update(code);
        mac
    }

    fn authenticate<'a>(&self, path: &Path, bytes: &'a [u8]) -> Option<&'a [u8]> {
        let (mac, code) = bytes.split_at_checked(MAC_BYTES)?;
        self.mac(path, code).verify_slice(mac).ok()?;
        Some(code)
    }
}

#[allow(unsafe_code, reason = "mapping native code is unsafe by nature; this is the only place")]
fn deserialize(engine: &Engine, code: &[u8]) -> Option<Component> {
    // SAFETY: `code` was authenticated a moment ago under a key that only this host's user can read, over these very
    // bytes in memory and not over a file that could change; so it is what `Component::serialize` of a host with this
    // key returned, for an engine with the same compatibility hash (part of the authenticated name).
    unsafe { Component::deserialize(engine, code) }.ok()
}

fn read_key(path: &Path) -> io::Result<[u8; KEY_BYTES]> {
    let mut key = [0; KEY_BYTES];
    File::open(path)?.read_exact(&mut key)?;
    Ok(key)
}

fn make_key(folder: &Path, path: &Path) -> io::Result<[u8; KEY_BYTES]> {
    let mut key = [0; KEY_BYTES];
    getrandom::fill(&mut key).map_err(io::Error::other)?;
    write_private(folder, path, &[&key])?;
    // Two hosts may have started together: both use the key that is there now.
    read_key(path)
}

/// The user that this process's files belong to.
fn own_uid(folder: &Path) -> io::Result<u32> {
    let temporary = temporary(folder)?;
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
    let uid = made.metadata().map(|meta| meta.uid());
    fs::remove_file(&temporary)?;
    uid
}

fn temporary(folder: &Path) -> io::Result<PathBuf> {
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(io::Error::other)?;
    Ok(folder.join(format!(".{:016x}", u64::from_ne_bytes(random))))
}

/// Writes a file that appears whole or not at all.
fn write_private(folder: &Path, path: &Path, parts: &[&[u8]]) -> io::Result<()> {
    let temporary = temporary(folder)?;
    let result = (|| {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
        parts.iter().try_for_each(|part| file.write_all(part))?;
        fs::rename(&temporary, path)
    })();
    if result.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    result
}

/// Feeds what a `Hash` writes into SHA-256: the engine tells its configuration only as a `Hash`.
struct HashBytes(Sha256);

impl Hasher for HashBytes {
    fn finish(&self) -> u64 {
        0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }
}

#[cfg(test)]
#[path = "cache_tests.rs"]
mod tests;
