//! Room for so many and no more: who finds none is told so at once, and nobody waits or breaks down for it.

use std::path::Path;
use std::time::Duration;

use futures_util::FutureExt as _;
use portcullis_sandbox::{Ended, Limits};

use crate::guest::{Ready, ready, ready_with, sandbox, within};

const WAITS: &str = r#"(module (import "host" "wait" (func $wait))
    (func (export "run") (result i32) (call $wait) i32.const 7))"#;

const LONG: Duration = Duration::from_secs(60);

fn limits(concurrency: usize) -> Limits {
    Limits { time: LONG, concurrency, ..Limits::default() }
}

/// Runs until the plugin waits in the host.
async fn until_waiting(plugin: &Ready, run: &mut (impl Future<Output = Result<i32, Ended>> + Unpin)) {
    let before = plugin.count(|seen| &seen.waiting);
    while plugin.count(|seen| &seen.waiting) == before {
        assert_eq!(run.now_or_never(), None, "it did not wait");
        tokio::task::yield_now().await;
    }
}

fn busy(ended: Result<i32, Ended>) -> String {
    match ended {
        Err(Ended::Busy(words)) => words,
        other => panic!("there was room: {other:?}"),
    }
}

#[test]
fn one_connector_at_its_concurrency() {
    within(LONG, || async {
        let sandbox = sandbox(4);
        let plugin = ready(&sandbox, limits(1), WAITS);
        let other = ready(&sandbox, limits(1), WAITS);
        let mut first = Box::pin(plugin.run());
        until_waiting(&plugin, &mut first).await;
        assert_eq!(busy(plugin.run().await), "this connector is at its concurrency of 1");
        assert_eq!(plugin.count(|seen| &seen.waiting), 1, "nothing of the second one ran");
        // Another connector is not concerned.
        other.seen.gate.0.add_permits(1);
        assert_eq!(other.run().await, Ok(7));
        plugin.seen.gate.0.add_permits(2);
        assert_eq!(first.await, Ok(7));
        assert_eq!(plugin.run().await, Ok(7));
    });
}

#[test]
fn a_place_is_given_back_by_the_clock() {
    within(LONG, || async {
        let sandbox = sandbox(1);
        let plugin = ready(&sandbox, Limits { time: Duration::from_millis(50), ..limits(1) }, WAITS);
        for _ in 0..5 {
            assert!(matches!(plugin.run().await, Err(Ended::Time(_))));
        }
        // The host's one slot as well.
        let other = ready(&sandbox, limits(1), WAITS);
        other.seen.gate.0.add_permits(1);
        assert_eq!(other.run().await, Ok(7));
    });
}

#[test]
fn all_slots_of_the_host_in_use() {
    within(LONG, || async {
        let sandbox = sandbox(2);
        let plugin = ready(&sandbox, limits(64), WAITS);
        let (mut first, mut second) = (Box::pin(plugin.run()), Box::pin(plugin.run()));
        until_waiting(&plugin, &mut first).await;
        until_waiting(&plugin, &mut second).await;
        let other = ready(&sandbox, limits(64), WAITS);
        assert_eq!(busy(other.run().await), "the host's slots are all in use");
        plugin.seen.gate.0.add_permits(1);
        other.seen.gate.0.add_permits(1);
        let ended = futures_util::future::select(first, second).await.factor_first().0;
        assert_eq!(ended, Ok(7));
        assert_eq!(other.run().await, Ok(7));
    });
}

/// Plugins of many memories can use up the engine's pool before the slots: nobody's plugin is to blame for that.
#[test]
fn a_pool_that_is_used_up_is_no_fault_of_a_plugin() {
    let many = wat::parse_str(
        r#"(component
            (import "host" (instance $host (export "wait" (func))))
            (core func $wait (canon lower (func $host "wait")))
            (core module $memory (memory 1))
            (core instance (instantiate $memory)) (core instance (instantiate $memory))
            (core instance (instantiate $memory)) (core instance (instantiate $memory))
            (core instance (instantiate $memory)) (core instance (instantiate $memory))
            (core instance (instantiate $memory)) (core instance (instantiate $memory))
            (core module $core (import "host" "wait" (func $wait))
                (func (export "run") (result i32) (call $wait) i32.const 7))
            (core instance $core (instantiate $core (with "host" (instance (export "wait" (func $wait))))))
            (func (export "run") (result s32) (canon lift (core func $core "run"))))"#,
    )
    .unwrap();
    within(LONG, move || async move {
        // The smallest host has room for the largest plugin: eight memories.
        let sandbox = sandbox(2);
        let greedy = ready_with(&sandbox, limits(64), &sandbox.load_bytes(Path::new("many.wasm"), &many).unwrap());
        let mut first = Box::pin(greedy.run());
        until_waiting(&greedy, &mut first).await;
        let other = ready(&sandbox, limits(64), WAITS);
        assert!(busy(other.run().await).starts_with("the host has no room for another instance"));
        drop(first);
        other.seen.gate.0.add_permits(1);
        assert_eq!(other.run().await, Ok(7));
    });
}
