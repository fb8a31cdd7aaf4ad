//! What becomes of a plugin whose bytes were changed after somebody approved it: what commands do, and what is said.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::folder::{ALICE, ALICES, Folder, MOCK};
use crate::run::Run;

const RESET: [&str; 3] = ["reset", ALICE, "--password-stdin"];
const PLUGIN: &str = "plugins/mock.wasm";
const APPROVED: &str = "kept/approved.toml";

/// A folder whose plugin was approved, and what somebody puts in its place: the same with a section that does nothing.
fn approved() -> (Folder, Vec<u8>) {
    let folder = Folder::new();
    assert_eq!(folder.run(&["approve", "mock", "--yes"]).code, 0);
    let changed = [&fs::read(folder.path().join(PLUGIN)).unwrap()[..], &[0, 2, 1, b'x']].concat();
    (folder, changed)
}

fn digest(folder: &Folder, bytes: &[u8]) -> String {
    let path = folder.write("looked-at.wasm", bytes).display().to_string();
    folder.run(&["inspect", &path, "--json"]).json()["sha256"].as_str().unwrap().to_owned()
}

/// Nothing that is said can be pasted.
fn names_no_digest(run: &Run, digest: &str) {
    for text in [digest, "sha256 ="] {
        assert!(!run.stdout.contains(text) && !run.stderr.contains(text), "{text} is in {run}");
    }
}

#[test]
fn a_changed_plugin_is_a_fault_and_nothing_that_one_could_pin() {
    let (folder, changed) = approved();
    let digest = digest(&folder, &changed);
    for command in ["doctor", "check"] {
        assert!(!folder.run(&[command]).stdout.contains("plugin-not-approved"), "{command}");
        let run = folder.refuses_while(PLUGIN, &changed, &[command]);
        assert_eq!(run.code, 12, "{run}");
        for text in
            ["plugin-not-approved", "find out who changed the file", "`portcullis approve mock` shows what is new"]
        {
            assert!(run.stdout.contains(text), "{text} is not in {run}");
        }
        assert!(!run.stdout.contains("the plugin is loaded"), "{run}");
        names_no_digest(&run, &digest);
        names_no_digest(&folder.refuses_while(PLUGIN, &changed, &[command, "--json"]), &digest);
    }
    let run = folder.refuses_while(PLUGIN, &changed, &["connectors"]);
    assert!(run.code == 12 && run.stdout.contains("NOT USABLE"), "{run}");
    names_no_digest(&run, &digest);
    folder.write(PLUGIN, &changed);
    let run = folder.run(&["audit", "--json"]);
    assert!(run.stdout.contains("plugin-changed") && !run.stdout.contains("sha256 ="), "{run}");
}

#[test]
fn a_plugin_of_another_name_among_approved_ones_is_a_fault_too() {
    let (folder, changed) = approved();
    let digest = digest(&folder, &changed);
    folder.write("plugins/other.wasm", &changed);
    folder.edit(MOCK, &[("mock.wasm", "other.wasm")]);
    for command in ["doctor", "check"] {
        let run = folder.run(&[command]);
        assert!(run.code == 12 && run.stdout.contains("plugin-not-approved: nobody approved"), "{run}");
        assert!(run.stdout.contains("`portcullis approve mock` shows what it asks for"), "{run}");
        names_no_digest(&run, &digest);
    }
    // Commands may try what nobody approved.
    assert_eq!(folder.run(&["status", ALICE]).code, 0);
}

#[test]
fn where_nothing_was_ever_approved_the_reviewed_one_may_be_pinned() {
    let folder = Folder::new();
    for command in ["doctor", "check"] {
        let run = folder.run(&[command]);
        assert!(run.stdout.contains("if it is the one that you reviewed, type `portcullis approve mock`"), "{run}");
    }
}

#[test]
fn no_command_runs_a_plugin_that_was_changed_after_its_approval() {
    let (folder, changed) = approved();
    let digest = digest(&folder, &changed);
    for command in [&RESET[..], &["status", ALICE], &["unlock", ALICE], &["verify", ALICE, "--password-stdin"]] {
        let run = folder.refuses_while(PLUGIN, &changed, command);
        assert_eq!((run.code, &*run.fault(), &*run.stdout), (12, "plugin-not-approved", ""), "{run}");
        names_no_digest(&run, &digest);
    }
    folder.refuses_while(PLUGIN, &changed, &["status", ALICE]).reads("plugin_changed_after_approval");
    // Whoever approves the new one, or pins it, wants it.
    folder.write(PLUGIN, &changed);
    let file = folder.read(MOCK);
    folder.edit(MOCK, &[("[ldap.embedded]", &format!("sha256 = \"{digest}\"\n[ldap.embedded]"))]);
    assert_eq!(folder.verify(ALICE, ALICES), 0);
    folder.write(MOCK, file);
    assert_eq!(folder.verify(ALICE, ALICES), 12);
    assert_eq!(folder.run(&["approve", "mock", "--yes"]).code, 0);
    assert_eq!(folder.verify(ALICE, ALICES), 0);
}

#[test]
fn a_list_that_cannot_be_trusted_is_told_and_approves_nothing() {
    let (folder, _) = approved();
    let (list, mode) = (folder.path().join(APPROVED), |mode| fs::Permissions::from_mode(mode));
    let whole = folder.read(APPROVED);
    let tells = |text: &str| {
        for command in [&["check"][..], &["doctor"], &["connectors"], &["status", ALICE]] {
            let run = folder.run(command);
            let said = run.stdout.contains(text) || run.stderr.contains(text);
            assert!(run.code == 17 && said && !run.stdout.contains("the plugin is loaded"), "{run}");
        }
    };
    fs::set_permissions(&list, mode(0o666)).unwrap();
    tells("chmod go-w DIR/kept/approved.toml");
    fs::set_permissions(&list, mode(0o644)).unwrap();
    folder.write(APPROVED, "approved = garbage");
    tells("DIR/kept/approved.toml");
    fs::remove_file(&list).unwrap();
    fs::create_dir(&list).unwrap();
    tells("it is not a regular file");
    fs::remove_dir(&list).unwrap();
    folder.write(APPROVED, whole);
    assert_eq!(folder.run(&["status", ALICE]).code, 0);
}
