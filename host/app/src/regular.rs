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

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn a_file_and_a_link_to_one_are_opened_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("file"), "text").unwrap();
        std::os::unix::fs::symlink("file", at("link")).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(at("pipe")).status().unwrap().success());
        for good in ["file", "link"] {
            let mut text = String::new();
            open(&at(good)).unwrap().read_to_string(&mut text).unwrap();
            assert_eq!(text, "text");
        }
        for bad in [at("pipe"), folder.path().to_owned(), "/dev/null".into()] {
            assert_eq!(open(&bad).unwrap_err().kind(), ErrorKind::InvalidInput, "{}", bad.display());
        }
        assert_eq!(open(&at("none")).unwrap_err().kind(), ErrorKind::NotFound);
    }
}
