//! A lock that stays with somebody else.

use super::super::lock::{Held, lock_file};
use super::*;

fn text(state: &Path) -> String {
    std::fs::read_to_string(state.join("audit/audit-0000000000000001.jsonl")).unwrap()
}

#[test]
fn a_lock_that_somebody_else_keeps_is_given_up_for() {
    let state = tempfile::tempdir().unwrap();
    let mut chain = Chain::open(state.path()).unwrap();
    chain.longest_held = Duration::ZERO;
    let before = text(state.path());
    let other = lock_file(&chain.folder).unwrap();
    other.lock().unwrap();
    let error = chain.append(vec![fact(1)], true).unwrap_err().to_string();
    assert!(error.ends_with("/audit: locking failed: another process has held it for 0 s"), "{error}");
    assert_eq!(text(state.path()), before);
    other.unlock().unwrap();
    chain.append(vec![fact(1)], true).unwrap();
    whole(state.path());
}

#[test]
fn a_lock_is_asked_for_again_until_it_is_free() {
    let state = tempfile::tempdir().unwrap();
    let (ours, theirs) = (lock_file(state.path()).unwrap(), lock_file(state.path()).unwrap());
    theirs.lock().unwrap();
    let mut asked = 0;
    let held = Held::or_again(&ours, state.path(), || {
        asked += 1;
        if asked == 3 {
            theirs.unlock().unwrap();
        }
        asked < 5
    });
    assert_eq!((held.unwrap().is_some(), asked), (true, 3));
    theirs.try_lock().unwrap();
}

#[test]
fn nobody_waits_for_ever_for_a_process_that_keeps_the_lock() {
    let state = tempfile::tempdir().unwrap();
    let mut chain = Chain::open(state.path()).unwrap();
    chain.longest_held = Duration::ZERO;
    let log = AuditLog::of(chain, state.path()).unwrap();
    let lock = std::fs::File::options().write(true).open(state.path().join("audit/audit.lock")).unwrap();
    lock.lock().unwrap();
    let error = log.append_blocking(vec![fact(1), fact(2)]).unwrap_err().to_string();
    assert!(error.contains("another process has held it"), "{error}");
    assert_eq!(log.trouble(Duration::MAX).unwrap().to_string(), error);
    lock.unlock().unwrap();
    log.append_blocking(vec![fact(3)]).unwrap();
    assert!(log.trouble(Duration::MAX).is_none());
    log.close();
    whole(state.path());
    let text = text(state.path());
    assert!(text.contains(r#""fact":"lost","facts":2"#) && text.contains("fact 3"), "{text}");
}
