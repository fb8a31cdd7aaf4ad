//! Several writers, in one process and in two.

use std::sync::Barrier;

use portcullis_audit::{AuditLog, read};

use super::given::{fact, folder, verified, written};

#[test]
fn writers_side_by_side_make_one_chain() {
    let state = folder();
    // Each of these is what another process would have: a log opened on its own.
    let logs: Vec<AuditLog> = (0..4).map(|_| AuditLog::open(state.path()).unwrap()).collect();
    let start = Barrier::new(logs.len());
    std::thread::scope(|scope| {
        for log in &logs {
            scope.spawn(|| {
                start.wait();
                for n in 0..50 {
                    log.append_blocking(vec![fact(n), fact(n + 1)]).unwrap();
                }
            });
        }
    });
    logs.iter().for_each(AuditLog::close);
    let report = verified(state.path());
    assert!(report.is_whole(), "{report:?}");
    let facts = read(state.path()).unwrap().filter(|line| line.as_ref().unwrap().about.operation.is_some()).count();
    assert_eq!(facts, 4 * 50 * 2);
}

#[test]
fn a_log_that_another_one_wrote_into_goes_on_after_it() {
    let state = folder();
    let log = AuditLog::open(state.path()).unwrap();
    log.append_blocking(vec![fact(0)]).unwrap();
    written(state.path(), 2);
    log.append_blocking(vec![fact(3)]).unwrap();
    log.close();
    assert!(verified(state.path()).is_whole());
}
