//! Plugins that are laid into the folder of a service that runs.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::process::{Serve, until};
use crate::world::{ALICE, DESK, World, status};

/// The plugin of the world with something in it that no engine looks at.
fn version(world: &World, number: u8) -> Vec<u8> {
    let mut bytes = std::fs::read(world.path("plugins/mock.wasm")).unwrap();
    // Binary format of WebAssembly, section 0: its size, the length of its name, the name, anything.
    bytes.extend([0, 6, 4, b't', b'e', b's', b't', number]);
    bytes
}

fn only(serve: &Serve) -> serde_json::Value {
    serve.operator("GET", "/v1/connectors").json()["connectors"][0].clone()
}

#[test]
fn a_new_version_waits_for_its_approval_and_a_broken_one_disturbs_nobody() {
    let world = World::new();
    let mut serve = world.serve();
    let first = only(&serve)["digest"].clone();
    let (newer, ended) = (version(&world, 1), AtomicBool::new(false));
    let asked = std::thread::scope(|scope| {
        let load = scope.spawn(|| {
            let mut asked = 0;
            while !ended.load(Ordering::Relaxed) {
                let answer = serve.post(DESK, &status(ALICE), &[]);
                assert_eq!(answer.status, 201, "{answer:?}");
                asked += 1;
            }
            asked
        });
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            world.write("plugins/mock.wasm", b"\0asm and nothing else");
            until("the broken one is listed", || only(&serve)["candidate"]["fault"] == "plugin-unusable");
            assert_eq!((&only(&serve)["digest"], &only(&serve)["state"]), (&first, &"running".into()));
            world.write("plugins/mock.wasm", &newer);
            until("the new one is listed", || only(&serve)["candidate"]["fault"] == "plugin-not-approved");
            assert_eq!(only(&serve)["digest"], first, "nobody approved it");
            let run = world.run(&["connectors"]);
            assert!(run.code != Some(0) && run.stdout.contains("asks for"), "{run:?}");
            world.run(&["approve", "mock", "--yes"]).good();
            until("the new one runs", || only(&serve)["digest"] != first && only(&serve)["candidate"].is_null());
        }));
        ended.store(true, Ordering::Relaxed);
        let asked: usize = load.join().unwrap();
        done.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        asked
    });
    assert!(asked > 0);
    let run = world.run(&["connectors", "--json"]);
    assert_eq!((run.code, &run.json()["connectors"][0]["state"]), (Some(0), &"running".into()), "{run:?}");
    let log = serve.stop();
    assert!(log.contains("plugin-unusable") || log.contains("not-approved"), "{log}");
}

#[test]
fn a_plugin_that_nobody_approved_is_not_run_at_the_start_either() {
    let world = World::new();
    world.write("plugins/mock.wasm", version(&world, 2));
    let serve = world.serve();
    assert_eq!(only(&serve)["candidate"]["fault"], "plugin-not-approved");
    let answer = serve.post(DESK, &status(ALICE), &[]);
    assert!(answer.status >= 422, "{answer:?}");
    assert_eq!(answer.json()["blame"], "operator", "{answer:?}");
    world.run(&["approve", "mock", "--yes"]).good();
    until("it runs", || only(&serve)["state"] == "running");
    assert_eq!(serve.post(DESK, &status(ALICE), &[]).status, 201);
}
