//! Files that commands are told to write: what is in their place is looked at first.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use crate::folder::{ALICE, BOB, Folder};
use crate::run::Run;

fn mode(folder: &Folder, name: &str, mode: u32) {
    fs::set_permissions(folder.path().join(name), fs::Permissions::from_mode(mode)).unwrap();
}

fn record(folder: &Folder, name: &str) -> Run {
    folder.run(&["status", ALICE, "--record", folder.path().join(name).to_str().unwrap()])
}

/// Refused before anything is done, with these words; the file is what it was.
fn refused(folder: &Folder, name: &str, words: &str) {
    let before = fs::read(folder.path().join(name)).ok();
    let run = record(folder, name);
    assert_eq!((run.code, &*run.stdout, &*run.fault()), (2, "", "file-unusable"), "{run}");
    assert!(run.stderr.contains(words), "{run}");
    assert_eq!(fs::read(folder.path().join(name)).ok(), before, "{run}");
}

#[test]
fn a_recording_is_added_to_recordings_alone() {
    let folder = Folder::new();
    for (name, content, words) in [
        ("words", "x\n", "it is not a whole line of JSON"),
        ("json", "{\"a\": 1}\n", "it has not the fields of a recording: the field `v`"),
        ("binary", "\u{0}\u{1}", "it is not a whole line of JSON"),
    ] {
        folder.write(name, content);
        mode(&folder, name, 0o600);
        refused(
            &folder,
            name,
            &format!("nothing is added to a file that holds something else than recordings: DIR/{name}:1: {words}"),
        );
    }
    folder.write("empty", "");
    mode(&folder, "empty", 0o600);
    for _ in 0..2 {
        let run = record(&folder, "empty");
        assert_eq!((run.code, &*run.stderr), (0, ""), "{run}");
    }
    let whole = folder.read("empty");
    assert_eq!(whole.lines().count(), 2);
    assert_eq!(folder.run(&["replay", folder.path().join("empty").to_str().unwrap()]).code, 0);
    folder.write("empty", whole.trim_end());
    refused(&folder, "empty", "it may have been cut off");
}

#[test]
fn a_recording_is_added_to_a_file_that_nobody_else_reads() {
    let folder = Folder::new();
    folder.write("readable", "");
    for wrong in [0o644, 0o620, 0o601] {
        mode(&folder, "readable", wrong);
        refused(&folder, "readable", &format!("DIR/readable has the mode {wrong:o}"));
    }
    symlink(folder.path().join("elsewhere"), folder.path().join("link")).unwrap();
    refused(&folder, "link", "it is a link: name the file itself");
    assert!(!folder.path().join("elsewhere").exists());
    fs::create_dir(folder.path().join("folder")).unwrap();
    refused(&folder, "folder", "Is a directory");
    refused(&folder, "nowhere/recording", "No such file");
}

#[test]
fn a_report_is_never_written_through_a_link() {
    let folder = Folder::new();
    let target = folder.write("target", "another's");
    let link = folder.path().join("link");
    symlink(&target, &link).unwrap();
    let run = folder.run(&["audit", "--to", link.to_str().unwrap()]);
    assert_eq!((run.code, &*run.fault()), (17, "misconfigured"), "{run}");
    assert!(run.stderr.contains("DIR/link is a link: name the file itself"), "{run}");
    assert_eq!(folder.read("target"), "another's");
    let run = folder.run(&["audit", "--fail-on", "error", "--to", target.to_str().unwrap()]);
    assert_eq!((run.code, &*run.stdout, &*run.stderr), (0, "", ""), "{run}");
    assert!(folder.read("target").starts_with("mock\n"));
}

#[test]
fn one_form_is_asked_for() {
    let folder = Folder::new();
    for form in ["text", "html", "sarif"] {
        let run = folder.run(&["audit", "--json", "--format", form]);
        assert_eq!((run.code, &*run.stdout), (2, ""), "{run}");
        assert!(run.stderr.contains("leave one of them away"), "{run}");
    }
    let run = folder.run(&["audit", "--json", "--format", "json", "--fail-on", "error"]);
    assert_eq!((run.code, &run.json()["connectors"][0]["connector"]), (0, &"mock".into()));
}

/// What each of them says to do is about what is wrong.
#[test]
fn remedies_are_about_what_is_wrong() {
    let folder = Folder::new();
    let to = folder.path().join("recording").display().to_string();
    let state = folder.path().join("nowhere").display().to_string();
    assert_eq!(folder.run(&["status", BOB, "--record", &to]).code, 0);
    for (name, arguments) in [
        ("remedy_record", &["record", "--connector", "mock", "--to", "x", "--state", &state][..]),
        ("remedy_record_nowhere", &["status", ALICE, "--record", "nowhere/x"]),
        ("remedy_replay_nothing", &["replay", "nowhere/x"]),
        ("remedy_replay_connector", &["replay", &to, "--connector", "nope"]),
        ("remedy_operations", &["operations", "list", "--state", &state]),
        ("remedy_keys", &["keys", "list", "--state", &state]),
    ] {
        folder.run(arguments).reads(name);
    }
}
