//! Who only looks makes nothing.

use std::fs;

use portcullis_audit::verify::{Options, verify};
use portcullis_audit::{AuditError, AuditLog, public_key};

use super::given::{folder, written};

#[test]
fn looking_for_a_key_or_a_log_makes_neither() {
    let state = folder();
    for error in [public_key(state.path()).unwrap_err(), verify(state.path(), &Options::default()).unwrap_err()] {
        assert!(matches!(error, AuditError::NoLog { .. }), "{error}");
        let text = error.to_string().replace(state.path().to_str().unwrap(), "STATE");
        insta::allow_duplicates! {
            insta::assert_snapshot!(text, @"there is no audit log in STATE: name its folder with --state; a log is begun by `portcullis serve`, and by the first operation that is typed");
        }
    }
    assert_eq!(fs::read_dir(state.path()).unwrap().count(), 0);
}

#[test]
fn the_key_of_a_log_is_shown_and_the_log_stays_as_it_is() {
    let state = folder();
    let log = AuditLog::open(state.path()).unwrap();
    let key = log.public_key().clone();
    log.close();
    let files = || {
        let mut all: Vec<_> =
            fs::read_dir(state.path().join("audit")).unwrap().map(|file| file.unwrap().path()).collect();
        all.sort();
        all.into_iter().map(|path| fs::read(path).unwrap()).collect::<Vec<_>>()
    };
    let before = files();
    assert_eq!(public_key(state.path()).unwrap(), key);
    assert_eq!(files(), before);
}

#[test]
fn a_key_without_its_log_and_a_log_without_its_key_are_told_apart_from_none() {
    let state = folder();
    written(state.path(), 1);
    let (key, log) = (state.path().join("audit.key"), state.path().join("audit"));
    let kept = fs::read(&key).unwrap();
    fs::remove_file(&key).unwrap();
    let error = public_key(state.path()).unwrap_err().to_string();
    assert!(error.contains("its key is gone"), "{error}");
    assert!(!key.exists());
    fs::write(&key, kept).unwrap();
    fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    fs::remove_dir_all(&log).unwrap();
    let error = public_key(state.path()).unwrap_err().to_string();
    assert!(error.contains("the log is gone, and its key is there"), "{error}");
    assert!(!log.exists());
}
