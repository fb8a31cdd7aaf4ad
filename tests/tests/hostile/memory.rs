//! Promise 1, looked at where it counts: a plugin that placed a password does not have it anywhere in its memory. Promise 3:
//! nor does it have that of another one, which was in this memory before.

use std::fmt::Write as _;

use crate::world::{Draft, NEW, OLD, Running, World};

/// Twice with each kind of operation: what the plugin found in its memory.
async fn found(running: &Running<'_>, world: &World) -> Vec<String> {
    let before = world.log.of_connectors().len();
    for _ in 0..2 {
        running.reset().await.confirmed();
        assert!(running.verify(NEW).await.done().shortfall.is_none());
        running.change(NEW).await.confirmed();
    }
    world.log.of_connectors().split_off(before)
}

fn searching<'w>(world: &'w World, guest: &str) -> Draft<'w> {
    let draft = world.guest(guest).set("config.masked", format!("{},{}", masked(NEW), masked(OLD)));
    draft.set("ldap.allow.try-bind", true).set("ldap.allow.as-target", true)
}

/// As the plugin wants it: not as itself.
fn masked(text: &str) -> String {
    text.bytes().fold(String::new(), |mut all, byte| {
        write!(all, "{:02x}", byte ^ 0x5a).unwrap();
        all
    })
}

const NOTHING: &str = "found 0 of 2 passwords";

/// There is one slot, so each instance has the memory of the one before.
#[tokio::test]
async fn a_password_that_was_placed_is_not_in_the_plugins_memory() {
    let world = World::new();
    let without = searching(&world, "searching").start();
    assert_eq!(found(&without, &world).await, [NOTHING; 6]);
    // One that may read them finds them: all of it is really looked at.
    let passwords = ["new", "old", "candidate"].map(str::to_owned).to_vec();
    let with = searching(&world, "searching-revealing").set("reveal.passwords", passwords).start();
    let seen = found(&with, &world).await;
    assert!(seen.len() == 6 && seen.iter().all(|line| line.len() > NOTHING.len() + 3), "{seen:?}");
    assert_eq!(found(&without, &world).await, [NOTHING; 6], "what another one left there");
}
