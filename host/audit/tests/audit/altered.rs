//! Somebody changes the log. Each change is found, by name.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use portcullis_audit::verify::{Finding, Options, verify};
use portcullis_audit::{AuditLog, Hash, Line, Place};
use proptest::prelude::*;

use super::given::{fact, findings, folder, lines, put, segments, verified, written};

const FILE: &str = "audit-0000000000000001.jsonl";

fn file() -> String {
    FILE.to_owned()
}

#[test]
fn an_edited_line() {
    let state = folder();
    written(state.path(), 5);
    let mut changed = lines(state.path());
    changed[2] = changed[2].replace("fact 1", "fact 9");
    put(state.path(), &changed);
    assert_eq!(findings(state.path()), [Finding::Edited { file: file(), seq: 3 }]);
}

#[test]
fn an_edited_last_line() {
    let state = folder();
    written(state.path(), 2);
    let mut changed = lines(state.path());
    let last = changed.len() - 1;
    changed[last] = changed[last].replace("Z\"", "Y\"");
    put(state.path(), &changed);
    let seq = last as u64 + 1;
    assert_eq!(findings(state.path()), [Finding::NotTheLine { seq }]);
}

#[test]
fn deleted_lines() {
    let state = folder();
    written(state.path(), 5);
    let mut changed = lines(state.path());
    changed.drain(2..4);
    put(state.path(), &changed);
    assert_eq!(findings(state.path()), [Finding::Missing { file: file(), from: 3, to: 4 }]);
}

#[test]
fn lines_deleted_from_the_beginning() {
    let state = folder();
    written(state.path(), 5);
    put(state.path(), &lines(state.path())[3..]);
    assert_eq!(findings(state.path()), [Finding::Missing { file: file(), from: 1, to: 3 }]);
}

#[test]
fn reordered_lines() {
    let state = folder();
    written(state.path(), 5);
    let mut changed = lines(state.path());
    changed.swap(2, 3);
    put(state.path(), &changed);
    assert!(findings(state.path()).contains(&Finding::Misplaced { file: file(), seq: 3, expected: 5 }));
}

#[test]
fn a_truncated_line() {
    let state = folder();
    written(state.path(), 5);
    let mut changed = lines(state.path());
    changed[2].truncate(40);
    put(state.path(), &changed);
    let found = findings(state.path());
    assert_eq!(found[0], Finding::NotALine { file: file(), at: 3 });
    assert_eq!(found[1], Finding::Missing { file: file(), from: 3, to: 3 });
}

#[test]
fn a_log_cut_at_the_end() {
    let state = folder();
    written(state.path(), 5);
    let whole = lines(state.path());
    put(state.path(), &whole[..4]);
    assert_eq!(findings(state.path()), [Finding::Cut { last: 4, expected: 7 }]);
    // And the log does not go on as if nothing had happened.
    let error = AuditLog::open(state.path()).unwrap_err().to_string();
    assert!(error.contains("line 7 is not what its head says"), "{error}");
    assert!(error.contains("portcullis audit verify"), "{error}");
}

#[test]
fn a_log_whose_lines_are_gone_altogether() {
    let state = folder();
    written(state.path(), 2);
    fs::remove_dir_all(state.path().join("audit")).unwrap();
    assert!(!verified(state.path()).is_whole());
    let error = AuditLog::open(state.path()).unwrap_err().to_string();
    assert!(error.contains("the log is gone, and its key is there"), "{error}");
}

#[test]
fn a_head_that_is_put_back_is_found_with_an_anchor() {
    let state = folder();
    written(state.path(), 2);
    let (old_lines, head) = (lines(state.path()), state.path().join("audit/audit.head"));
    let old_head = fs::read(&head).unwrap();
    written(state.path(), 2);
    let anchor = verified(state.path()).last;
    put(state.path(), &old_lines);
    fs::write(&head, old_head).unwrap();
    // In itself it is whole: nobody can tell without what was kept elsewhere.
    assert!(verified(state.path()).is_whole());
    let options = Options { anchors: vec![anchor], ..Options::default() };
    let found = verify(state.path(), &options).unwrap().findings;
    assert_eq!(found, [Finding::Cut { last: 4, expected: 7 }]);
}

#[test]
fn a_log_made_with_another_key_is_found_with_the_key_that_was_kept() {
    let (ours, theirs) = (folder(), folder());
    let log = AuditLog::open(ours.path()).unwrap();
    let key = log.public_key().clone();
    log.close();
    written(theirs.path(), 2);
    assert!(verified(theirs.path()).is_whole());
    let found = verify(theirs.path(), &Options { key: Some(key), anchors: vec![] }).unwrap().findings;
    assert!(found.contains(&Finding::BadCheckpoint { seq: 1 }), "{found:?}");
    assert!(found.iter().any(|finding| matches!(finding, Finding::BadHead { .. })), "{found:?}");
}

#[test]
fn a_checkpoint_with_a_changed_signature() {
    let state = folder();
    written(state.path(), 1);
    let mut changed = lines(state.path());
    let at = changed[0].find("signature").unwrap() + 14;
    let other = if &changed[0][at..=at] == "A" { "B" } else { "A" };
    changed[0].replace_range(at..=at, other);
    put(state.path(), &changed);
    assert_eq!(findings(state.path())[0], Finding::BadCheckpoint { seq: 1 });
}

/// Two files: the second one begins with the line that says that a chain was begun anew.
fn two_files(state: &Path) {
    written(state, 3);
    let whole = lines(state);
    put(state, &whole[..4]);
    AuditLog::begin_anew(state, "tested".into(), "tester".into()).unwrap();
    written(state, 1);
}

#[test]
fn old_files_may_go_and_the_rest_still_stands_unless_an_anchor_says_otherwise() {
    let state = folder();
    two_files(state.path());
    let first = verified(state.path());
    let before = lines(state.path());
    fs::remove_file(&segments(state.path())[0]).unwrap();
    let report = verified(state.path());
    assert!(report.is_whole(), "{report:?}");
    assert_eq!((report.first, report.last), (5, first.last));
    let anchor = Place { seq: 1, hash: Hash::of(before[0].as_bytes()) };
    let found = verify(state.path(), &Options { anchors: vec![anchor], ..Options::default() }).unwrap().findings;
    assert_eq!(found, [Finding::Missing { file: "audit".into(), from: 1, to: 4 }]);
}

#[test]
fn lines_deleted_from_the_beginning_of_a_file_that_is_renamed_to_fit() {
    let state = folder();
    written(state.path(), 3);
    let rest = lines(state.path());
    put(state.path(), &rest[2..]);
    let file = &segments(state.path())[0];
    fs::rename(file, file.with_file_name("audit-0000000000000003.jsonl")).unwrap();
    let file = "audit-0000000000000003.jsonl".to_owned();
    assert_eq!(findings(state.path()), [Finding::Missing { file, from: 1, to: 2 }]);
}

#[test]
fn a_log_that_is_turned_back_under_a_writer_takes_nothing_more() {
    let state = folder();
    let log = AuditLog::open(state.path()).unwrap();
    log.append_blocking(vec![fact(0)]).unwrap();
    let (head, file) = (state.path().join("audit/audit.head"), segments(state.path())[0].clone());
    let before = (fs::read(&head).unwrap(), fs::read(&file).unwrap());
    log.append_blocking(vec![fact(1)]).unwrap();
    fs::write(&head, &before.0).unwrap();
    fs::write(&file, &before.1).unwrap();
    let error = log.append_blocking(vec![fact(2)]).unwrap_err().to_string();
    assert!(error.contains("turned back"), "{error}");
}

#[test]
fn what_could_not_be_written_is_counted_when_something_can() {
    let state = folder();
    let log = AuditLog::open(state.path()).unwrap();
    log.append_blocking(vec![fact(0)]).unwrap();
    let head = state.path().join("audit/audit.head");
    let good = fs::read(&head).unwrap();
    fs::write(&head, "nothing of the kind").unwrap();
    log.append_blocking(vec![fact(1), fact(2)]).unwrap_err();
    fs::write(&head, good).unwrap();
    log.append_blocking(vec![fact(3)]).unwrap();
    log.close();
    let text = lines(state.path()).join("\n");
    assert!(text.contains(r#""fact":"lost","facts":2"#), "{text}");
    assert!(verified(state.path()).is_whole());
}

/// The service's user owns the state folder; root works in it.
#[test]
fn no_link_leads_elsewhere() {
    let (state, elsewhere) = (folder(), folder());
    std::os::unix::fs::symlink(elsewhere.path(), state.path().join("audit")).unwrap();
    assert!(AuditLog::open(state.path()).is_err());
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
}

#[test]
fn after_damage_a_new_chain_is_begun_and_told() {
    let state = folder();
    written(state.path(), 5);
    let whole = lines(state.path());
    put(state.path(), &whole[..4]);
    AuditLog::begin_anew(state.path(), "the disk was full".into(), "root".into()).unwrap();
    written(state.path(), 1);
    let report = verified(state.path());
    assert_eq!((report.begun_anew, report.findings), (vec![5], vec![]));
    let text = lines(state.path()).join("\n");
    assert!(text.contains(r#""why":"the disk was full","who":"root","found":""#), "{text}");
}

#[test]
fn a_torn_line_behind_the_head_is_cut_off_and_told() {
    let state = folder();
    written(state.path(), 1);
    let path = &segments(state.path())[0];
    let mut bytes = fs::read(path).unwrap();
    bytes.extend_from_slice(br#"{"v":1,"seq":4,"at"#);
    fs::write(path, bytes).unwrap();
    written(state.path(), 1);
    let text = lines(state.path()).join("\n");
    assert!(text.contains(r#""fact":"repaired","bytes":18"#), "{text}");
    assert!(verified(state.path()).is_whole());
}

#[test]
fn whole_lines_behind_the_head_are_taken_only_if_they_continue() {
    let state = folder();
    let log = AuditLog::open(state.path()).unwrap();
    log.append_blocking(vec![fact(0)]).unwrap();
    let head = state.path().join("audit/audit.head");
    let before = fs::read(&head).unwrap();
    log.append_blocking(vec![fact(1)]).unwrap();
    drop(log);
    // A crash between the lines and the head.
    fs::write(&head, &before).unwrap();
    written(state.path(), 1);
    assert!(verified(state.path()).is_whole());

    let path = &segments(state.path())[0];
    let forged = lines(state.path())[1].clone() + "\n";
    let mut bytes = fs::read(path).unwrap();
    bytes.extend_from_slice(forged.as_bytes());
    fs::write(path, bytes).unwrap();
    assert!(AuditLog::open(state.path()).unwrap_err().to_string().contains("does not continue it"));
}

#[test]
fn a_line_that_somebody_added_behind_the_head_is_told_apart() {
    let state = folder();
    written(state.path(), 1);
    let mut all = lines(state.path());
    let last: Line = serde_json::from_str(all.last().unwrap()).unwrap();
    let prev = Hash::of(all.last().unwrap().as_bytes());
    let added = Line { seq: last.seq + 1, prev, ..last.clone() };
    all.push(serde_json::to_string(&added).unwrap().replace("checkpoint", "x"));
    put(state.path(), &all);
    let report = verified(state.path());
    assert_eq!((report.signed, report.last.seq), (Some(last.seq), last.seq + 1));
}

#[test]
fn a_key_that_others_may_read_is_refused() {
    let state = folder();
    written(state.path(), 1);
    let key = state.path().join("audit.key");
    assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(AuditLog::open(state.path()).unwrap_err().to_string().contains("chmod 600"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Whatever byte of a line is changed: it is found.
    #[test]
    fn no_byte_can_be_changed(at in any::<prop::sample::Index>(), to in any::<u8>()) {
        let state = folder();
        written(state.path(), 3);
        let path = &segments(state.path())[0];
        let mut bytes = fs::read(path).unwrap();
        let at = at.index(bytes.len());
        prop_assume!(bytes[at] != to);
        bytes[at] = to;
        fs::write(path, bytes).unwrap();
        prop_assert!(!verified(state.path()).is_whole());
    }
}
