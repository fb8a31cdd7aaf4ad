//! Each grant, limit and plugin that is another one, and the divergence that it makes.

use portcullis::recording::Request;
use portcullis::replay::{Divergence, Verdict};
use portcullis_model::{ResetOptions, Use, UsedValue};
use portcullis_tests::plugins::test_plugin;
use toml::Value;

use crate::world::{Kind, NEW, OLD, World, lines, names};

const MUST_CHANGE: ResetOptions = ResetOptions { must_change: true, unlock: true };

fn denied(divergences: &[Divergence]) -> Option<&Use> {
    divergences.iter().find_map(|divergence| match divergence {
        Divergence::Denied { wanted, .. } => wanted.as_ref(),
        _ => None,
    })
}

fn strings(values: &[&str]) -> Value {
    Value::from(values.to_vec())
}

#[tokio::test]
async fn an_attribute_less() {
    let world = World::new(Kind::Mock);
    let (_, recording) = world.record(&world.status("alice")).await;
    let found = world.replay_with(&recording, |draft| draft.set("ldap.read.attributes", strings(&["pwdReset"]))).await;
    let found = found.unwrap();
    assert_eq!(denied(&found), Some(&Use::Read { attribute: "pwdaccountlockedtime".into() }), "{found:#?}");
    insta::assert_snapshot!(lines(&found), @r#"
    denied: ldap.target pwdaccountlockedtime: not granted; add: [ldap.read] attributes = ["pwdaccountlockedtime"]
    outcome-changed: done before, refused (not-granted) now
    "#);
}

#[tokio::test]
async fn a_value_less() {
    let world = World::new(Kind::Mock);
    let (_, recording) = world.record(&world.reset(NEW, MUST_CHANGE)).await;
    let found = world.replay_with(&recording, |draft| draft.set("ldap.write.pwdReset", strings(&["FALSE"]))).await;
    let found = found.unwrap();
    let wanted = Use::Write { attribute: "pwdreset".into(), value: UsedValue::Granted("TRUE".into()) };
    assert_eq!(denied(&found), Some(&wanted), "{found:#?}");
    insta::assert_snapshot!(lines(&found), @r#"
    denied: ldap.modify pwdreset: not granted; add: [ldap.write] pwdreset = ["TRUE"]
    outcome-changed: done before, refused (not-granted) now
    "#);
    // Nobody asked for it in another operation, which goes as before.
    let (_, recording) = world.record(&world.reset(NEW, ResetOptions::default())).await;
    assert_eq!(world.replay_with(&recording, |draft| draft.unset("ldap.write.pwdReset")).await.unwrap(), []);
}

#[tokio::test]
async fn without_a_control_without_try_bind_without_as_target() {
    let world = World::new(Kind::Mock);
    let (_, verified) = world.record(&world.verify(OLD)).await;
    let (_, changed) = world.record(&world.change(OLD, NEW)).await;
    let control = Use::Control { oid: "1.3.6.1.4.1.42.2.27.8.5.1".into() };
    for (recording, key, value, wanted) in [
        (&verified, "ldap.allow.controls", strings(&[]), control.clone()),
        (&changed, "ldap.allow.controls", strings(&[]), control),
        (&verified, "ldap.allow.try-bind", Value::from(false), Use::TryBind),
        (&changed, "ldap.allow.as-target", Value::from(false), Use::AsTarget),
    ] {
        let found = world.replay_with(recording, |draft| draft.set(key, value)).await.unwrap();
        assert_eq!(denied(&found), Some(&wanted), "{key}: {found:#?}");
        assert_eq!(names(&found), ["denied", "outcome-changed"], "{key}");
        let added = found.iter().any(|one| matches!(one, Divergence::Denied { add: Some(_), .. }));
        assert!(added, "the line to add is told: {found:#?}");
    }
    assert_eq!(world.replay_with(&changed, |draft| draft.set("ldap.allow.try-bind", false)).await.unwrap(), []);
}

#[tokio::test]
async fn without_the_password_modify_operation() {
    let world = World::new(Kind::OpenLdap);
    let (_, recording) = world.record(&world.reset(NEW, ResetOptions::default())).await;
    let found = world.replay_with(&recording, |draft| draft.set("ldap.allow.set-password", false)).await.unwrap();
    assert_eq!(denied(&found), Some(&Use::SetPassword), "{found:#?}");
}

#[tokio::test]
async fn without_the_password() {
    for (kind, attribute) in [(Kind::Mock, "userpassword"), (Kind::ActiveDirectory, "unicodepwd")] {
        let world = World::new(kind);
        let (_, recording) = world.record(&world.reset(NEW, ResetOptions::default())).await;
        let names = [format!("ldap.write.{}", if kind == Kind::Mock { "userPassword" } else { "unicodePwd" })];
        let found = world.replay_with(&recording, |draft| draft.unset(&names[0])).await.unwrap();
        let wanted = Use::Write { attribute: attribute.into(), value: UsedValue::Password };
        assert_eq!(denied(&found), Some(&wanted), "{found:#?}");
    }
}

#[tokio::test]
async fn more_grants_than_were_recorded_with() {
    let world = World::with(Kind::Mock, |draft| draft.set("ldap.read.attributes", strings(&["pwdReset"])));
    let (report, recording) = world.record(&world.status("alice")).await;
    assert_eq!(report.outcome.word(), "refused");
    let found = world.replay_with(&recording, |draft| {
        draft.set("ldap.read.attributes", strings(&["pwdReset", "pwdChangedTime", "pwdAccountLockedTime"]))
    });
    let found = found.await.unwrap();
    assert_eq!(names(&found), ["allowed", "cannot-be-told", "cannot-be-told", "outcome-changed"], "{found:#?}");
    insta::assert_snapshot!(lines(&found), @r#"
    allowed: ldap.target pwdreset, pwdaccountlockedtime, pwdchangedtime: was denied before
    cannot-be-told: what pwdaccountlockedtime holds: it was not read when the operation was recorded
    cannot-be-told: what pwdchangedtime holds: it was not read when the operation was recorded
    outcome-changed: refused (not-granted) before, done now
    "#);
    // A grant that nobody uses changes nothing.
    let world = World::new(Kind::Mock);
    let (_, recording) = world.record(&world.reset(NEW, MUST_CHANGE)).await;
    let more = world.replay_with(&recording, |draft| {
        draft.set("ldap.read.attributes", strings(&["pwdReset", "pwdChangedTime", "pwdAccountLockedTime", "cn"]))
    });
    assert_eq!(more.await.unwrap(), []);
}

#[tokio::test]
async fn what_was_denied_before_is_no_divergence() {
    let few = |draft: portcullis_tests::harness::Draft| draft.unset("ldap.write.pwdReset");
    let world = World::with(Kind::Mock, few);
    let (report, recording) = world.record(&world.reset(NEW, MUST_CHANGE)).await;
    assert_eq!(report.outcome.fault().unwrap().code.name(), "not-granted");
    assert_eq!(world.replay_with(&recording, few).await.unwrap(), []);
}

#[tokio::test]
async fn lower_limits() {
    let world = World::new(Kind::Mock);
    let (_, mut recording) = world.record(&world.reset(NEW, MUST_CHANGE)).await;
    for (key, value, word) in
        [("limits.memory", Value::from("64 KiB"), "memory"), ("limits.host-calls", 2.into(), "host calls")]
    {
        let found = world.replay_with(&recording, |draft| draft.set(key, value)).await.unwrap();
        let met = found.iter().any(|one| matches!(one, Divergence::LimitMet { reason } if reason.contains(word)));
        assert!(met, "{key}: {found:#?}");
    }
    // The replay waits for nobody; what the directory took then is added up.
    recording.milliseconds = 1_500;
    let found = world.replay_with(&recording, |draft| draft.set("limits.time", "1s")).await.unwrap();
    assert_eq!(names(&found), ["limit-met"], "{found:#?}");
    assert_eq!(world.replay_with(&recording, |draft| draft.set("limits.time", "2s")).await.unwrap(), []);
}

#[tokio::test]
async fn a_setting_that_is_gone() {
    let world = World::new(Kind::OpenLdap);
    let (_, recording) = world.record(&world.status("alice")).await;
    let found = world.replay_with(&recording, |draft| draft.unset("config.lockout")).await.unwrap();
    assert!(names(&found).contains(&"setting-missing"), "{found:#?}");
    // The section is what the plugin imports.
    let found = world.replay_with(&recording, |draft| draft.unset("config")).await.unwrap();
    assert_eq!(names(&found), ["plugin-not-granted"], "{found:#?}");
    insta::assert_snapshot!(lines(&found), @r#"
    plugin-not-granted: the connector would not start: its plugin imports portcullis:writeback/config@0.1.0; add: [config]
    "#);
}

#[tokio::test]
async fn another_plugin() {
    let world = World::new(Kind::Mock);
    let (_, recording) = world.record(&world.reset(NEW, MUST_CHANGE)).await;
    // The same operation by a plugin that does it another way.
    let hostile = test_plugin("hostile").unwrap().display().to_string();
    let with = |behave: &'static str| {
        let hostile = hostile.clone();
        move |draft: portcullis_tests::harness::Draft| {
            draft.set("plugin", hostile).set("config.behave", behave).set("log.level", "info")
        }
    };
    let found = world.replay_with(&recording, with("well")).await.unwrap();
    assert_eq!(found[0].name(), "plugin-changed");
    assert_eq!(found[0].verdict(), Verdict::Same, "that it is another one says nothing about what it does");
    assert!(names(&found).contains(&"another-call") && names(&found).contains(&"call-missing"), "{found:#?}");
    let asked = found.iter().find_map(|one| match one {
        Divergence::AnotherCall { request, .. } => request.as_ref(),
        _ => None,
    });
    let asked = serde_json::to_string(asked.unwrap()).unwrap();
    assert!(asked.contains(r#"{"password":["new","utf-8"]}"#), "the password by its name: {asked}");
    // It writes into an attribute that nobody granted.
    let elsewhere = test_plugin("corpus/the_password_into_description").unwrap().display().to_string();
    let found = world
        .replay_with(&recording, move |draft| draft.set("plugin", elsewhere).set("log.level", "info"))
        .await
        .unwrap();
    let wanted = Use::Write { attribute: "description".into(), value: UsedValue::Password };
    assert_eq!(denied(&found), Some(&wanted), "{found:#?}");
    assert!(!lines(&found).contains("add:"), "no line that gives a password away is suggested: {found:#?}");
    // It ends badly, or does not end.
    let hostile = World::with(Kind::Mock, with("well"));
    let (_, written) = hostile.record(&hostile.reset(NEW, ResetOptions::default())).await;
    let found = hostile.replay_with(&written, with("write-then-panic")).await.unwrap();
    assert_eq!(names(&found), ["plugin-ended", "outcome-changed"], "{found:#?}");
    let found = world.replay_with(&recording, |draft| with("loop")(draft).set("limits.time", "300ms")).await.unwrap();
    assert!(found.iter().any(|one| one.name() == "limit-met"), "{found:#?}");
}

#[tokio::test]
async fn a_pin_of_another_plugin() {
    let world = World::new(Kind::Mock);
    let (_, recording) = world.record(&world.status("alice")).await;
    let found = world.replay_with(&recording, |draft| draft.set("sha256", "0".repeat(64))).await.unwrap();
    assert!(matches!(found.as_slice(), [Divergence::PluginChanged { pinned: true, .. }]), "{found:#?}");
    assert_eq!(found[0].verdict(), Verdict::Diverges);
    let right = recording.plugin.clone();
    assert_eq!(world.replay_with(&recording, |draft| draft.set("sha256", right)).await.unwrap(), []);
}

#[tokio::test]
async fn looking_another_way_whether_it_took_effect() {
    let world = World::new(Kind::Mock);
    let (_, recording) = world.record(&world.reset(NEW, ResetOptions::default())).await;
    let found = world.replay_with(&recording, |draft| {
        draft.set("ldap.confirm.by", "read-back").set("ldap.confirm.attribute", "pwdChangedTime")
    });
    let found = found.await.unwrap();
    assert_eq!(names(&found), ["cannot-be-told"], "{found:#?}");
    assert_eq!(found[0].verdict(), Verdict::CannotBeTold);
}

#[tokio::test]
async fn no_secret_is_read_and_nothing_is_connected() {
    let world = World::new(Kind::OpenLdap);
    let (_, recording) = world.record(&world.reset(NEW, ResetOptions::default())).await;
    // A server that does not exist, a service account whose password is nowhere.
    let nowhere: toml::Table = [("file".to_owned(), Value::from("/nowhere/to-be-found"))].into_iter().collect();
    let found = world.replay_with(&recording, |draft| {
        draft
            .unset("ldap.embedded")
            .set("ldap.urls", strings(&["ldaps://directory.invalid"]))
            .set("ldap.bind-dn", "cn=nobody")
            .set("ldap.bind-password", nowhere)
    });
    assert_eq!(found.await.unwrap(), []);
}

#[tokio::test]
async fn the_same_call_with_another_value() {
    let hostile = test_plugin("hostile").unwrap().display().to_string();
    let with = |behave: &'static str| {
        let hostile = hostile.clone();
        move |draft: portcullis_tests::harness::Draft| {
            draft
                .set("plugin", hostile)
                .set("config.behave", behave)
                .set("log.level", "info")
                .set("ldap.write.pwdReset", strings(&["TRUE", "FALSE"]))
        }
    };
    let world = World::with(Kind::Mock, with("write-granted-value"));
    let (_, recording) = world.record(&world.reset(NEW, ResetOptions::default())).await;
    assert_eq!(world.replay_with(&recording, with("write-granted-value")).await.unwrap(), []);
    // Allowed as well, and named by the same words; what is sent is something else.
    let found = world.replay_with(&recording, with("write-another-value")).await.unwrap();
    let Some(Divergence::AnotherCall { subject, request: Some(request), .. }) = found.first() else {
        panic!("{found:#?}")
    };
    let request = serde_json::to_string(request).unwrap();
    assert!(subject == "replace pwdReset" && request.contains("FALSE"), "{subject} {request}");
    // The host's own value, at another place in the order: a write is answered once.
    let mut twice = recording.clone();
    let write = twice.calls.iter().position(|call| matches!(call.request, Request::Modify { .. })).unwrap();
    twice.calls.remove(write);
    assert!(names(&world.replay_with(&twice, with("write-granted-value")).await.unwrap()).contains(&"another-call"));
}
