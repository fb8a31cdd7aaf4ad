//! What a writer is told, and what it can tell, while it writes.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, in its helpers too")]

use std::fs::File;

use super::*;
use crate::fact::Confirmed;

fn fact(n: usize) -> Entry {
    Entry::now(About::default(), Confirmed { how: format!("fact {n}") })
}

fn whole(state: &Path) -> Place {
    let report = verify(state, &Options::default()).unwrap();
    assert!(report.is_whole(), "{report:?}");
    report.last
}

#[test]
fn nobody_waits_for_ever_for_a_process_that_keeps_the_lock() {
    let state = tempfile::tempdir().unwrap();
    let mut chain = Chain::open(state.path()).unwrap();
    chain.longest_held = Duration::ZERO;
    let log = AuditLog::of(chain, state.path()).unwrap();
    let lock = File::options().write(true).open(state.path().join("audit/audit.lock")).unwrap();
    lock.lock().unwrap();
    let error = log.append_blocking(vec![fact(1), fact(2)]).unwrap_err().to_string();
    assert!(error.contains("another process has held it"), "{error}");
    assert_eq!(log.trouble(Duration::MAX).unwrap().to_string(), error);
    lock.unlock().unwrap();
    log.append_blocking(vec![fact(3)]).unwrap();
    assert!(log.trouble(Duration::MAX).is_none());
    log.close();
    whole(state.path());
    let text = std::fs::read_to_string(state.path().join("audit/audit-0000000000000001.jsonl")).unwrap();
    assert!(text.contains(r#""fact":"lost","facts":2"#) && text.contains("fact 3"), "{text}");
}

#[test]
fn the_place_is_that_of_the_last_line_on_the_disk() {
    let state = tempfile::tempdir().unwrap();
    let log = AuditLog::open(state.path()).unwrap();
    assert_eq!(log.place(), Some(whole(state.path())));
    log.append_blocking(vec![fact(1)]).unwrap();
    let place = log.place().unwrap();
    assert_eq!(place, whole(state.path()));
    // Turned back by somebody, it is what it was, and not what stands there.
    let head = state.path().join("audit/audit.head");
    std::fs::write(&head, "").unwrap();
    log.append_blocking(vec![fact(2)]).unwrap_err();
    assert_eq!(log.place(), Some(place));
}

#[test]
fn closed_it_ends_with_the_checkpoint() {
    let state = tempfile::tempdir().unwrap();
    let log = AuditLog::open(state.path()).unwrap();
    log.note(vec![fact(1)]);
    log.close();
    assert_eq!(log.place(), Some(whole(state.path())));
    assert_eq!(log.place().unwrap().seq, 3);
}
