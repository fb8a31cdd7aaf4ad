//! Handles of passwords: good for one operation, given by the host alone, and given back.

use crate::world::{NEW, Running, World};

const NUMBERS: [&str; 10] = ["0", "1", "2", "3", "4", "7", "64", "65536", "2147483648", "4294967294"];

/// The labels of the passwords that a plugin finds by trying numbers.
async fn found(running: &Running<'_>, ask: &str) -> Vec<String> {
    let report = match ask {
        "reset" => running.reset().await,
        "verify" => running.verify(NEW).await,
        _ => running.unlock().await,
    };
    let fault = report.outcome.fault().unwrap();
    match fault.code.name() {
        "misconfigured" => vec![fault.detail.clone()],
        "plugin-trapped" => Vec::new(),
        other => panic!("{other}: {report}"),
    }
}

/// A number that the host did not give leads nowhere: the plugin traps. One that it did give is the plugin's own.
#[tokio::test]
async fn made_up() {
    let world = World::new();
    for (ask, own) in [("reset", "new"), ("verify", "candidate"), ("unlock", "")] {
        let mut all = Vec::new();
        for number in NUMBERS {
            let running = world.hostile("forge-label").set("config.handle", number).start();
            all.extend(found(&running, ask).await);
        }
        let expected: Vec<String> =
            if own.is_empty() { Vec::new() } else { vec![format!("it is the password `{own}`")] };
        assert_eq!(all, expected, "{ask}");
    }
    world.goes_on().await;
}

/// There is no password in an unlock: none can be written, by whatever number.
#[tokio::test]
async fn placed_where_there_is_none() {
    let world = World::new();
    for number in NUMBERS {
        let running = world.hostile("forge-handle").set("config.handle", number).start();
        let before = running.entries().await;
        let report = running.unlock().await;
        report.refused("plugin-trapped", 18);
        assert!(!report.sent_a_write(), "{report}");
        assert_eq!(running.entries().await, before);
    }
    world.goes_on().await;
}
