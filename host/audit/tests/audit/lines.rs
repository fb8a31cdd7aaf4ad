//! What a line looks like, and that what was written is read again.

use portcullis_audit::fact::{Asked, Checkpoint};
use portcullis_audit::{About, AuditLog, Entry, Fact, Hash, Line, read};
use portcullis_model::{Event, Use, UsedValue};

use super::given::{fact, folder, lines, segments, verified, written};

#[test]
fn a_line_reads_like_this() {
    let about =
        About { operation: Some("0197".into()), connector: Some("corp-ad".into()), caller: Some("portal".into()) };
    let uses = vec![Use::Write { attribute: "unicodepwd".into(), value: UsedValue::Password }];
    let event = Event::Allowed { capability: "ldap", call: "modify", subject: "replace unicodePwd".into(), uses };
    let line = Line {
        v: 1,
        seq: 7,
        at: "2026-01-02T03:04:05.678Z".into(),
        prev: Hash::of(b"x"),
        about,
        fact: Fact::from(event),
    };
    insta::assert_snapshot!(
        serde_json::to_string(&line).unwrap(),
        @r#"{"v":1,"seq":7,"at":"2026-01-02T03:04:05.678Z","prev":"2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881","operation":"0197","connector":"corp-ad","caller":"portal","fact":"allowed","capability":"ldap","call":"modify","subject":"replace unicodePwd","uses":[{"grant":"write","attribute":"unicodepwd","value":"password"}]}"#
    );
    assert_eq!(serde_json::from_str::<Line>(&serde_json::to_string(&line).unwrap()).unwrap(), line);
}

#[test]
fn what_was_written_is_read_again_in_its_order() {
    let state = folder();
    written(state.path(), 3);
    let read: Vec<Line> = read(state.path()).unwrap().map(Result::unwrap).collect();
    // A checkpoint begins the log, and one ends it.
    assert!(matches!(&read[0].fact, Fact::Checkpoint(Checkpoint { .. })));
    for n in 0..3 {
        assert_eq!((read[n + 1].fact.clone(), read[n + 1].seq), (fact(n).fact, n as u64 + 2));
    }
    assert!(matches!(&read[4].fact, Fact::Checkpoint(Checkpoint { .. })));
    assert_eq!(read.len(), 5);
    let report = verified(state.path());
    assert!(report.is_whole(), "{report:?}");
    assert_eq!((report.lines, report.first, report.last.seq, report.covered, report.checkpoints), (5, 1, 5, 4, 2));
}

#[test]
fn each_line_names_the_sha_256_of_the_one_before() {
    let state = folder();
    written(state.path(), 2);
    let lines = lines(state.path());
    for pair in lines.windows(2) {
        let line: Line = serde_json::from_str(&pair[1]).unwrap();
        assert_eq!(line.prev, Hash::of(pair[0].as_bytes()));
    }
}

#[test]
fn a_log_goes_on_where_it_was_closed() {
    let state = folder();
    for _ in 0..3 {
        written(state.path(), 2);
    }
    let report = verified(state.path());
    assert!(report.is_whole(), "{report:?}");
    assert_eq!(report.lines, 1 + 3 * 3);
    assert_eq!(segments(state.path()).len(), 1);
}

#[test]
fn a_fact_of_a_later_host_does_not_hinder() {
    let text = r#"{"v":1,"seq":1,"at":"2026-01-02T03:04:05.678Z","prev":"0000000000000000000000000000000000000000000000000000000000000000","fact":"from-the-future","n":1}"#;
    assert_eq!(serde_json::from_str::<Line>(text).unwrap().fact, Fact::Unknown);
}

#[test]
fn notes_keep_their_place_before_what_is_waited_for() {
    let state = folder();
    let log = AuditLog::open(state.path()).unwrap();
    log.note(vec![fact(0), fact(1)]);
    log.append_blocking(vec![Entry::now(
        About::default(),
        Asked { kind: "k".into(), account: "a".into(), plugin: None },
    )])
    .unwrap();
    let facts: Vec<Fact> = read(state.path()).unwrap().map(|line| line.unwrap().fact).collect();
    assert_eq!(facts[1..3], [fact(0).fact, fact(1).fact]);
    assert!(matches!(facts[3], Fact::Asked(_)));
}

#[test]
fn a_closed_log_takes_nothing_and_says_so() {
    let state = folder();
    let log = AuditLog::open(state.path()).unwrap();
    log.close();
    assert_eq!(log.append_blocking(vec![fact(0)]).unwrap_err().to_string(), "the audit log was closed");
}
