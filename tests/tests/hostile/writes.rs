//! Promises 1 and 2: passwords only where they belong, and only the target, its granted attributes and values.

use portcullis_tests::harness::Report;

use crate::world::{ALICE, Draft, NEW, OLD, World, denials};

/// The attempt is denied with this subject, nothing is sent, and nothing is changed; also if the plugin then claims that
/// all went well.
async fn denied(draft: impl Fn() -> Draft<'static>, call: &'static str, subject: &str, code: &str) {
    for claim in [false, true] {
        let draft = if claim { draft().set("config.then", "claim") } else { draft() };
        let running = draft.start();
        let before = running.entries().await;
        let report = running.reset().await;
        let (code, exit) = match (claim, code) {
            (true, _) => ("plugin-untrue", 18),
            (false, "not-granted") => (code, 12),
            (false, _) => (code, 18),
        };
        report.refused(code, exit);
        assert_eq!(denials(&report), [(call, subject.to_owned())], "{report}");
        assert!(!report.sent_a_write(), "{report}");
        assert_eq!(running.entries().await, before, "something was written");
        assert!(running.binds(ALICE, OLD).await && !running.binds(ALICE, NEW).await);
    }
}

/// Lives as long as the test's process.
fn world() -> &'static World {
    Box::leak(Box::new(World::new()))
}

#[tokio::test]
async fn other_spellings_of_an_entry() {
    let world = world();
    // The target in other spellings, what lies above it, one that is excluded, and none.
    let spellings = [
        "UID=alice,ou=people,dc=people,dc=example",
        "uid=alice, ou=people,dc=people,dc=example",
        "ou=people,dc=people,dc=example",
        "uid=root,ou=people,dc=people,dc=example",
        "",
    ];
    for dn in spellings {
        denied(|| world.hostile("write-another-entry").set("config.dn", dn), "modify", dn, "not-granted").await;
    }
    world.goes_on().await;
    // Its own DN, byte for byte.
    world.hostile("write-another-entry").set("config.dn", ALICE).start().reset().await.confirmed();
}

#[tokio::test]
async fn another_attribute_and_its_grant() {
    let world = world();
    denied(|| world.hostile("write-another-attribute"), "modify", "description", "not-granted").await;
    let values = |value: &str| vec![value.to_owned()];
    let granted = |value| world.hostile("write-another-attribute").set("ldap.write.description", values(value));
    denied(|| granted("another text"), "modify", "description", "not-granted").await;
    let running = granted("written by a plugin").start();
    running.reset().await.confirmed();
    let entry = running.entries().await.into_iter().find(|entry| entry.dn == ALICE).unwrap();
    assert_eq!(entry.values("description"), [b"written by a plugin".to_vec()]);
    world.goes_on().await;
}

#[tokio::test]
async fn another_value_and_its_grant() {
    let world = world();
    denied(|| world.hostile("write-another-value"), "modify", "pwdReset".to_lowercase().as_str(), "not-granted").await;
    world.hostile("write-granted-value").start().reset().await.confirmed();
    let both = vec!["TRUE".to_owned(), "FALSE".to_owned()];
    world.hostile("write-another-value").set("ldap.write.pwdReset", both).start().reset().await.confirmed();
    world.goes_on().await;
}

/// `userPassword` is granted as "the password in hand" and nothing else.
#[tokio::test]
async fn anything_else_where_the_password_belongs() {
    let world = world();
    for behave in [
        "write-own-password",
        "write-empty-password",
        "write-no-password",
        "remove-password",
        "write-password-twice",
        "write-password-then-add-own",
        "add-password",
    ] {
        denied(|| world.hostile(behave), "modify", "userpassword", "not-granted").await;
    }
    world.goes_on().await;
}

#[tokio::test]
async fn calls_that_make_no_sense() {
    let world = world();
    for behave in ["write-no-change", "write-many-changes"] {
        denied(|| world.hostile(behave), "modify", "changes", "plugin-fault").await;
    }
    world.goes_on().await;
}

#[tokio::test]
async fn a_control_and_its_grant() {
    let world = world();
    denied(|| world.hostile("write-with-control"), "modify", "1.2.3.4", "not-granted").await;
    let other = || world.hostile("write-with-control").set("ldap.allow.controls", vec!["1.2.3.40".to_owned()]);
    denied(other, "modify", "1.2.3.4", "not-granted").await;
    let granted = world.hostile("write-with-control").set("ldap.allow.controls", vec!["1.2.3.4".to_owned()]);
    granted.start().reset().await.confirmed();
    world.goes_on().await;
}

#[tokio::test]
async fn the_password_modify_operation() {
    let world = world();
    denied(|| world.hostile("set-password"), "set-password", "set-password", "not-granted").await;
    world.hostile("set-password").set("ldap.allow.set-password", true).start().reset().await.confirmed();
    world.goes_on().await;
}

async fn denied_in_a_change(draft: Draft<'_>, call: &'static str, subject: &str) -> Report {
    let running = draft.start();
    let before = running.entries().await;
    let report = running.change(OLD).await;
    report.refused("not-granted", 12);
    assert_eq!(denials(&report), [(call, subject.to_owned())], "{report}");
    assert!(!report.sent_a_write(), "{report}");
    assert_eq!(running.entries().await, before);
    report
}

/// The old password is in hand too, and must not become the new one.
#[tokio::test]
async fn the_old_password_as_the_new_one() {
    let world = world();
    let draft = || world.hostile("set-old-password").set("ldap.allow.set-password", true);
    denied_in_a_change(draft(), "set-password", "set-password").await;
    world.goes_on().await;
}

/// Whoever may change passwords with the old one at hand does not get a reset by a plugin that leaves it out.
#[tokio::test]
async fn a_change_without_the_old_password() {
    let world = world();
    for (behave, call) in [("well", "modify"), ("set-password", "set-password")] {
        let draft = || world.hostile(behave).set("ldap.allow.set-password", true).set("ldap.allow.try-bind", true);
        denied_in_a_change(draft(), call, "the new password").await;
        draft().start().reset().await.confirmed();
    }
    world.goes_on().await;
}

#[tokio::test]
async fn as_whom_is_written() {
    let world = world();
    for behave in ["write-as-target", "set-password-as-target"] {
        let draft = || world.hostile(behave).set("ldap.allow.set-password", true);
        let call = if behave == "write-as-target" { "modify" } else { "set-password" };
        denied_in_a_change(draft(), call, "performer").await;
        draft().set("ldap.allow.as-target", true).start().change(OLD).await.confirmed();
    }
    // Only the old password says who somebody is; the new one would be a guess.
    let draft = world.hostile("write-as-new").set("ldap.allow.as-target", true);
    denied_in_a_change(draft, "modify", "performer").await;
    world.goes_on().await;
}
