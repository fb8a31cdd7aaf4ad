//! Anchors of the audit log in the service's log, and the commands of docs/audit-log.md that take them from there, typed as
//! they stand on a captured log: a log that was turned back is found, also after a service has gone on with it.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;

use portcullis_tests::plugins::root;

use crate::process::{Serve, until};
use crate::world::{ALICE, DESK, World, reset};

/// What the page types: with the newest anchor, and with all of them.
fn page() -> [String; 2] {
    let page = fs::read_to_string(root().join("docs/audit-log.md")).unwrap();
    let (_, section) = page.split_once("\n## Anchors\n").unwrap();
    let section = section.split("\n## ").next().unwrap();
    let blocks = section.split("```sh\n").skip(1).map(|block| block.split("```").next().unwrap().to_owned());
    let [taken, newest, all]: [String; 3] = blocks.collect::<Vec<_>>().try_into().unwrap();
    [format!("{taken}{newest}"), taken + &all]
}

/// A service that says what it says to systemd's journal, and one operation. What it said comes back.
fn served(world: &World, more: &[&str]) -> String {
    let mut command = world.command(&[more, &["serve"]].concat());
    command.env("JOURNAL_STREAM", "8:1");
    let mut service = Serve::start(command, world.control());
    service.post(DESK, &reset(ALICE, "a new Passw0rd"), &[]);
    service.stop();
    // Its last words may still be on their way through the pipe.
    until("the last anchor is read", || service.log.text().matches("audit anchor").count() == 2);
    service.log.text()
}

/// Types a block where this is the journal. How it ended, and what was said.
fn typed(world: &World, journal: &str, script: &str) -> (Option<i32>, String) {
    let work = tempfile::tempdir().unwrap();
    let (shim, captured) = (work.path().join("journalctl"), work.path().join("captured"));
    fs::write(&captured, journal).unwrap();
    fs::write(&shim, "#!/bin/sh\ncat \"$CAPTURED\"\n").unwrap();
    fs::set_permissions(&shim, fs::Permissions::from_mode(0o755)).unwrap();
    symlink(env!("CARGO_BIN_EXE_portcullis"), work.path().join("portcullis")).unwrap();
    let path = format!("{}:/usr/bin:/bin", work.path().display());
    let mut command = Command::new("sh");
    command.args(["-ec", script]).env_clear().env("PATH", path).env("CAPTURED", &captured);
    let output = command.env("PORTCULLIS_STATE", world.state()).output().unwrap();
    (output.status.code(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for file in fs::read_dir(from).unwrap().map(Result::unwrap) {
        fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}

fn place(world: &World) -> String {
    world.run(&["audit", "verify", "--json"]).json()["report"]["last"].as_str().unwrap().to_owned()
}

fn turned_back(more: &[&str]) {
    let world = World::new();
    let [newest, all] = page();
    let mut journal = served(&world, more);
    assert_eq!(journal.matches("audit anchor").count(), 2, "at the start and at the stop: {journal}");
    assert!(journal.lines().last().unwrap().contains(&place(&world)), "the last word: {journal}");
    let (audit, kept) = (world.state().join("audit"), tempfile::tempdir().unwrap());
    copy(&audit, kept.path());
    journal += &served(&world, more);
    // What others say through the host is no anchor.
    let zeros = format!("1:{}", "0".repeat(64));
    journal += &format!(" INFO audit anchor anchor={zeros} connector=\"mock\" operation=\"1\" source=\"plugin\"\n");
    journal += &format!(" INFO said INFO audit anchor anchor={zeros}\n");
    journal += &format!("{{\"level\":\"info\",\"message\":\"{{\\\"anchor\\\":\\\"{zeros}\\\"}}\"}}\n");
    for script in [&newest, &all] {
        let (code, said) = typed(&world, &journal, script);
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains("The log is whole."), "{said}");
    }

    // Turned back, lines and head together, while no service runs: in itself it is whole.
    fs::remove_dir_all(&audit).unwrap();
    copy(kept.path(), &audit);
    assert_eq!(world.run(&["audit", "verify"]).code, Some(0));
    for script in [&newest, &all] {
        let (code, said) = typed(&world, &journal, script);
        assert_eq!(code, Some(23), "{said}");
        assert!(said.contains("NOT AS WRITTEN  the log was cut"), "{said}");
    }
    // A service goes on with it, and its own anchors are good. Those from before are not.
    journal += &served(&world, more);
    assert_eq!(typed(&world, &journal, &newest).0, Some(0));
    let (code, said) = typed(&world, &journal, &all);
    assert_eq!(code, Some(23), "{said}");
    assert!(said.contains("is not the one that was written") || said.contains("the log was cut"), "{said}");
}

#[test]
fn a_log_that_was_turned_back_is_found_with_the_journal() {
    turned_back(&[]);
}

#[test]
fn the_same_with_lines_in_json() {
    turned_back(&["--json"]);
}

#[test]
fn a_journal_without_an_anchor_is_no_proof() {
    let world = World::new();
    for script in page() {
        let (code, said) = typed(&world, " INFO serving\n", &script);
        assert!(!matches!(code, Some(0)), "{said}");
    }
}
