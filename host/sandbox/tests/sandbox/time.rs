//! The wall clock: a plugin that does not end is ended, and does not hold the thread until then.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use portcullis_sandbox::{Ended, Limits};

use crate::guest::{ready, sandbox, within};

const TIME: Duration = Duration::from_millis(200);

/// Far more than a few ticks of the epoch, far less than "never": machines that test are busy.
const SLACK: Duration = Duration::from_secs(10);

const LONG: Duration = Duration::from_secs(60);

fn limits() -> Limits {
    Limits { time: TIME, concurrency: 1, ..Limits::default() }
}

/// Runs a plugin that never ends beside a task that counts, both on one thread.
fn ended_beside_a_task(core: &'static str) {
    within(LONG, move || async move {
        let sandbox = sandbox(1);
        let plugin = ready(&sandbox, limits(), core);
        let steps = Arc::new(AtomicUsize::new(0));
        let counting = Arc::clone(&steps);
        let beside = tokio::spawn(async move {
            loop {
                tokio::time::sleep(Duration::from_millis(1)).await;
                counting.fetch_add(1, Ordering::SeqCst);
            }
        });
        let started = Instant::now();
        assert_eq!(plugin.run().await, Err(Ended::Time(TIME)));
        let took = started.elapsed();
        let steps = steps.load(Ordering::SeqCst);
        beside.abort();
        assert!(took >= TIME && took < TIME + SLACK, "{took:?}");
        // One step at the end of each tick is what there must be; a busy machine ticks less often.
        assert!(steps >= 3, "the other task on this thread made {steps} steps");
        assert_eq!(plugin.count(|seen| &seen.ended), 1, "what the run carried was dropped");
        let good = ready(&sandbox, limits(), r#"(module (func (export "run") (result i32) i32.const 7))"#);
        assert_eq!(good.run().await, Ok(7), "the slot was not given back");
    });
}

#[test]
fn an_endless_loop_in_an_export() {
    ended_beside_a_task(r#"(module (func (export "run") (result i32) (loop $again (br $again)) unreachable))"#);
}

#[test]
fn an_endless_loop_in_the_start_function() {
    ended_beside_a_task(
        r#"(module (func $start (loop $again (br $again))) (start $start)
            (func (export "run") (result i32) i32.const 7))"#,
    );
}

/// A loop that asks the host something each time round: each call is short, and they never end.
#[test]
fn an_endless_loop_of_host_calls() {
    ended_beside_a_task(
        r#"(module (import "host" "elapsed" (func $elapsed (result i32)))
            (func (export "run") (result i32) (loop $again (drop (call $elapsed)) (br $again)) unreachable))"#,
    );
}

#[test]
fn a_host_call_that_never_returns() {
    let core = r#"(module (import "host" "wait" (func $wait))
        (func (export "run") (result i32) (call $wait) i32.const 7))"#;
    within(LONG, move || async move {
        let sandbox = sandbox(1);
        let plugin = ready(&sandbox, limits(), core);
        assert_eq!(plugin.run().await, Err(Ended::Time(TIME)));
        let counts = [plugin.count(|s| &s.waiting), plugin.count(|s| &s.given_up), plugin.count(|s| &s.ended)];
        assert_eq!(counts, [1, 1, 1], "began, dropped, and what the run carried with it");
        // The same plugin, once the host answers.
        plugin.seen.gate.0.add_permits(1);
        assert_eq!(plugin.run().await, Ok(7));
        assert_eq!(plugin.count(|seen| &seen.given_up), 1);
    });
}

/// Giving way at each tick ends nobody who stays within the time.
#[test]
fn an_honest_plugin_may_compute_for_many_ticks() {
    let core = r#"(module (import "host" "elapsed" (func $elapsed (result i32)))
        (func (export "run") (result i32)
            (loop $again (br_if $again (i32.lt_u (call $elapsed) (i32.const 150))))
            (loop $again (br_if $again (i32.lt_u (call $elapsed) (i32.const 300))))
            i32.const 7))"#;
    within(LONG, move || async move {
        let plugin = ready(&sandbox(1), Limits { time: LONG, ..Limits::default() }, core);
        assert_eq!(plugin.run().await, Ok(7));
    });
}

/// A caller who stops waiting frees everything as well.
#[test]
fn a_run_that_is_dropped() {
    let core = r#"(module (import "host" "wait" (func $wait))
        (func (export "run") (result i32) (call $wait) i32.const 7))"#;
    within(LONG, move || async move {
        let sandbox = sandbox(1);
        let plugin = ready(&sandbox, Limits { time: LONG, concurrency: 1, ..Limits::default() }, core);
        assert!(tokio::time::timeout(TIME, plugin.run()).await.is_err());
        assert_eq!((plugin.count(|s| &s.given_up), plugin.count(|s| &s.ended)), (1, 1));
        plugin.seen.gate.0.add_permits(1);
        assert_eq!(plugin.run().await, Ok(7));
    });
}
