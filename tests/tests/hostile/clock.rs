//! The clock: what the host does with a password takes time, and a plugin that could measure it would learn it.

use crate::world::{ALICE, NEW, World};

/// It measures how long the host looks for the password in what it says, letter by letter. The host's clocks stand still
/// for it, so that all letters take the same time; who sleeps or waits for a time goes on.
#[tokio::test]
async fn tells_nothing_about_a_password() {
    let world = World::new();
    let running = world.guest("clock").start();
    running.reset().await.confirmed();
    assert!(running.binds(ALICE, NEW).await);
    world.goes_on().await;
}
