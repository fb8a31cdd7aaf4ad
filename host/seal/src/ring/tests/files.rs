//! The files of the keys: whole or not there, read by their owner alone, erased in earnest.

use std::collections::BTreeSet;
use std::fs::{self, File, Permissions};
use std::io::{Read as _, Seek as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use insta::assert_snapshot;
use tempfile::TempDir;

use crate::{GRACE, KeyError, KeyRing};

fn new() -> (TempDir, PathBuf, KeyRing) {
    let folder = tempfile::tempdir().unwrap();
    let ring = KeyRing::open(folder.path()).unwrap();
    let file = folder.path().join("keys").join(format!("{}.key", ring.current().id));
    (folder, file, ring)
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn files(state: &Path) -> BTreeSet<String> {
    fs::read_dir(state.join("keys")).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect()
}

/// What an error says, with NAME for the folder of the test and ID for the key's.
fn said(error: &KeyError, state: &Path, ring: &KeyRing) -> String {
    error.to_string().replace(&*state.to_string_lossy(), "STATE").replace(ring.current().id.as_str(), "ID")
}

#[test]
fn the_first_start_makes_one_key_that_only_its_owner_reads() {
    let (folder, file, ring) = new();
    assert_eq!((mode(&folder.path().join("keys")), mode(&file)), (0o700, 0o600));
    assert_eq!(files(folder.path()).len(), 1);
    assert_eq!(KeyRing::open(folder.path()).unwrap().current(), ring.current());
    ring.rotate(Duration::ZERO).unwrap();
    assert!(files(folder.path()).iter().all(|name| mode(&folder.path().join("keys").join(name)) == 0o600));
}

#[test]
fn a_key_that_others_have_access_to_is_refused() {
    let (folder, file, ring) = new();
    for exposed in [0o640, 0o604, 0o620, 0o602, 0o610, 0o644] {
        set_mode(&file, exposed);
        for error in [ring.reload().unwrap_err(), KeyRing::open(folder.path()).unwrap_err()] {
            assert!(matches!(error, KeyError::Exposed { mode, .. } if mode == exposed), "{error}");
        }
    }
    assert_snapshot!(said(&ring.reload().unwrap_err(), folder.path(), &ring), @"STATE/keys/ID.key: others than its owner have access to it (mode 0644, must be 0600). Whoever could read the key can open every password that was sealed with it: run `chmod 0600 STATE/keys/ID.key`, then `portcullis keys rotate`");
    set_mode(&file, 0o400);
    ring.reload().unwrap();
    set_mode(&file, 0o600);

    for exposed in [0o755, 0o710, 0o702] {
        set_mode(&folder.path().join("keys"), exposed);
        let error = KeyRing::open(folder.path()).unwrap_err();
        assert!(matches!(error, KeyError::Exposed { wanted: 0o700, .. }), "{error}");
    }
}

#[test]
fn what_is_no_key_is_refused_and_not_repeated() {
    let (folder, file, ring) = new();
    let good = fs::read_to_string(&file).unwrap();
    let secret = good.split('"').rev().nth(1).unwrap().to_owned();
    let reason = |text: &str| {
        fs::write(&file, text).unwrap();
        let error = KeyRing::open(folder.path()).unwrap_err();
        let text = said(&error, folder.path(), &ring);
        assert!(!text.contains(&secret) && !format!("{error:?}").contains(&secret), "{text}");
        match error {
            KeyError::Malformed { reason, .. } => reason,
            other => panic!("{other}"),
        }
    };
    let bad = [
        reason(""),
        reason(&"\0".repeat(good.len())),
        reason(&good[..good.len() / 2]),
        reason(&format!("{good}{good}")),
        reason(&good.replace("\"version\":1", "\"version\":2")),
        reason(&good.replace("null", "99999999999999")),
        reason(&good.replace("null", "null,\"more\":1")),
        reason(&good.replace(&secret, &secret[..40])),
        reason(&good.replace(&secret, &secret.replace('=', "!"))),
        reason(&good.replace(&secret, "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")),
        reason(&good.replace(&secret, &format!("{secret}{}", "A".repeat(1000)))),
    ];
    assert_snapshot!(bad.join("\n"), @r"
    it is not the JSON object that a key file holds
    it is not the JSON object that a key file holds
    it is not the JSON object that a key file holds
    it is not the JSON object that a key file holds
    it was written by a newer version of Portcullis
    a time in it is after the year 9999
    it is not the JSON object that a key file holds
    its secret is not 32 bytes in base64
    its secret is not 32 bytes in base64
    its name is not the id of the key in it
    it is longer than a key file can be
    ");
    fs::write(&file, &good[..20]).unwrap();
    assert_snapshot!(said(&KeyRing::open(folder.path()).unwrap_err(), folder.path(), &ring), @"STATE/keys/ID.key: this is not a key file: it is not the JSON object that a key file holds. Bring it back from a backup, or move it away: what was sealed with this key then stays closed");
    fs::write(&file, good).unwrap();
    let stray = folder.path().join("keys/backup.key");
    fs::write(&stray, "").unwrap();
    assert!(matches!(KeyRing::open(folder.path()), Err(KeyError::Malformed { .. })));
    fs::rename(stray, folder.path().join("keys/README")).unwrap();
    KeyRing::open(folder.path()).unwrap();
}

/// A command of root works in a folder of the service: no link in it leads to another file.
#[test]
fn a_link_leads_nowhere() {
    let (folder, file, ring) = new();
    let (keys, other) = (folder.path().join("keys"), folder.path().join("other"));
    fs::write(&other, "of somebody else").unwrap();
    set_mode(&other, 0o600);
    for link in ["new", "old"] {
        std::os::unix::fs::symlink(&other, keys.join(link)).unwrap();
        ring.rotate(Duration::ZERO).unwrap();
        fs::hard_link(&other, keys.join(link)).unwrap();
        ring.rotate(Duration::ZERO).unwrap();
        assert_eq!(fs::read_to_string(&other).unwrap(), "of somebody else", "{link}");
        assert!(!keys.join(link).exists());
    }
    fs::rename(&file, folder.path().join("moved")).unwrap();
    std::os::unix::fs::symlink(folder.path().join("moved"), &file).unwrap();
    assert!(matches!(ring.reload(), Err(KeyError::Io { doing: "opening a key", .. })));

    let elsewhere = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(&keys, elsewhere.path().join("keys")).unwrap();
    assert!(matches!(KeyRing::open(elsewhere.path()), Err(KeyError::Malformed { reason: "it is not a folder", .. })));
}

/// A command with a wrong folder makes nothing there.
#[test]
fn a_command_makes_no_keys_where_there_are_none() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(KeyRing::existing(folder.path()), Err(KeyError::Io { .. })));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    let ring = KeyRing::open(folder.path()).unwrap();
    assert_eq!(KeyRing::existing(folder.path()).unwrap().current(), ring.current());
    fs::remove_file(folder.path().join("keys").join(format!("{}.key", ring.current().id))).unwrap();
    let error = KeyRing::existing(folder.path()).unwrap_err();
    assert_snapshot!(error.to_string().replace(&*folder.path().to_string_lossy(), "STATE"), @"STATE/keys: reading the keys: there is no key in it: start the service once, or bring the keys back from a backup");
}

#[test]
fn no_key_is_made_where_the_folder_cannot_be() {
    let folder = tempfile::tempdir().unwrap();
    let error = KeyRing::open(&folder.path().join("nowhere")).unwrap_err();
    let text = error.to_string().replace(&*folder.path().to_string_lossy(), "FOLDER");
    assert_snapshot!(text, @"FOLDER/nowhere/keys: making the folder for keys: No such file or directory (os error 2)");
}

/// Who has the file open, or the blocks of the disk, reads zeros.
#[test]
fn an_erased_key_is_overwritten() {
    let (folder, file, ring) = new();
    let (mut first, mut length) = (File::open(&file).unwrap(), Vec::new());
    first.read_to_end(&mut length).unwrap();
    let zeros = |mut file: File| {
        let mut text = Vec::new();
        file.rewind().unwrap();
        file.read_to_end(&mut text).unwrap();
        !text.is_empty() && text.iter().all(|byte| *byte == 0)
    };
    let former = ring.current().id;
    ring.rotate(Duration::ZERO).unwrap();
    assert!(zeros(first), "the rotation wrote the key anew, with its end");
    let second = File::open(&file).unwrap();
    let erased = ring.retire(&BTreeSet::new(), SystemTime::now() + GRACE + Duration::from_secs(1)).unwrap();
    assert_eq!(erased, [former]);
    assert!(zeros(second));
    assert_eq!(files(folder.path()).len(), 1);
}

/// A crash before the new key has its name, or after the old one lost its own.
#[test]
fn what_a_crash_left_is_erased_and_does_not_count() {
    let (folder, file, ring) = new();
    let keys = folder.path().join("keys");
    for left in ["new", "old"] {
        fs::copy(&file, keys.join(left)).unwrap();
        let mut open = File::open(keys.join(left)).unwrap();
        assert_eq!(KeyRing::open(folder.path()).unwrap().list().len(), 1);
        assert!(!keys.join(left).exists());
        let mut text = Vec::new();
        open.read_to_end(&mut text).unwrap();
        assert!(text.iter().all(|byte| *byte == 0), "{left}");
    }
    // The end of the current key was written, and then the power went: it is still the current one.
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("null", "1")).unwrap();
    let again = KeyRing::open(folder.path()).unwrap();
    assert_eq!(again.current(), ring.current());
    assert!(again.accepts(&ring.current().id, SystemTime::now()));
    // And the next rotation gives it the whole overlap.
    again.rotate(Duration::from_secs(1000)).unwrap();
    assert!(again.accepts(&ring.current().id, SystemTime::now() + Duration::from_secs(900)));
}

/// The clock stood in the future when the current key was made, or is set back.
#[test]
fn a_rotation_counts_whatever_the_clock_says() {
    let (_folder, file, ring) = new();
    let text = fs::read_to_string(&file).unwrap();
    let created = ring.current().created.to_string();
    fs::write(&file, text.replace(&created, "250000000000")).unwrap();
    ring.reload().unwrap();
    let made = ring.rotate(Duration::from_secs(60)).unwrap();
    assert_eq!((made.created, ring.current()), (250_000_000_001, made));
}

/// A command that root runs leaves files that the service can read.
#[test]
fn files_belong_to_the_owner_of_the_state_folder() {
    let folder = tempfile::tempdir().unwrap();
    // Only root can give a folder away; for others the owner is the same before and after.
    let _ = std::os::unix::fs::chown(folder.path(), Some(12_345), Some(12_345));
    let owner = fs::metadata(folder.path()).unwrap().uid();
    let keys = folder.path().join("keys");
    KeyRing::open(folder.path()).unwrap().rotate(Duration::ZERO).unwrap();
    assert_eq!((fs::metadata(&keys).unwrap().uid(), files(folder.path()).len()), (owner, 2));
    assert!(files(folder.path()).iter().all(|name| fs::metadata(keys.join(name)).unwrap().uid() == owner));
}
