//! One refused bind in each operation: guessing would lock the account of the person whom the operation is about.

use crate::world::{ALICE, BOB, OLD, World, denials};

const WRONG: &str = "Zq9vKx-Wr0ng-77";

#[tokio::test]
async fn guessing_twice() {
    let world = World::new();
    let draft = || world.hostile("bind-twice");
    // Without the grant not even once.
    let running = draft().start();
    let before = running.entries().await;
    let report = running.verify(WRONG).await;
    report.refused("not-granted", 12);
    assert_eq!(denials(&report), [("try-bind", "try-bind".to_owned())]);
    assert_eq!(running.entries().await, before, "a failed sign-in was counted");
    // With it once, and the account, which two wrong ones lock, is not locked.
    let running = draft().set("ldap.allow.try-bind", true).start();
    let report = running.verify(WRONG).await;
    report.refused("not-granted", 12);
    assert_eq!(denials(&report), [("try-bind", "bind".to_owned())]);
    assert_eq!(world.log.of_connectors(), ["bind: 49"]);
    assert!(running.binds(ALICE, OLD).await, "the account is locked");
    // A right one harms nobody.
    assert!(draft().set("ldap.allow.try-bind", true).start().verify(OLD).await.done().shortfall.is_none());
    world.goes_on().await;
}

/// The second guess in another call.
#[tokio::test]
async fn guessing_by_a_write_as_the_target() {
    let world = World::new();
    let draft = world.hostile("bind-then-write-as-target").set("ldap.allow.try-bind", true);
    let running = draft.set("ldap.allow.as-target", true).start();
    let report = running.change(WRONG).await;
    report.refused("not-granted", 12);
    assert_eq!(denials(&report), [("modify", "bind".to_owned())]);
    assert!(running.binds(ALICE, OLD).await, "the account is locked");
    world.goes_on().await;
}

#[tokio::test]
async fn as_somebody_else() {
    let world = World::new();
    let draft = world.hostile("bind-as-another").set("config.dn", BOB).set("ldap.allow.try-bind", true);
    let running = draft.start();
    let before = running.entries().await;
    let report = running.verify(WRONG).await;
    report.refused("not-granted", 12);
    assert_eq!(denials(&report), [("try-bind", BOB.to_owned())]);
    assert_eq!(running.entries().await, before, "a failed sign-in was counted");
    world.goes_on().await;
}
