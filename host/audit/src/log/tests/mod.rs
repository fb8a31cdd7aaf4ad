//! What a writer is told, and what it can tell, while it writes.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, in its helpers too")]

mod lock;
mod power;

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
