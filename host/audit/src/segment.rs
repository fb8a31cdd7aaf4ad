//! The files of the log: `audit-NNNNNNNNNNNNNNNN.jsonl`, named by the number of their first line.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, fchown};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use crate::AuditError;

/// The path of a segment.
pub(crate) fn path(folder: &Path, first: u64) -> PathBuf {
    folder.join(format!("audit-{first:016}.jsonl"))
}

/// The segments of a log by the number of their first line, the oldest first.
pub(crate) fn all(folder: &Path) -> Result<Vec<u64>, AuditError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(AuditError::io("listing", folder)(error)),
    };
    let mut all = Vec::new();
    for entry in entries {
        let name = entry.map_err(AuditError::io("listing", folder))?.file_name();
        let number = name.to_str().and_then(|name| name.strip_prefix("audit-")?.strip_suffix(".jsonl"));
        all.extend(number.filter(|text| text.len() == 16).and_then(|text| text.parse::<u64>().ok()));
    }
    all.sort_unstable();
    Ok(all)
}

/// Whether anything of a log is there.
pub(crate) fn is_log(folder: &Path) -> Result<bool, AuditError> {
    Ok(fs::symlink_metadata(folder.join(crate::head::FILE)).is_ok() || !all(folder)?.is_empty())
}

/// Makes the folder, for its owner and those who may read the log.
pub(crate) fn make_folder(state: &Path) -> Result<PathBuf, AuditError> {
    let folder = state.join(crate::FOLDER);
    let failed = || AuditError::io("making", &folder);
    fs::DirBuilder::new().recursive(true).mode(0o700).create(state).map_err(AuditError::io("making", state))?;
    let made = match fs::DirBuilder::new().mode(0o750).create(&folder) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => false,
        result => result.map(|()| true).map_err(failed())?,
    };
    // Never by way of a link: whoever has the state folder must not lead root to another one, nor be given what root did
    // not make.
    let flags = (OFlags::DIRECTORY | OFlags::NOFOLLOW).bits().cast_signed();
    let opened = OpenOptions::new().read(true).custom_flags(flags).open(&folder).map_err(failed())?;
    if made {
        give(&opened, state).map_err(failed())?;
    }
    Ok(folder)
}

/// A further segment to append to.
pub(crate) fn begin(folder: &Path, first: u64) -> Result<File, AuditError> {
    let path = path(folder, first);
    // A crash may have left it, with nothing in it.
    if fs::symlink_metadata(&path).is_ok_and(|meta| meta.is_file() && meta.len() == 0) {
        return open(folder, first);
    }
    let file = open_with(&path, OpenOptions::new().create_new(true).mode(0o640))?;
    give(&file, folder).map_err(AuditError::io("giving to its owner", &path))?;
    Ok(file)
}

/// A segment that is there, to append to. That it is gone is damage: no waiting brings it back.
pub(crate) fn open(folder: &Path, first: u64) -> Result<File, AuditError> {
    let path = path(folder, first);
    match fs::symlink_metadata(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(AuditError::damaged(&path, "it is gone")),
        _ => open_with(&path, &mut OpenOptions::new()),
    }
}

/// A link is not followed.
fn open_with(path: &Path, options: &mut OpenOptions) -> Result<File, AuditError> {
    let file = options.append(true).read(true).custom_flags(to_write()).open(path);
    regular(file.map_err(AuditError::io("opening", path))?, path)
}

/// A link is not followed, and nobody is waited for where a pipe lies.
fn to_write() -> i32 {
    (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed()
}

/// A file to read. What is no file, such as a pipe, is an error at once and not waited for.
pub(crate) fn read(path: &Path) -> Result<File, AuditError> {
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path);
    regular(file.map_err(AuditError::io("opening", path))?, path)
}

fn regular(file: File, path: &Path) -> Result<File, AuditError> {
    let is_file = file.metadata().map_err(AuditError::io("looking at", path))?.is_file();
    if is_file { Ok(file) } else { Err(AuditError::damaged(path, NO_FILE)) }
}

/// What is wrong with a pipe, a folder or a device in the place of a file.
pub(crate) const NO_FILE: &str = "it is not a regular file";

/// Whether a path still leads to this opened file. Who holds a file that was renamed, replaced or deleted would write
/// where nobody reads.
pub(crate) fn in_place(file: &File, path: &Path) -> Result<(), AuditError> {
    let opened = file.metadata().map_err(AuditError::io("looking at", path))?;
    let displaced = || Err(AuditError::Displaced { path: path.to_owned() });
    match fs::symlink_metadata(path) {
        Ok(there) if (there.dev(), there.ino()) == (opened.dev(), opened.ino()) => Ok(()),
        Ok(_) => displaced(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => displaced(),
        Err(error) => Err(AuditError::io("looking at", path)(error)),
    }
}

/// What root makes belongs to the one who owns the folder: the service has to go on with it.
pub(crate) fn give(file: &File, folder: &Path) -> std::io::Result<()> {
    let (ours, owner) = (file.metadata()?, fs::metadata(folder)?);
    if (ours.uid(), ours.gid()) == (owner.uid(), owner.gid()) {
        return Ok(());
    }
    match fchown(file, Some(owner.uid()), Some(owner.gid())) {
        // The owner is right, and a group that cannot be given changes nobody's rights for the better.
        Err(_) if ours.uid() == owner.uid() => Ok(()),
        other => other,
    }
}

/// Opens a file for writing, and makes it if it is not there; only what was made here is given away.
pub(crate) fn made(folder: &Path, name: &str, mode: u32) -> Result<File, AuditError> {
    made_with(folder, name, OpenOptions::new().mode(mode))
}

/// [`made`], to be read as well.
pub(crate) fn made_readable(folder: &Path, name: &str, mode: u32) -> Result<File, AuditError> {
    made_with(folder, name, OpenOptions::new().mode(mode).read(true))
}

fn made_with(folder: &Path, name: &str, options: &mut OpenOptions) -> Result<File, AuditError> {
    let path = folder.join(name);
    options.write(true).custom_flags(to_write());
    match options.clone().create_new(true).open(&path) {
        Ok(file) => {
            give(&file, folder).map_err(AuditError::io("giving to its owner", &path))?;
            Ok(file)
        }
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            regular(options.open(&path).map_err(AuditError::io("opening", &path))?, &path)
        }
        Err(error) => Err(AuditError::io("making", &path)(error)),
    }
}

/// Makes names durable.
pub(crate) fn sync(folder: &Path) -> Result<(), AuditError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(AuditError::io("writing to disk", folder))
}
