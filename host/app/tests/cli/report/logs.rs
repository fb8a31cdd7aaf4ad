//! Logs that are empty, another connector's, damaged, or not to be read; and plugins that are not what they were.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::{connector, findings, operate, report};
use crate::folder::{ALICE, Folder, MOCK};

fn log(folder: &Folder) -> std::path::PathBuf {
    folder.path().join("kept/audit/audit-0000000000000001.jsonl")
}

fn codes(report: &serde_json::Value) -> Vec<String> {
    findings(report, None).into_iter().map(|(code, _)| code).collect()
}

#[test]
fn without_a_log_nothing_is_said_of_use() {
    let folder = Folder::new();
    fs::remove_dir_all(folder.path().join("kept")).unwrap();
    let (none, _) = report(&folder, &[]);
    assert_eq!(none["log"]["state"], "none");
    assert_eq!(codes(&none), ["no-ceiling"]);
    assert!(connector(&none, "mock")["not_told"].to_string().contains("no-log"), "{none:#}");
    assert!(!folder.path().join("kept").exists(), "looking makes nothing");
}

#[test]
fn what_another_connector_did_is_not_this_ones() {
    let folder = Folder::new();
    operate(&folder, "mock", 1, |_| 0);
    fs::rename(folder.path().join(MOCK), folder.path().join("connectors/other.toml")).unwrap();
    let (other, _) = report(&folder, &[]);
    let other = connector(&other, "other");
    assert_eq!(other["used_over"]["first"], serde_json::Value::Null, "{other:#}");
    assert!(other["grants"].as_array().unwrap().iter().all(|row| row["used"].is_null()), "{other:#}");
}

#[test]
fn a_log_that_was_changed_is_told_and_nothing_is_concluded_from_it() {
    let folder = Folder::new().with(&[("\"pwdReset\"]", "\"pwdReset\", \"telephoneNumber\"]")]);
    operate(&folder, "mock", 5, |_| 0);
    let never = |report: &serde_json::Value| {
        findings(report, Some("mock")).iter().any(|(code, _)| code == "granted-never-used")
    };
    assert!(never(&report(&folder, &[]).0));
    let text = fs::read_to_string(log(&folder)).unwrap();
    fs::write(log(&folder), text.replacen("\"fact\":\"located\"", "\"fact\":\"l", 1)).unwrap();
    let (changed, code) = report(&folder, &["--fail-on", "error"]);
    assert_eq!((code, &changed["log"]["left_out"]), (23, &1.into()), "{changed:#}");
    assert_eq!(codes(&changed), ["log-not-whole", "no-ceiling"]);
    assert!(!never(&changed), "{changed:#}");
    assert!(connector(&changed, "mock")["not_told"].to_string().contains("log-not-whole"), "{changed:#}");
}

#[test]
fn a_log_that_cannot_be_read_or_verified_is_told() {
    let folder = Folder::new();
    let key = folder.path().join("kept/audit.key");
    let given = folder.run(&["audit", "key"]).stdout.trim().to_owned();
    fs::rename(&key, folder.path().join("kept/elsewhere")).unwrap();
    assert_eq!(codes(&report(&folder, &[]).0), ["log-not-verified", "no-ceiling"]);
    assert_eq!(report(&folder, &["--key", &given]).0["log"]["key_was_given"], true);
    // A folder in the place of the file: not even root can read it.
    fs::remove_file(log(&folder)).unwrap();
    fs::create_dir(log(&folder)).unwrap();
    let (unreadable, code) = report(&folder, &["--fail-on", "error"]);
    assert_eq!((code, codes(&unreadable)), (23, vec!["log-unreadable".to_owned(), "no-ceiling".to_owned()]));
}

#[test]
fn a_plugin_that_is_another_one_is_told() {
    let folder = Folder::new();
    let (first, _) = report(&folder, &[]);
    let sha256 = connector(&first, "mock")["plugin"]["sha256"].as_str().unwrap().to_owned();
    folder.edit(MOCK, &[("plugin = \"mock.wasm\"", &format!("plugin = \"mock.wasm\"\nsha256 = \"{sha256}\""))]);
    assert_eq!(folder.run(&["approve", "mock", "--yes"]).code, 0);
    let (pinned, _) = report(&folder, &[]);
    let plugin = &connector(&pinned, "mock")["plugin"];
    assert_eq!((&plugin["pinned"], &plugin["approved"]), (&true.into(), &true.into()));
    let about = |report: &serde_json::Value| -> Vec<String> {
        findings(report, Some("mock")).into_iter().map(|(code, _)| code).collect()
    };
    assert_eq!(about(&pinned), ["unsigned"]);

    let path = folder.path().join("plugins/mock.wasm");
    let bytes = [&fs::read(&path).unwrap()[..], b"\0\x05\x04test"].concat();
    fs::write(&path, bytes).unwrap();
    let (changed, code) = report(&folder, &["--fail-on", "error"]);
    assert_eq!(code, 23);
    let twice = ["plugin-changed", "plugin-changed", "unsigned"];
    assert_eq!(about(&changed), twice, "neither the pinned one nor the approved one: {changed:#}");

    fs::write(&path, "no component").unwrap();
    let (unusable, _) = report(&folder, &[]);
    assert_eq!(about(&unusable), ["plugin-unusable"]);
    let mock = connector(&unusable, "mock");
    assert_eq!(mock["proved_by_the_binary"].as_array().unwrap().len(), 0, "{mock:#}");
    assert_eq!(super::row(mock, "ldap.allow", "try-bind")["requested"]["state"], "not-known");
}

#[test]
fn approvals_that_others_may_write_count_for_nothing() {
    let folder = Folder::new();
    assert_eq!(folder.run(&["approve", "mock", "--yes"]).code, 0);
    fs::set_permissions(folder.path().join("kept/approved.toml"), fs::Permissions::from_mode(0o666)).unwrap();
    let (report, _) = report(&folder, &[]);
    let mock = connector(&report, "mock");
    assert_eq!(mock["plugin"]["approved"], false);
    assert!(mock["not_told"].to_string().contains("approvals-not-read"), "{mock:#}");
}

#[test]
fn how_it_ends_is_as_severe_as_was_asked() {
    let folder = Folder::new();
    let (first, _) = report(&folder, &[]);
    let sha256 = connector(&first, "mock")["plugin"]["sha256"].as_str().unwrap().to_owned();
    folder.edit(MOCK, &[("plugin = \"mock.wasm\"", &format!("plugin = \"mock.wasm\"\nsha256 = \"{sha256}\""))]);
    for (fail_on, code) in [("error", 0), ("warning", 0), ("note", 23)] {
        assert_eq!(report(&folder, &["--fail-on", fail_on]).1, code, "{fail_on}");
    }
    let wrong = folder.run(&["audit", "nobody"]);
    assert_eq!((wrong.code, &*wrong.fault()), (2, "unknown-connector"), "{wrong}");
    assert_eq!(folder.run(&["status", ALICE]).code, 0);
}
