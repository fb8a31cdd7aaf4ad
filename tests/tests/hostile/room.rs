//! Promise 5: what a plugin uses up is its own, and the host goes on.

use std::time::Duration;

use crate::world::World;

/// A list that is really there needs the memory for it first.
#[tokio::test]
async fn a_giant_list() {
    let world = World::new();
    let detail = |limit: &str| format!("the plugin went over its limit of {limit}");
    let little = world.hostile("giant-list").start().reset().await;
    assert_eq!(little.refused("plugin-limit", 18).detail, detail("memory: 16 MiB"));
    let much = world.hostile("giant-list").set("limits.memory", "64 MiB").start().reset().await;
    assert_eq!(much.refused("plugin-limit", 18).detail, detail("bytes in one host call: 1 MiB"));
    world.goes_on().await;
}

/// Beside the endless loop something else is done, on the one thread of this test.
#[tokio::test]
async fn others_go_on_beside_an_endless_loop() {
    let world = World::new();
    let beside = async {
        for _ in 0..5 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let running = world.hostile("loop").set("limits.time", "5m").start();
    tokio::select! {
        report = running.reset() => panic!("before anything else was done: {report}"),
        () = beside => {}
    }
    world.goes_on().await;
}

/// Who asks while a plugin uses up its time is told so at once. A caller who stops waiting gives the place back.
#[tokio::test]
async fn a_connector_that_is_busy() {
    let world = World::new();
    let running = world.hostile("loop").set("limits.time", "5m").set("limits.concurrency", 1).start();
    let second = tokio::select! {
        biased;
        report = running.reset() => panic!("it ended: {report}"),
        report = running.reset() => report,
    };
    assert_eq!(second.outcome.fault().unwrap().code.name(), "busy");
    world.goes_on().await;
}

/// More calls, if the operator grants them.
#[tokio::test]
async fn host_calls_are_counted() {
    let world = World::new();
    // `well` reads a setting, finds the target and writes: three.
    world.hostile("well").set("limits.host-calls", 2).start().reset().await.refused("plugin-limit", 18);
    world.hostile("well").set("limits.host-calls", 3).start().reset().await.confirmed();
}
