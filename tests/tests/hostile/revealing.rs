//! Promises 1 and 6: a connector that may read the password tells it on every way that there is, and nobody reads it. That it
//! stands nowhere is looked at by `Running::ask`, for every text of every operation.

use portcullis_model::Event;

use crate::world::{ALICE, Draft, NEW, OLD, World, denials};

fn telling<'w>(world: &'w World, tell: &str) -> Draft<'w> {
    world.guest("revealing").set("config.tell", tell).set("reveal.passwords", vec!["new".to_owned()])
}

const WITHHELD: &str = "(withheld: ";

#[tokio::test]
async fn in_the_log() {
    let world = World::new();
    for tell in ["log", "long-line"] {
        let report = telling(&world, tell).start().reset().await;
        report.confirmed();
        // It did read it: that is recorded.
        let read =
            |event: &Event| matches!(event, Event::Allowed { capability: "reveal", subject, .. } if subject == "new");
        assert!(report.events.iter().any(read), "{report}");
    }
    let lines = world.log.of_connectors();
    assert_eq!(lines.len(), 4);
    assert!(lines.iter().all(|line| line.starts_with(WITHHELD)), "{lines:?}");
    world.goes_on().await;
}

#[tokio::test]
async fn in_the_fault() {
    let world = World::new();
    for tell in ["detail", "long-detail"] {
        let report = telling(&world, tell).start().reset().await;
        let fault = report.refused("directory-refused", 19);
        assert!(fault.detail.starts_with(WITHHELD), "{fault}");
    }
    world.goes_on().await;
}

#[tokio::test]
async fn in_the_notes() {
    let world = World::new();
    let report = telling(&world, "note").start().reset().await;
    let note = &report.confirmed().notes[0];
    assert!(note.code.starts_with(WITHHELD) && note.text.starts_with(WITHHELD), "{note:?}");
}

/// What a call was about is written down, whether it is allowed or denied.
#[tokio::test]
async fn in_the_arguments_of_calls() {
    let world = World::new();
    for (tell, call) in [
        ("dn", "modify"),
        ("attribute", "modify"),
        ("option", "modify"),
        ("control", "modify"),
        ("read", "target"),
        ("root-dse", "root-dse"),
        ("base", "search"),
        ("granted-base", "search"),
        ("filter", "search"),
        ("bad-filter", "search"),
        ("bind", "try-bind"),
    ] {
        let running = telling(&world, tell).set("ldap.allow.try-bind", true).start();
        let report = running.reset().await;
        let fault = report.outcome.fault().unwrap();
        assert!(["not-granted", "plugin-fault"].contains(&fault.code.name()), "{tell}: {report}");
        let denials = denials(&report);
        assert!(matches!(denials.as_slice(), [(denied, _)] if *denied == call), "{tell}: {report}");
        assert!(running.binds(ALICE, OLD).await);
    }
    world.goes_on().await;
}

/// Withholding must not tell either: a plugin that may not read the password tries whether an answer treats it in
/// another way than any other text.
#[tokio::test]
async fn a_guess_is_not_confirmed() {
    let world = World::new();
    let other = "Qz7pwnmk-Xyw-99";
    assert_eq!(other.len(), NEW.len());
    let guess = |text: &str| world.hostile("guess").set("config.guess", text).set("config.other", other);
    guess(NEW).set("config.base", "ou=people,dc=people,dc=example").start().reset().await.confirmed();
}

/// A password that was not named cannot be read, although the interface is there.
#[tokio::test]
async fn only_what_was_named_is_read() {
    let world = World::new();
    let running = telling(&world, "log").set("ldap.allow.as-target", true).start();
    for report in [running.change(OLD).await, running.verify(NEW).await] {
        report.refused("not-granted", 12);
        assert!(matches!(denials(&report).as_slice(), [("reveal", _)]), "{report}");
    }
    assert!(world.log.of_connectors().is_empty(), "{:?}", world.log.of_connectors());
    // In a change too, once it is named; and it stands nowhere either.
    let both = vec!["new".to_owned(), "old".to_owned()];
    let running = telling(&world, "log").set("reveal.passwords", both).set("ldap.allow.try-bind", true).start();
    running.change(OLD).await.confirmed();
    assert_eq!(world.log.of_connectors().len(), 3);
}
