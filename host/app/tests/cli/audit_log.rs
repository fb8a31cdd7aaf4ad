//! `docs/audit-log.md`, typed as it stands: with common tools it is seen that a log is whole, and that one is not.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use portcullis_tests::plugins::root;

use crate::folder::{ALICE, Folder};
use crate::typed::blocks;

/// The two parts of the page: the hashes, the signature.
fn page() -> [String; 2] {
    let page = fs::read_to_string(root().join("docs/audit-log.md")).unwrap();
    let (_, section) = page.split_once("\n## Verify it\n").unwrap();
    let section = section.split("\n## ").next().unwrap();
    blocks(section).map(str::to_owned).collect::<Vec<_>>().try_into().unwrap()
}

fn typed(folder: &Folder, script: &str) -> Output {
    let key = folder.run(&["audit", "key"]).stdout.trim().to_owned();
    let work = tempfile::tempdir().unwrap();
    let mut command = Command::new("sh");
    command.args(["-ec", script]).current_dir(folder.path().join("kept/audit"));
    command.env("KEY", key).env("WORK", work.path()).output().unwrap()
}

fn shown(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn log(folder: &Folder) -> std::path::PathBuf {
    folder.path().join(Path::new("kept/audit/audit-0000000000000001.jsonl"))
}

#[test]
fn a_whole_log_is_whole_with_sha256sum_and_openssl_too() {
    let folder = Folder::new();
    assert_eq!(folder.run(&["unlock", ALICE]).code, 0);
    let [hashes, signature] = page();
    let run = typed(&folder, &hashes);
    let verified = folder.run(&["audit", "verify", "--json"]).json();
    let (_, hash) = verified["report"]["last"].as_str().unwrap().split_once(':').unwrap();
    assert_eq!((run.status.code(), shown(&run)), (Some(0), format!("whole up to {hash}\n")));
    let run = typed(&folder, &signature);
    assert!(run.status.success() && shown(&run).contains("Signature Verified Successfully"), "{}", shown(&run));
}

#[test]
fn a_changed_line_and_a_false_signature_are_seen() {
    let folder = Folder::new();
    let text = fs::read_to_string(log(&folder)).unwrap();
    let [hashes, signature] = page();
    assert!(text.contains(ALICE));
    fs::write(log(&folder), text.replace(ALICE, "alicf@people.example")).unwrap();
    let run = typed(&folder, &hashes);
    assert!(!run.status.success() && shown(&run).contains("does not follow"), "{}", shown(&run));

    // The last checkpoint says that the log ended elsewhere.
    let at = text.rfind("\"prev\":\"").unwrap() + 8;
    let mut other = text.clone();
    other.replace_range(at..at + 4, "0000");
    fs::write(log(&folder), other).unwrap();
    let run = typed(&folder, &signature);
    assert!(!run.status.success(), "{}", shown(&run));
}
