//! An operation that only asks changes nothing, whatever is granted.

use crate::world::{NEW, OLD, World, denials};

#[tokio::test]
async fn writes_in_questions() {
    let world = World::new();
    let draft = |behave| {
        let draft = world.hostile(behave).set("ldap.allow.set-password", true).set("ldap.allow.try-bind", true);
        draft.set("ldap.write.description", vec!["written by a plugin".to_owned()])
    };
    // What is granted, in an operation that writes.
    draft("write-granted-value").start().reset().await.confirmed();
    for (behave, call) in [
        ("write-granted-value", "modify"),
        ("write-another-attribute", "modify"),
        ("set-password", "set-password"),
        ("well", "modify"),
    ] {
        let running = draft(behave).start();
        let before = running.entries().await;
        // The state first: it has no password that could be placed.
        for candidate in [None, Some(OLD), Some(NEW)] {
            let report = match candidate {
                None if matches!(behave, "set-password" | "well") => continue,
                None => running.status().await,
                Some(candidate) => running.verify(candidate).await,
            };
            report.refused("not-granted", 12);
            assert_eq!(denials(&report), [(call, "the target".to_owned())], "{report}");
            assert!(!report.sent_a_write(), "{report}");
            assert_eq!(running.entries().await, before);
        }
    }
    world.goes_on().await;
}
