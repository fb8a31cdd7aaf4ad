//! The wall clock: a plugin that does not end is ended, and does not hold the thread until then.

use std::time::{Duration, Instant};

use portcullis_sandbox::{Ended, Limits};
use tokio::sync::oneshot;

use crate::guest::{Ready, ready, sandbox, within};

const TIME: Duration = Duration::from_millis(200);

/// Longer than anything takes here on the slowest machine.
const LONG: Duration = Duration::from_secs(60);

fn limits(time: Duration) -> Limits {
    Limits { time, concurrency: 1, ..Limits::default() }
}

/// Runs a plugin that never ends: until another task on the same thread has made some steps, and until the clock ends it.
fn ended_beside_a_task(core: &'static str) {
    within(2 * LONG, move || async move {
        let sandbox = sandbox(1);
        let (done, ended) = oneshot::channel();
        tokio::spawn(async move {
            for _ in 0..5 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            done.send(()).unwrap();
        });
        let plugin = ready(&sandbox, limits(LONG), core);
        tokio::select! {
            ended = plugin.run() => panic!("{ended:?} before the other task got on"),
            steps = ended => steps.unwrap(),
        }
        let plugin = ready(&sandbox, limits(TIME), core);
        let started = Instant::now();
        assert_eq!(plugin.run().await, Err(Ended::Time(TIME)));
        let took = started.elapsed();
        assert!(took >= TIME && took < LONG, "{took:?}");
        assert_eq!(plugin.count(|seen| &seen.ended), 1, "what the run carried was dropped");
        let good = ready(&sandbox, limits(LONG), r#"(module (func (export "run") (result i32) i32.const 7))"#);
        assert_eq!(good.run().await, Ok(7), "the slot was not given back");
    });
}

/// Runs until the clock does not end it, which on a busy machine it may do although the host answered.
async fn until_done(plugin: &Ready) {
    loop {
        plugin.seen.gate.0.add_permits(1);
        match plugin.run().await {
            Err(Ended::Time(_)) => {}
            ended => return assert_eq!(ended, Ok(7)),
        }
    }
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
        let plugin = ready(&sandbox, limits(TIME), core);
        assert_eq!(plugin.run().await, Err(Ended::Time(TIME)));
        let counts = [plugin.count(|s| &s.waiting), plugin.count(|s| &s.given_up), plugin.count(|s| &s.ended)];
        assert_eq!(counts, [1, 1, 1], "began, dropped, and what the run carried with it");
        until_done(&plugin).await;
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
        let plugin = ready(&sandbox(1), limits(LONG), core);
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
        let plugin = ready(&sandbox, limits(LONG), core);
        assert!(tokio::time::timeout(TIME, plugin.run()).await.is_err());
        assert_eq!((plugin.count(|s| &s.given_up), plugin.count(|s| &s.ended)), (1, 1));
        until_done(&plugin).await;
    });
}
