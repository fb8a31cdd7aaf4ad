//! The compile cache from outside: it saves time and nothing else, and maps only what this host wrote.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use portcullis_sandbox::{Cache, CacheError, Plugin};

use crate::guest::{cached, component};

fn plugin(number: i32) -> Vec<u8> {
    component(&format!(r#"(module (func (export "run") (result i32) i32.const {number}))"#))
}

/// A cache folder that nobody else can enter, inside a temporary one.
fn folder() -> (tempfile::TempDir, PathBuf) {
    let outer = tempfile::tempdir().unwrap();
    let cache = outer.path().join("cache");
    (outer, cache)
}

fn load(folder: &Path, bytes: &[u8]) -> Plugin {
    cached(folder).load_bytes(Path::new("plugin.wasm"), bytes).unwrap()
}

/// The files of compiled plugins.
fn kept(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.file_name().is_some_and(|name| name != "key"));
    files.sort();
    files
}

#[test]
fn it_makes_itself_a_private_folder_and_keeps_each_plugin_once() {
    let (_outer, folder) = folder();
    load(&folder, &plugin(1));
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&folder), mode(&folder.join("key"))), (0o700, 0o600));
    let first = kept(&folder);
    assert_eq!(first.len(), 1);
    assert_eq!(mode(&first[0]), 0o600);
    let before = fs::read(&first[0]).unwrap();
    load(&folder, &plugin(1));
    assert_eq!((kept(&folder), fs::read(&first[0]).unwrap()), (first, before), "compiled or kept a second time");
    load(&folder, &plugin(2));
    assert_eq!(kept(&folder).len(), 2);
}

/// Wherever a byte is changed, or the end cut off, the plugin is compiled again and the file replaced.
#[test]
fn a_file_that_was_changed_is_replaced() {
    let (_outer, folder) = folder();
    load(&folder, &plugin(1));
    let file = kept(&folder).remove(0);
    let good = fs::read(&file).unwrap();
    let changed = |at: usize| {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        bytes
    };
    let longer = [good.as_slice(), b"x"].concat();
    let middle = good.len() / 2;
    for bad in [
        changed(0),
        changed(31),
        changed(32),
        changed(middle),
        changed(good.len() - 1),
        longer,
        good[..middle].to_vec(),
        good[..10].to_vec(),
        Vec::new(),
    ] {
        fs::write(&file, &bad).unwrap();
        assert!(load(&folder, &plugin(1)).surface().exports("run"));
        assert_ne!(fs::read(&file).unwrap(), bad, "the file was taken as it was");
    }
}

/// A whole and authentic file, under the name of another plugin.
#[test]
fn a_file_under_another_name_is_refused() {
    let (_outer, folder) = folder();
    load(&folder, &plugin(1));
    let one = kept(&folder).remove(0);
    let bytes_of_one = fs::read(&one).unwrap();
    load(&folder, &plugin(2));
    let two = kept(&folder).into_iter().find(|file| *file != one).unwrap();
    fs::write(&two, &bytes_of_one).unwrap();
    load(&folder, &plugin(2));
    assert_ne!(fs::read(&two).unwrap(), bytes_of_one);
}

#[test]
fn files_under_another_key_are_replaced() {
    let (_outer, folder) = folder();
    load(&folder, &plugin(1));
    let file = kept(&folder).remove(0);
    let before = fs::read(&file).unwrap();
    fs::remove_file(folder.join("key")).unwrap();
    load(&folder, &plugin(1));
    let after = fs::read(&file).unwrap();
    assert_ne!(before[..32], after[..32], "the MAC is the one of the key that is gone");
}

#[test]
fn folders_that_others_can_enter_are_refused() {
    let (_outer, folder) = folder();
    fs::create_dir(&folder).unwrap();
    for mode in [0o755, 0o750, 0o701, 0o770, 0o777, 0o707] {
        fs::set_permissions(&folder, fs::Permissions::from_mode(mode)).unwrap();
        let error = Cache::open(&folder).unwrap_err();
        assert!(matches!(error, CacheError::NotPrivate(_)), "{mode:o}: {error}");
        assert!(error.to_string().contains("chmod 700"), "{error}");
        assert!(!folder.join("key").exists(), "{mode:o}: a key was written where others can be");
    }
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
    assert!(Cache::open(&folder).is_ok());
}

/// Who can change the link decides what is mapped.
#[test]
fn a_link_to_a_folder_is_refused() {
    let (outer, folder) = folder();
    assert!(Cache::open(&folder).is_ok());
    let link = outer.path().join("link");
    symlink(&folder, &link).unwrap();
    for path in [link.clone(), PathBuf::from(format!("{}/", link.display())), link.join(".")] {
        assert!(matches!(Cache::open(&path), Err(CacheError::NotPrivate(_))), "{}", path.display());
    }
}

#[test]
fn what_is_no_folder_is_refused() {
    let (_outer, folder) = folder();
    fs::write(&folder, b"a file").unwrap();
    assert!(matches!(Cache::open(&folder), Err(CacheError::Io(..))));
}

/// A key that another user prepared is not this host's, even in a folder that this host can enter because it is root.
#[test]
fn a_folder_of_another_user_is_refused() {
    let (_outer, folder) = folder();
    assert!(Cache::open(&folder).is_ok(), "makes the folder and its key");
    let own = fs::metadata(&folder).unwrap().uid();
    let give = |path: &Path, user: u32| std::os::unix::fs::chown(path, Some(user), None);
    let refused = || matches!(Cache::open(&folder), Err(CacheError::NotPrivate(_)));
    let (key, other) = (folder.join("key"), own + 65_534);
    if let Err(error) = give(&key, other) {
        // Only root enters a folder of mode 0700 that is another user's: nobody else can be lured into one.
        return assert_eq!(error.kind(), std::io::ErrorKind::PermissionDenied);
    }
    assert!(refused(), "the key is another user's");
    give(&folder, other).unwrap();
    assert!(refused(), "the folder and its key are");
    give(&key, own).unwrap();
    assert!(refused(), "the folder is");
    give(&folder, own).unwrap();
    assert!(!refused());
}

/// A key that was cut off, by a full disk or a power failure, is made anew.
#[test]
fn half_a_key_is_no_key() {
    let (_outer, folder) = folder();
    load(&folder, &plugin(1));
    fs::write(folder.join("key"), b"short").unwrap();
    load(&folder, &plugin(1));
    assert_eq!(fs::metadata(folder.join("key")).unwrap().len(), 64);
}

/// A cache that cannot be written, or that went away, costs time and no operation.
#[test]
fn it_never_makes_a_load_fail() {
    let (_outer, folder) = folder();
    let sandbox = cached(&folder);
    fs::remove_dir_all(&folder).unwrap();
    assert!(sandbox.load_bytes(Path::new("plugin.wasm"), &plugin(1)).is_ok());
    fs::write(&folder, b"a file where the folder was").unwrap();
    assert!(sandbox.load_bytes(Path::new("plugin.wasm"), &plugin(1)).is_ok());
}

/// A plugin that is none leaves nothing behind.
#[test]
fn what_does_not_compile_is_not_kept() {
    let (_outer, folder) = folder();
    let mut broken = plugin(1);
    broken.truncate(broken.len() - 1);
    assert!(cached(&folder).load_bytes(Path::new("plugin.wasm"), &broken).is_err());
    assert_eq!(kept(&folder), Vec::<PathBuf>::new());
}
