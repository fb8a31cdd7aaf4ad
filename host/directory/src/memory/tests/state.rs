//! The directory in its file.

use std::fs;
use std::path::Path;

use super::*;

fn settings(folder: &Path) -> Settings {
    let seed = folder.join("seed.ldif");
    if !seed.exists() {
        fs::write(&seed, SEED).unwrap();
    }
    Settings { seed: Some(seed), state: Some(folder.join("state.ldif")), policy: strict(), ..Settings::default() }
}

fn open(folder: &Path) -> MemoryDirectory {
    MemoryDirectory::open(settings(folder)).unwrap()
}

#[tokio::test]
async fn what_was_written_is_there_after_opening_again() {
    let folder = tempfile::tempdir().unwrap();
    let directory = open(folder.path());
    assert_eq!(directory.service(ALICE, [replace("userPassword", utf8(NEW))]).await.code, 0);
    directory.lock_out(BOB).await;
    drop(directory);
    fs::write(folder.path().join("seed.ldif"), "not read any more").unwrap();
    let directory = open(folder.path());
    assert_eq!(directory.sign_in(ALICE, OLD).await.code, 49);
    assert_eq!(directory.sign_in(ALICE, NEW).await.code, 0);
    assert_eq!(said(&directory.sign_in(BOB, OLD).await), Some(Some(1)));
    assert_eq!(directory.service(ALICE, [replace("userPassword", utf8(OLD))]).await.code, 19, "the history is gone");
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_may_read_the_file_and_nothing_is_left_beside_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let directory = open(folder.path());
    // What a process left that was killed while writing.
    fs::write(folder.path().join("state.ldif.new"), "half").unwrap();
    for _ in 0..2 {
        assert_eq!(directory.service(ALICE, [replace("description", plain("x"))]).await.code, 0);
        let mode = fs::metadata(folder.path().join("state.ldif")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let text = fs::read_to_string(folder.path().join("state.ldif")).unwrap();
    assert!(!text.contains(OLD));
    let mut names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["seed.ldif", "state.ldif", "state.ldif.lock"]);
}

#[tokio::test]
async fn each_handle_sees_what_the_others_wrote() {
    let folder = tempfile::tempdir().unwrap();
    let (a, b) = (open(folder.path()), open(folder.path()));
    for text in [NEW, "third-Password-3", "fourth-Password-4"] {
        assert_eq!(a.service(ALICE, [replace("userPassword", utf8(text))]).await.code, 0);
        assert_eq!(b.sign_in(ALICE, text).await.code, 0);
        assert_eq!(b.service(ALICE, [replace("description", plain(text))]).await.code, 0);
        assert_eq!(a.one(ALICE, "description").await.as_deref(), Some(text));
        assert_eq!(a.sign_in(ALICE, text).await.code, 0, "the other's write took this one back");
    }
}

#[tokio::test]
async fn no_write_is_lost_between_handles() {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path());
    let mut writers = Vec::new();
    for n in 0..4 {
        let directory = open(folder.path());
        writers.push(tokio::spawn(async move {
            for m in 0..5 {
                let add = change(ChangeKind::Add, "description", [plain(&format!("{n}-{m}"))]);
                assert_eq!(directory.service(ALICE, [add]).await.code, 0);
            }
        }));
    }
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(open(folder.path()).read(ALICE, &["description"]).await.values("description").len(), 2 + 20);
}

#[tokio::test]
async fn a_state_that_cannot_be_used_changes_nothing_and_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let directory = open(folder.path());
    let state = folder.path().join("state.ldif");
    let good = fs::read_to_string(&state).unwrap();
    fs::write(&state, "dn: uid=alice\n# and then\nrubbish hunter2").unwrap();
    let reset = on(ALICE, [replace("userPassword", utf8(NEW))]);
    for failed in [
        directory.modify(&Performer::Service, &reset).await.unwrap_err(),
        directory.bind(ALICE, &password(OLD), &[]).await.unwrap_err(),
    ] {
        let Failure::Unavailable(text) = failed else { panic!("{failed:?}") };
        assert!(text.contains("state.ldif:3: ") && !text.contains("hunter2"), "{text}");
    }
    let error = MemoryDirectory::open(settings(folder.path())).unwrap_err().to_string();
    assert!(error.contains("state.ldif:3: "), "{error}");
    fs::write(&state, good).unwrap();
    assert_eq!(directory.sign_in(ALICE, OLD).await.code, 0);
}

#[tokio::test]
async fn a_write_that_cannot_be_kept_is_not_done() {
    let folder = tempfile::tempdir().unwrap();
    let directory = open(folder.path());
    // A folder in the place of the new file: it can be neither removed as a file nor written.
    fs::create_dir_all(folder.path().join("state.ldif.new/in-the-way")).unwrap();
    let reset = on(ALICE, [replace("userPassword", utf8(NEW))]);
    let failed = directory.modify(&Performer::Service, &reset).await.unwrap_err();
    assert!(matches!(&failed, Failure::Unavailable(text) if text.contains("nothing was changed")), "{failed:?}");
    assert_eq!(directory.sign_in(ALICE, OLD).await.code, 0);
    fs::remove_dir_all(folder.path().join("state.ldif.new")).unwrap();
    assert_eq!(directory.modify(&Performer::Service, &reset).await.unwrap().code, 0);
    assert_eq!(directory.sign_in(ALICE, NEW).await.code, 0);
}

#[test]
fn says_what_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let error = |settings| MemoryDirectory::open(settings).unwrap_err().to_string();
    assert!(error(Settings::default()).contains("name an LDIF file as its seed"));
    let state = Some(folder.path().join("none/state.ldif"));
    let text = error(Settings { state, ..settings(folder.path()) });
    assert!(text.contains("none/state.ldif") && text.contains("a folder that exists"), "{text}");
    let text = error(Settings { seed: Some(folder.path().join("none.ldif")), state: None, ..settings(folder.path()) });
    assert!(text.contains("none.ldif") && text.contains("may read"), "{text}");
    fs::write(folder.path().join("seed.ldif"), "dn: cn=a\ncn b").unwrap();
    let text = error(settings(folder.path()));
    assert!(text.contains("seed.ldif:2: "), "{text}");
    assert!(!folder.path().join("state.ldif").exists(), "a state was made of a wrong seed");
}
