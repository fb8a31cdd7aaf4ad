//! Promise 7: whatever the plugin says, the caller learns what took effect.

use portcullis_model::{Confirmation, Effect, Outcome};

use crate::world::{ALICE, NEW, OLD, World};

/// Claims of what the host did not see.
#[tokio::test]
async fn nothing_was_written() {
    let world = World::new();
    for behave in ["claim-the-password", "claim-unlocked", "claim-nothing", "doubt-nothing"] {
        let running = world.hostile(behave).start();
        let before = running.entries().await;
        let report = running.reset().await;
        report.refused("plugin-untrue", 18);
        running.change(OLD).await.refused("plugin-untrue", 18);
        assert!(!report.sent_a_write(), "{report}");
        assert_eq!(running.entries().await, before);
        assert!(running.binds(ALICE, OLD).await);
    }
    for behave in ["claim-the-password", "claim-unlocked", "doubt-nothing"] {
        world.hostile(behave).start().unlock().await.refused("plugin-untrue", 18);
    }
    world.goes_on().await;
}

/// The password was written, and then the plugin broke down, ran on, or said the contrary: it is done, and what went
/// wrong is said besides.
#[tokio::test]
async fn the_password_was_written() {
    let world = World::new();
    for (behave, code) in [
        ("write-then-say-refused", "password-too-short"),
        ("write-then-say-unknown", "outcome-unknown"),
        ("write-then-panic", "plugin-trapped"),
        ("write-then-loop", "plugin-limit"),
        ("large-notes", "plugin-limit"),
    ] {
        // Long enough for the write on a busy machine.
        let running = world.hostile(behave).set("limits.time", "3s").start();
        let report = running.reset().await;
        let receipt = report.in_part(code);
        assert_eq!(receipt.effects, [Effect::PasswordSet], "{behave}");
        assert!(matches!(receipt.confirmation, Confirmation::Confirmed(_)), "{behave}: {report}");
        assert!(running.binds(ALICE, NEW).await && !running.binds(ALICE, OLD).await, "{behave}");
        world.goes_on().await;
    }
}

/// Something else took effect: that is neither "refused" nor the password.
#[tokio::test]
async fn something_else_was_written() {
    let world = World::new();
    let running = world.hostile("write-something-then-fail").start();
    let report = running.reset().await;
    let Outcome::Done(receipt) = &report.outcome else { panic!("{report}") };
    assert_eq!(receipt.shortfall.as_ref().unwrap().code.name(), "password-too-short");
    assert!(!receipt.effects.contains(&Effect::PasswordSet), "{report}");
    assert!(!running.binds(ALICE, NEW).await);
}

/// A plugin's word for a refusal is taken, if nothing was written: it knows what the directory meant.
#[tokio::test]
async fn a_refusal_in_the_plugins_words() {
    let world = World::new();
    let running = world.hostile("blame-the-caller").start();
    running.reset().await.refused("password-in-history", 10);
    assert!(running.binds(ALICE, OLD).await);
}

/// Whoever is told that a password is right may let somebody in by it: that is the directory's to say.
#[tokio::test]
async fn a_wrong_password_called_right() {
    let world = World::new();
    let draft = || world.hostile("write-another-entry").set("config.then", "claim").set("ldap.allow.try-bind", true);
    for candidate in [NEW, OLD] {
        let report = draft().start().verify(candidate).await;
        report.refused("plugin-untrue", 18);
        assert!(!report.sent_a_write(), "{report}");
    }
    world.goes_on().await;
}
