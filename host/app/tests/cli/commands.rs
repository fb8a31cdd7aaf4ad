//! Each command when all is well: what people read and what programs read.

use crate::folder::{ALICE, ALICES, BOB, BOBS, Folder};

const NEW: &str = "A-New-Passw0rd";

/// The same for people and for programs, each on a fresh folder.
fn both(name: &str, code: i32, arguments: &[&str], input: &str) -> Folder {
    let json = Folder::new();
    let run = json.run_with(&[arguments, &["--json"]].concat(), input);
    assert_eq!(run.code, code, "{run}");
    run.json();
    run.reads(&format!("{name}_json"));
    let folder = Folder::new();
    let run = folder.run_with(arguments, input);
    assert_eq!((run.code, &*run.stderr), (code, ""), "{run}");
    run.reads(name);
    folder
}

#[test]
fn reset_with_a_password_that_is_made() {
    let folder = both("reset_generate", 0, &["reset", ALICE, "--generate", "--trace"], "");
    assert_eq!(folder.verify(ALICE, ALICES), 20, "the old password still works");
    let run = folder.run(&["reset", ALICE, "--generate"]);
    assert_eq!(folder.verify(ALICE, &run.generated()), 0);
    let json = folder.run(&["reset", ALICE, "--generate", "--json"]).json();
    assert_eq!(folder.verify(ALICE, json["password"].as_str().unwrap()), 0);
}

#[test]
fn reset_with_a_password_from_standard_input() {
    let folder = both("reset_stdin", 0, &["reset", ALICE, "--password-stdin"], &format!("{NEW}\n"));
    assert_eq!((folder.verify(ALICE, NEW), folder.verify(ALICE, ALICES)), (0, 20));
    assert_eq!(folder.verify(BOB, BOBS), 0, "another account was touched");
}

#[test]
fn reset_that_must_be_changed() {
    let folder = both("reset_must_change", 0, &["reset", ALICE, "--password-stdin", "--must-change"], NEW);
    folder.run_with(&["verify", ALICE, "--password-stdin"], NEW).reads("verify_must_change");
    let must_change =
        |f: &Folder| f.run(&["status", ALICE, "--json"]).json()["receipt"]["status"]["must_change"].clone();
    assert_eq!(must_change(&folder), true);
    let change = folder.run_with(&["change", ALICE, "--password-stdin"], &format!("{NEW}\nA-Newer-Passw0rd\n"));
    assert_eq!(change.code, 0, "{change}");
    assert_eq!(must_change(&folder), false);
}

#[test]
fn change() {
    let folder = both("change", 0, &["change", ALICE, "--password-stdin", "--trace"], &format!("{ALICES}\n{NEW}\n"));
    assert_eq!((folder.verify(ALICE, NEW), folder.verify(ALICE, ALICES)), (0, 20));
}

#[test]
fn verify() {
    both("verify_right", 0, &["verify", ALICE, "--password-stdin"], ALICES);
    both("verify_wrong", 20, &["verify", ALICE, "--password-stdin"], "not the password");
}

#[test]
fn unlock_and_status_of_a_locked_account() {
    let folder = Folder::new();
    for _ in 0..5 {
        assert_eq!(folder.verify(BOB, "not the password"), 20);
    }
    folder.run(&["status", BOB]).reads("status_locked");
    let run = folder.run_with(&["verify", BOB, "--password-stdin"], BOBS);
    assert_eq!(run.code, 20, "the right password opens a locked account: {run}");
    run.reads("verify_locked");
    folder.run(&["unlock", BOB, "--trace"]).reads("unlock");
    assert_eq!(folder.verify(BOB, BOBS), 0);
    let run = folder.run(&["unlock", BOB, "--json"]);
    assert_eq!(run.json()["receipt"]["effects"][0], "unlocked", "an account that is not locked: {run}");
}

#[test]
fn reset_that_unlocks() {
    let folder = Folder::new();
    for _ in 0..5 {
        assert_eq!(folder.verify(BOB, "not the password"), 20);
    }
    let run = folder.run_with(&["reset", BOB, "--password-stdin", "--unlock"], NEW);
    run.reads("reset_unlock");
    assert_eq!(folder.verify(BOB, NEW), 0);
}

/// As in OpenLDAP, a password that the service account sets lifts the lock.
#[test]
fn reset_of_a_locked_account() {
    let folder = Folder::new();
    for _ in 0..5 {
        assert_eq!(folder.verify(BOB, "not the password"), 20);
    }
    let run = folder.run_with(&["reset", BOB, "--password-stdin"], NEW);
    assert_eq!(run.code, 0, "{run}");
    run.reads("reset_locked");
    assert_eq!(folder.verify(BOB, NEW), 0);
}

#[test]
fn status() {
    both("status", 0, &["status", ALICE, "--trace"], "");
}

#[test]
fn connectors() {
    both("connectors", 0, &["connectors"], "");
}

#[test]
fn check() {
    both("check", 0, &["check"], "");
    both("check_one", 0, &["check", "mock"], "");
}

#[test]
fn a_connector_that_is_not_usable_is_listed_with_the_others() {
    let folder = Folder::new();
    let second = folder.read(crate::folder::MOCK).replace("[ldap.embedded]", "sha256 = \"WRONG\"\n\n[ldap.embedded]");
    folder.write(
        "connectors/other.toml",
        second.replace("WRONG", &"0".repeat(64)).replace("people.example", "other.example"),
    );
    for (name, arguments) in [("connectors_unusable", ["connectors"].as_slice()), ("check_unusable", &["check"])] {
        let run = folder.run(arguments);
        assert_eq!((run.code, &*run.stderr), (17, ""), "{run}");
        run.reads(name);
        let run = folder.run(&[arguments, &["--json"]].concat());
        assert_eq!(run.code, 17, "{run}");
        run.reads(&format!("{name}_json"));
    }
    // One broken connector takes nothing from another.
    assert_eq!(folder.verify(ALICE, ALICES), 0);
}

#[test]
fn inspect() {
    both("inspect", 0, &["inspect", &mock()], "");
}

/// The build of the project, wherever that is.
fn mock() -> String {
    portcullis_tests::plugins::plugin("mock").unwrap().display().to_string()
}

#[test]
fn a_reader_that_goes_away_does_not_change_how_it_ends() {
    use std::process::Stdio;
    let folder = Folder::new();
    let mut command = folder.command(&["reset", ALICE, "--generate", "--trace"]).command;
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(folder.verify(ALICE, ALICES), 20, "the password was not set");
}
