//! A unix socket's file: made with its mode before anybody can see it under its name, removed when its service ends.

use std::io::ErrorKind;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use tokio::net::UnixListener;

use super::ListenError;

/// The file of a socket that this process made; removed on drop unless somebody has put another one in its place.
#[derive(Debug)]
pub(super) struct SocketFile {
    path: PathBuf,
    made: (u64, u64),
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if identity(&self.path).is_some_and(|now| now == self.made) {
            drop(std::fs::remove_file(&self.path));
        }
    }
}

fn identity(path: &Path) -> Option<(u64, u64)> {
    std::fs::symlink_metadata(path).ok().map(|m| (m.dev(), m.ino()))
}

/// Makes the socket under a name beside it, sets the mode, and renames it: there is no moment in which the socket can be
/// opened with another mode.
pub(super) fn bind(path: &Path, mode: u32) -> Result<(UnixListener, SocketFile), ListenError> {
    make_way(path)?;
    let beside = beside(path);
    let made = (|| {
        match std::fs::remove_file(&beside) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(&beside)?;
        std::fs::set_permissions(&beside, std::fs::Permissions::from_mode(mode))?;
        std::fs::rename(&beside, path)?;
        Ok(listener)
    })();
    let failed = |source| ListenError::Socket { path: path.to_owned(), source };
    let listener = made.inspect_err(|_| drop(std::fs::remove_file(&beside))).map_err(failed)?;
    let made = identity(path).ok_or_else(|| failed(ErrorKind::NotFound.into()))?;
    Ok((listener, SocketFile { path: path.to_owned(), made }))
}

/// A short name: a socket's path may have 107 bytes.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("~");
    name.into()
}

/// The file of a service that died may be replaced; one that somebody answers on, or that is no socket, may not.
fn make_way(path: &Path) -> Result<(), ListenError> {
    let failed = |source| ListenError::Socket { path: path.to_owned(), source };
    match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(error)),
        Ok(found) if !found.file_type().is_socket() => {
            return Err(ListenError::NotASocket { path: path.to_owned() });
        }
        Ok(_) => {}
    }
    match std::os::unix::net::UnixStream::connect(path) {
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(failed(error)),
        Ok(_) => Err(ListenError::SocketInUse { path: path.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_socket_in_use_and_a_plain_file_are_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("api.sock");
        let first = bind(&path, 0o660).unwrap();
        assert!(matches!(bind(&path, 0o660), Err(ListenError::SocketInUse { .. })));
        assert!(path.exists(), "the first one still has its file");
        drop(first);
        assert!(!path.exists(), "the file goes with its service");

        std::fs::write(&path, "notes").unwrap();
        assert!(matches!(bind(&path, 0o660), Err(ListenError::NotASocket { .. })));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "notes");
    }

    #[tokio::test]
    async fn a_dead_services_file_is_replaced_and_the_mode_is_as_asked() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("api.sock");
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        assert!(path.exists());
        for mode in [0o660, 0o600] {
            let _open = bind(&path, mode).unwrap();
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, mode);
            assert!(!beside(&path).exists());
        }
    }

    #[tokio::test]
    async fn a_socket_of_another_service_is_not_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("api.sock");
        let first = bind(&path, 0o600).unwrap();
        std::fs::remove_file(&path).unwrap();
        let _second = bind(&path, 0o600).unwrap();
        drop(first);
        assert!(path.exists());
    }
}
