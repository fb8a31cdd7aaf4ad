//! Opening files that others may have put there: a regular file or none. A pipe is not waited for, and a device is not
//! read. Never looks at what a file holds, or whose it is.

use std::fs::{File, OpenOptions};
use std::io::{Error, ErrorKind};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rustix::fs::OFlags;

/// Opens a regular file to read it, through links.
///
/// # Errors
/// The system's; of the kind [`ErrorKind::InvalidInput`] where it is a folder, a pipe or a device.
pub(crate) fn open(path: &Path) -> std::io::Result<File> {
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    if file.metadata()?.is_file() {
        return Ok(file);
    }
    Err(Error::new(ErrorKind::InvalidInput, "it is not a regular file"))
}
