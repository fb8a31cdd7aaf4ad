//! One connector whose file cannot be used: it stops nothing of the others, and nobody takes it for one that is not there.

use std::fs;

use crate::folder::{ALICE, ALICES, Folder, MOCK, with};
use crate::run::Run;

const BROKEN: &str = "connectors/corp.toml";

/// The mock connector and another one, for these accounts, whose plugin is missing.
fn folder(accounts: &str) -> Folder {
    let folder = Folder::new();
    let file = with(&folder.read(MOCK), &[("mock.wasm", "missing.wasm"), ("*@people.example", accounts)]);
    folder.write(BROKEN, file);
    folder
}

fn findings(run: &Run) -> Vec<(String, String, String)> {
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let report = run.json();
    let all = report["findings"].as_array().unwrap().iter();
    let place = |place: &serde_json::Value| format!("{}:{}", text(&place["file"]), place["line"]);
    all.map(|one| (text(&one["connector"]), text(&one["code"]), place(&one["place"]))).collect()
}

#[test]
fn the_report_tells_of_the_others_and_says_what_is_wrong_with_it() {
    let folder = folder("*@corp.example");
    let run = folder.run(&["audit", "--json", "--fail-on", "error"]);
    assert_eq!(run.code, 23, "{run}");
    assert_eq!(run.json()["connectors"][0]["connector"], "mock");
    let broken = ("corp".to_owned(), "connector-unusable".to_owned(), format!("DIR/{BROKEN}:3"));
    assert_eq!(findings(&run)[0], broken, "{run}");

    let run = folder.run(&["audit", "mock", "--fail-on", "error"]);
    assert_eq!(run.code, 0, "of one connector only its own: {run}");
    let run = folder.run(&["audit", "corp", "--json"]);
    assert_eq!((run.code, &findings(&run)[0]), (23, &broken), "{run}");
    assert_eq!(folder.run(&["audit", "nope"]).fault(), "unknown-connector");

    let unusable = "The file of this connector cannot be used: the host runs nothing of it";
    for (format, told) in [("text", unusable), ("html", unusable), ("sarif", "\"ruleId\": \"connector-unusable\"")] {
        let path = folder.path().join("report");
        let run = folder.run(&["audit", "--format", format, "--to", path.to_str().unwrap()]);
        assert_eq!((run.code, &*run.stderr), (23, ""), "{format}: {run}");
        let report = fs::read_to_string(&path).unwrap();
        assert!(report.contains(told) && report.contains("missing.wasm"), "{format}: {report}");
    }
}

#[test]
fn commands_need_the_file_of_their_own_connector_alone() {
    let folder = folder("*@corp.example");
    assert_eq!(folder.run(&["status", ALICE]).code, 0);
    assert_eq!(folder.verify(ALICE, ALICES), 0);
    let run = folder.run(&["status", "someone@corp.example"]);
    assert_eq!(run.code, 17, "{run}");
    assert!(run.stderr.contains("missing.wasm"), "{run}");
    let run = folder.run(&["status", ALICE, "--connector", "corp"]);
    assert_eq!(run.code, 17, "{run}");
    assert!(run.stderr.contains("missing.wasm"), "{run}");
    assert_eq!(folder.run(&["status", ALICE, "--connector", "nope"]).fault(), "unknown-connector");
}

#[test]
fn where_it_may_answer_as_well_the_connector_has_to_be_named() {
    for broken in [folder("*@people.example"), folder("*@corp.example")] {
        if broken.read(BROKEN).contains("corp.example") {
            broken.write(BROKEN, "this is not a connector's file");
        }
        let run = broken.run(&["status", ALICE]);
        assert_eq!((run.code, &*run.fault()), (17, "connector-ambiguous"), "{run}");
        let said = format!("corp may answer for it as well, and DIR/{BROKEN} cannot be used (");
        assert!(run.stderr.contains(&said) && run.stderr.contains("--connector"), "{run}");
        assert_eq!(broken.run(&["status", ALICE, "--connector", "mock"]).code, 0);
    }
}

#[test]
fn check_and_doctor_tell_of_it_and_end_as_ever() {
    let folder = folder("*@corp.example");
    for command in ["check", "doctor", "connectors"] {
        let run = folder.run(&[command]);
        assert_eq!(run.code, 17, "{run}");
        assert!(run.stderr.contains("missing.wasm"), "{run}");
    }
}
