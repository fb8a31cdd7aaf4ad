//! Files that hold secrets: seen by their owner alone, overwritten before they go, and never another file by way of a link.
//!
//! A command of root works in a folder of the service: a service that somebody has taken over must not lead root, by a link
//! in that folder, to overwrite or give away a file elsewhere. So a file is opened without following a link, and what is
//! done to it is done to what was opened, not to whatever has the name by then.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, fchown};
use std::path::Path;

use rustix::fs::OFlags;

use crate::KeyError;

/// An error of the system, with what was being done and to what.
pub(super) fn failed(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> KeyError {
    move |source| KeyError::Io { doing, path: path.to_owned(), source }
}

/// Refuses what others than the owner have access to.
pub(super) fn only_owner(path: &Path, metadata: &fs::Metadata, wanted: u32) -> Result<(), KeyError> {
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & 0o077 == 0 { Ok(()) } else { Err(KeyError::Exposed { path: path.to_owned(), mode, wanted }) }
}

/// Opens a file itself: a symbolic link is an error.
pub(super) fn itself(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    options.custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed()).open(path)
}

/// Gives a file to the owner of another.
pub(super) fn give(file: &File, owner: &fs::Metadata) -> io::Result<()> {
    let metadata = file.metadata()?;
    if (metadata.uid(), metadata.gid()) == (owner.uid(), owner.gid()) {
        return Ok(());
    }
    match fchown(file, Some(owner.uid()), Some(owner.gid())) {
        // The group alone is of no use to a file that only its owner may read.
        Err(_) if metadata.uid() == owner.uid() => Ok(()),
        other => other,
    }
}

/// Makes names durable that were added to or taken from a folder.
pub(super) fn sync(folder: &Path) -> Result<(), KeyError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed("writing the folder to disk", folder))
}

/// Overwrites and removes a file, if there is one. Of a link the name alone is removed, and of a file that may not be
/// written: it was given to nobody yet, and is given before a secret is written into it.
pub(super) fn wipe(path: &Path) -> Result<(), KeyError> {
    let erasing = || failed("erasing a key", path);
    if let Err(error) = fs::symlink_metadata(path) {
        return if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(erasing()(error)) };
    }
    match itself(OpenOptions::new().write(true), path) {
        Ok(file) => overwrite(file).map_err(erasing())?,
        Err(error) => tracing::debug!(file = %path.display(), %error, "not overwritten"),
    }
    fs::remove_file(path).map_err(erasing())?;
    path.parent().map_or(Ok(()), sync)
}

/// Overwrites a file with zeros, unless it has another name too: then it is not the file of a key.
pub(super) fn overwrite(mut file: File) -> io::Result<()> {
    let metadata = file.metadata()?;
    if !metadata.is_file() || metadata.nlink() > 1 {
        return Ok(());
    }
    io::copy(&mut io::repeat(0).take(metadata.len()), &mut file)?;
    file.sync_all()
}
