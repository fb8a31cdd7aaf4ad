//! The audit log of what is typed: what stands in it, how it is verified, and that nothing is done without it.

use std::fs;

use crate::folder::{ALICE, ALICES, Folder};
use crate::run::Run;

fn verify(folder: &Folder, arguments: &[&str]) -> Run {
    folder.run(&[&["audit", "verify"], arguments].concat())
}

fn log(folder: &Folder) -> std::path::PathBuf {
    folder.path().join("kept/audit/audit-0000000000000001.jsonl")
}

#[test]
fn a_reset_is_in_the_log_and_the_password_is_not() {
    let folder = Folder::new();
    let run = folder.command(&["reset", ALICE, "--password-stdin"]).run("a new long password\n");
    assert_eq!(run.code, 0, "{run}");
    let text = fs::read_to_string(log(&folder)).unwrap();
    for fact in ["asked", "located", "allowed", "written", "confirmed", "ended"] {
        assert!(text.contains(&format!(r#""fact":"{fact}""#)), "{fact}:\n{text}");
    }
    assert!(text.contains(r#""caller":"user:"#), "{text}");
    assert!(!text.contains("a new long password") && !text.contains(ALICES), "{text}");
    let run = verify(&folder, &[]);
    assert_eq!(run.code, 0, "{run}");
    assert!(run.stdout.contains("The log is whole."), "{run}");
}

#[test]
fn what_somebody_changed_is_found_and_the_place_that_was_kept_too() {
    let folder = Folder::new();
    let place = |run: &Run| run.stdout.lines().find_map(|l| l.strip_prefix("place")).unwrap().trim().to_owned();
    let anchor = place(&verify(&folder, &[]));
    let key = folder.run(&["audit", "key"]).stdout.trim().to_owned();
    assert_eq!(verify(&folder, &["--anchor", &anchor, "--key", &key]).code, 0);
    let text = fs::read_to_string(log(&folder)).unwrap();
    fs::write(log(&folder), text.replacen("account-status", "reset-password", 1)).unwrap();
    let run = verify(&folder, &["--anchor", &anchor, "--key", &key]);
    assert_eq!(run.code, 23, "{run}");
    assert!(run.stdout.starts_with("NOT AS WRITTEN"), "{run}");
    assert_eq!(verify(&folder, &["--json"]).json()["whole"], false);
    let wrong = verify(&folder, &["--key", "AAAA"]);
    assert_eq!(wrong.code, 2, "{wrong}");
}

#[test]
fn where_the_log_takes_nothing_nothing_is_done() {
    let folder = Folder::new();
    let text = fs::read_to_string(log(&folder)).unwrap();
    let half: String = text.lines().take(2).map(|line| format!("{line}\n")).collect();
    fs::write(log(&folder), half).unwrap();
    let reset = || folder.command(&["reset", ALICE, "--password-stdin"]).run("a new long password\n");
    let run = reset();
    assert_eq!((run.code, &*run.fault()), (1, "audit-damaged"), "{run}");
    run.reads("audit_damaged");
    let old = folder.path().join("kept/audit.key");
    fs::set_permissions(&old, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    assert_eq!(reset().code, 1, "a key that others may read");
    fs::set_permissions(&old, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let run = folder.run(&["audit", "begin-anew", "--why", "somebody cut it"]);
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(reset().code, 0);
    let run = verify(&folder, &[]);
    assert_eq!(run.code, 0, "{run}");
    assert!(run.stdout.contains("begun anew      in line 3"), "{run}");
    assert_eq!(folder.run(&["audit", "begin-anew", "--why", "for fun"]).code, 2, "nothing is wrong with it");
}

#[test]
fn a_state_folder_that_cannot_be_made_is_said_before_anything_is_done() {
    let folder = Folder::new();
    let file = folder.write("in-the-way", "");
    let state = file.join("state").display().to_string();
    let run = folder.command(&["unlock", ALICE, "--state", &state]).run("");
    assert_eq!((run.code, &*run.fault()), (1, "audit-unwritable"), "{run}");
    assert!(run.stderr.contains("--state"), "{run}");
}

#[test]
fn an_approval_is_in_the_log_before_it_counts() {
    let folder = Folder::new();
    assert_eq!(folder.run(&["approve", "mock", "--yes"]).code, 0);
    let text = fs::read_to_string(log(&folder)).unwrap();
    let line = text.lines().find(|line| line.contains(r#""fact":"approved""#)).unwrap();
    assert!(line.contains(r#""file":"mock.wasm","sha256":""#) && line.contains(r#""who":""#), "{line}");

    let folder = Folder::new();
    fs::write(folder.path().join("kept/audit/audit.head"), "not a head").unwrap();
    let run = folder.run(&["approve", "mock", "--yes"]);
    assert_eq!((run.code, &*run.fault()), (1, "audit-damaged"), "{run}");
    assert!(!folder.path().join("kept/approved.toml").exists(), "{run}");
}

#[test]
fn what_a_plugins_own_check_asked_and_a_test_reset_are_in_the_log() {
    let folder = Folder::new();
    let lines = |known: usize| -> Vec<serde_json::Value> {
        let text = fs::read_to_string(log(&folder)).unwrap();
        let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
        lines.skip(known).filter(|line: &serde_json::Value| line["fact"] != "checkpoint").collect()
    };
    let count = || fs::read_to_string(log(&folder)).unwrap().lines().count();
    let before = count();
    assert_eq!(folder.run(&["check"]).code, 0);
    let [line] = &lines(before)[..] else { panic!("not one line: {:?}", lines(before)) };
    assert_eq!(
        (&line["fact"], &line["call"], &line["connector"]),
        (&"allowed".into(), &"root-dse".into(), &"mock".into())
    );
    assert!(line["caller"].as_str().unwrap().starts_with("user:") && line["operation"].is_null(), "{line}");

    // Without a reset nothing of the plugin runs.
    let before = count();
    assert_eq!(folder.run(&["doctor", "mock", "--account", ALICE, "--no-reset"]).code, 22);
    assert_eq!(lines(before), [serde_json::Value::Null; 0]);
    assert_eq!(folder.run(&["doctor", "mock", "--account", ALICE]).code, 22);
    let facts: Vec<_> = lines(before).iter().map(|line| line["fact"].as_str().unwrap().to_owned()).collect();
    for fact in ["asked", "located", "allowed", "written", "confirmed", "ended"] {
        assert!(facts.iter().any(|told| told == fact), "{fact}: {facts:?}");
    }
    assert_eq!(verify(&folder, &[]).code, 0);
}

#[test]
fn where_the_log_takes_nothing_no_plugin_checks_itself_and_no_password_is_reset() {
    const OWN: &str = "the directory is the Portcullis embedded directory";
    let folder = Folder::new();
    assert!(folder.run(&["check"]).stdout.contains(OWN));
    let file = folder.write("in-the-way", "");
    fs::write(folder.path().join("kept/audit/audit.head"), "not a head").unwrap();
    for state in [folder.path().join("kept"), file.join("state")] {
        let run = folder.run(&["check", "--state", &state.display().to_string()]);
        // What can be seen without it is looked at.
        assert!(run.code == 0 && run.stdout.contains("the service account sees"), "{run}");
        assert!(!run.stdout.contains(OWN), "{run}");
        assert!(run.stdout.contains("the plugin's own check did not run, as the audit log takes nothing"), "{run}");
    }
    let before = folder.read("connectors/people.state.ldif");
    let run = folder.run(&["doctor", "mock", "--account", ALICE]);
    assert!(run.code != 0 && run.stdout.contains("4 test-reset      FAILED"), "{run}");
    assert!(run.stdout.contains("portcullis audit verify"), "{run}");
    assert_eq!(folder.read("connectors/people.state.ldif"), before, "{run}");
}

#[test]
fn a_command_that_shows_makes_no_log_and_no_key() {
    let folder = Folder::empty();
    let state = folder.path().join("nowhere");
    let named = state.display().to_string();
    for arguments in [["audit", "key"].as_slice(), &["audit", "verify"], &["alarms"]] {
        let run = folder.run(&[arguments, &["--state", &named]].concat());
        assert_eq!((run.code, &*run.fault()), (17, "misconfigured"), "{run}");
        let said = "there is no audit log in DIR/nowhere: name its folder with --state; a log is begun by";
        assert!(run.stderr.contains(said), "{run}");
        assert!(run.stdout.is_empty() && !state.exists(), "{run}");
    }
}

#[test]
fn alarms_of_a_log_that_is_not_whole_are_no_good_news() {
    let folder = Folder::new();
    assert_eq!(folder.run(&["alarms"]).code, 0);
    let text = fs::read_to_string(log(&folder)).unwrap();
    fs::write(log(&folder), text.lines().take(2).map(|line| format!("{line}\n")).collect::<String>()).unwrap();
    let run = folder.run(&["alarms"]);
    assert_eq!(run.code, 23, "{run}");
    insta::assert_snapshot!(run.stdout, @"The log is not as it was written: `portcullis audit verify` shows where.");
    let run = folder.run(&["alarms", "--json"]);
    assert_eq!((run.code, &run.json()["whole"], &run.json()["alarms"]), (23, &false.into(), &serde_json::json!([])));
    fs::rename(log(&folder), folder.path().join("elsewhere")).unwrap();
    assert_eq!(folder.run(&["alarms"]).code, 23);
    let run = folder.run(&["status", ALICE]);
    assert_eq!(run.fault(), "audit-damaged", "{run}");
    assert!(
        run.stderr.contains("audit-0000000000000001.jsonl: it is gone; `portcullis audit verify` shows where"),
        "{run}"
    );
}
