//! Who could change the file: its owner alone, or it is not read.
//!
//! Whoever may write a folder on the way to a file can put another file in its place, so every folder and every link on
//! the way counts. This is what a careless set-up gets wrong; nobody is kept out who is root, or who is the file's owner.

use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions};
use std::io::Read as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Component, Path, PathBuf};

use crate::config::Problems;
use crate::config::diagnostic::Diagnostic;

/// The largest ceiling that is read, in bytes.
const MAX_BYTES: u64 = 1 << 20;

/// More links than anybody makes; Linux follows as many.
const MOST_LINKS: usize = 40;

/// Why a file is not trusted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Untrusted {
    /// It cannot be looked at.
    #[error("{0}: {1}")]
    Io(PathBuf, std::io::Error),
    /// A pipe, a device, a folder.
    #[error("{0} is not a file")]
    NotAFile(PathBuf),
    /// By its mode.
    #[error("{0} may be written by others than its owner: `chmod go-w {0}`")]
    OthersWrite(PathBuf),
    /// By the owner of a folder on the way.
    #[error(
        "{folder} belongs to another user (uid {uid}), who could put another file there: keep it below a folder of root's or of its owner's"
    )]
    AnothersFolder {
        /// The folder.
        folder: PathBuf,
        /// Its owner.
        uid: u32,
    },
}

/// Whose the file is, and whose the folders are that decide which file it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The user's id.
    pub uid: u32,
    /// The user's name, if there is one.
    pub name: String,
    /// The file, and each folder on the way, with its owner.
    held: Vec<(PathBuf, u32)>,
}

impl Owner {
    /// What of it belongs to a user, who can change or replace the file: the file or a folder on the way. Nothing for root,
    /// whom no owner keeps out.
    #[must_use]
    pub fn in_hands_of(&self, uid: u32) -> Option<&Path> {
        let found = self.held.iter().find(|(_, owner)| *owner == uid && uid != 0);
        found.map(|(path, _)| path.as_path())
    }
}

/// The text of the ceiling, if only its owner can change it, and who that is.
pub(super) fn text_of(path: &Path) -> Result<(String, Owner), Problems> {
    let read = only_owner_writes(path).and_then(|(file, held)| {
        let uid = held.first().map_or(0, |(_, uid)| *uid);
        let owner = Owner { uid, name: user(uid), held };
        let mut bytes = Vec::new();
        let io = |error| Untrusted::Io(path.to_owned(), error);
        file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(io)?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(io(std::io::Error::other("it is larger than 1 MiB")));
        }
        let text = String::from_utf8(bytes).map_err(|_| io(std::io::Error::other("it is not UTF-8 text")))?;
        Ok((text, owner))
    });
    read.map_err(|untrusted| {
        let message = format!("the ceiling cannot be used: {untrusted}");
        let (code, help) = match &untrusted {
            Untrusted::Io(_, error) if error.kind() == std::io::ErrorKind::NotFound => (
                "ceiling-unreadable",
                "put the file there, or name another one with --ceiling or PORTCULLIS_CEILING; without it nothing starts",
            ),
            Untrusted::Io(..) => ("ceiling-unreadable", "mend the file, or run this as a user who may read it"),
            Untrusted::NotAFile(_) => ("ceiling-not-safe", "put a file of text there"),
            Untrusted::OthersWrite(_) | Untrusted::AnothersFolder { .. } => (
                "ceiling-not-safe",
                "the security team owns the ceiling (root:root, 0644), and nobody else may write it or its folders",
            ),
        };
        Problems::one(Diagnostic::error(code, message, help))
    })
}

/// Opens a file that nobody but its owner and root can change or replace: the very file that was looked at. With it come
/// the file and each folder on the way to it, with their owners.
///
/// # Errors
/// [`Untrusted`] names the file or the folder that others may write.
pub(super) fn only_owner_writes(path: &Path) -> Result<(File, Vec<(PathBuf, u32)>), Untrusted> {
    let io = |error| Untrusted::Io(path.to_owned(), error);
    let (real, folders) = walk(&std::path::absolute(path).map_err(io)?)?;
    // Not through a link that was put there since; and a pipe would be waited for.
    let flags = rustix_flags();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(&real).map_err(io)?;
    let meta = file.metadata().map_err(io)?;
    if !meta.is_file() {
        return Err(Untrusted::NotAFile(path.to_owned()));
    }
    if meta.mode() & 0o022 != 0 {
        return Err(Untrusted::OthersWrite(path.to_owned()));
    }
    let mut held = vec![(path.to_owned(), meta.uid())];
    for folder in folders {
        let there = fs::metadata(&folder).map_err(|error| Untrusted::Io(folder.clone(), error))?;
        let sticky = there.mode() & 0o1000 != 0;
        if there.mode() & 0o022 != 0 && !sticky {
            return Err(Untrusted::OthersWrite(folder));
        }
        if there.uid() != 0 && there.uid() != meta.uid() {
            return Err(Untrusted::AnothersFolder { folder, uid: there.uid() });
        }
        held.push((folder, there.uid()));
    }
    Ok((file, held))
}

/// The name of a user of this machine.
fn user(uid: u32) -> String {
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let line = users.lines().find(|line| line.split(':').nth(2) == Some(&uid.to_string()));
    let name = line.and_then(|line| line.split(':').next()).filter(|name| !name.chars().any(char::is_control));
    name.map_or_else(|| format!("uid {uid}"), str::to_owned)
}

fn rustix_flags() -> i32 {
    (rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK).bits().cast_signed()
}

/// Where an absolute path leads, and every folder that decides it.
fn walk(path: &Path) -> Result<(PathBuf, Vec<PathBuf>), Untrusted> {
    let parts = |path: &Path| -> VecDeque<_> { path.components().map(|part| part.as_os_str().to_owned()).collect() };
    let (mut rest, mut here, mut folders, mut links) = (parts(path), PathBuf::new(), Vec::new(), 0);
    while let Some(part) = rest.pop_front() {
        match Path::new(&part).components().next() {
            Some(Component::RootDir) => here = PathBuf::from("/"),
            Some(Component::ParentDir) => {
                here.pop();
            }
            Some(Component::Normal(name)) => {
                if !folders.contains(&here) {
                    folders.push(here.clone());
                }
                let next = here.join(name);
                let meta = fs::symlink_metadata(&next).map_err(|error| Untrusted::Io(next.clone(), error))?;
                if meta.is_symlink() {
                    links += 1;
                    let to = fs::read_link(&next).map_err(|error| Untrusted::Io(next.clone(), error))?;
                    if links > MOST_LINKS {
                        return Err(Untrusted::Io(next, std::io::Error::other("too many links")));
                    }
                    let mut ahead = parts(&to);
                    ahead.append(&mut rest);
                    rest = ahead;
                } else {
                    here = next;
                }
            }
            _ => {}
        }
    }
    Ok((here, folders))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    fn mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    fn scene() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("inner")).unwrap();
        let file = folder.path().join("inner/ceiling.toml");
        fs::write(&file, "").unwrap();
        mode(&file, 0o644);
        mode(&folder.path().join("inner"), 0o755);
        (folder, file)
    }

    #[test]
    fn a_file_that_others_may_write_is_refused() {
        let (_folder, file) = scene();
        for bad in [0o664, 0o646, 0o666, 0o622] {
            mode(&file, bad);
            assert!(matches!(only_owner_writes(&file), Err(Untrusted::OthersWrite(_))), "{bad:o}");
        }
        mode(&file, 0o444);
        assert!(only_owner_writes(&file).is_ok());
    }

    #[test]
    fn a_folder_on_the_way_that_others_may_write_is_refused() {
        let (folder, file) = scene();
        for on_the_way in [folder.path().join("inner"), folder.path().to_owned()] {
            mode(&on_the_way, 0o775);
            assert!(matches!(only_owner_writes(&file), Err(Untrusted::OthersWrite(found)) if found == on_the_way));
            // As /tmp is: others make files of their own there, and cannot take away what is not theirs.
            mode(&on_the_way, 0o1777);
            assert!(only_owner_writes(&file).is_ok());
            mode(&on_the_way, 0o755);
        }
    }

    #[test]
    fn the_folders_of_a_link_count() {
        let (folder, file) = scene();
        let loose = folder.path().join("loose");
        fs::create_dir(&loose).unwrap();
        symlink(&file, loose.join("one")).unwrap();
        symlink("inner/../loose/one", folder.path().join("two")).unwrap();
        assert!(only_owner_writes(&folder.path().join("two")).is_ok());
        mode(&loose, 0o777);
        for link in [loose.join("one"), folder.path().join("two")] {
            assert!(matches!(only_owner_writes(&link), Err(Untrusted::OthersWrite(found)) if found == loose));
        }
        symlink("round", folder.path().join("round")).unwrap();
        assert!(matches!(only_owner_writes(&folder.path().join("round")), Err(Untrusted::Io(..))));
    }

    #[test]
    fn what_is_no_file_is_refused() {
        let (folder, _) = scene();
        assert!(only_owner_writes(folder.path()).is_err());
        assert!(matches!(only_owner_writes(&folder.path().join("none")), Err(Untrusted::Io(..))));
        assert!(matches!(only_owner_writes(Path::new("")), Err(Untrusted::Io(..))));
    }

    /// Root can give a folder away; the tests of a plain user cannot make this one.
    #[test]
    fn a_folder_of_another_user_is_refused() {
        let (folder, file) = scene();
        if std::os::unix::fs::chown(folder.path().join("inner"), Some(4_711), None).is_err() {
            return;
        }
        assert!(matches!(only_owner_writes(&file), Err(Untrusted::AnothersFolder { uid: 4_711, .. })));
        std::os::unix::fs::chown(&file, Some(4_711), None).unwrap();
        assert!(only_owner_writes(&file).is_ok(), "the owner's own folder");
    }
}
