//! The parts of a connector's file that decide whom it answers for.

use portcullis::replay::{self, Verdict};
use toml::Value;

use crate::world::{Kind, World, lines, names};

async fn alices(world: &World) -> portcullis::recording::Recording {
    world.record(&world.status("alice")).await.1
}

#[tokio::test]
async fn accounts_operations_and_the_base() {
    let world = World::new(Kind::Mock);
    let recording = alices(&world).await;
    let mut text = String::new();
    for (key, value) in [
        ("accounts", Value::from(vec!["bob@people.example"])),
        ("operations", Value::from(vec!["reset-password"])),
        ("ldap.locate.base", Value::from("ou=machines,dc=people,dc=example")),
    ] {
        let found = world.replay_with(&recording, |draft| draft.set(key, value)).await.unwrap();
        assert_eq!(names(&found), ["no-longer-answers"], "{key}: {found:#?}");
        assert_eq!(found[0].verdict(), Verdict::Diverges);
        text += &lines(&found);
    }
    insta::assert_snapshot!(text, @r#"
    no-longer-answers: `accounts` would refuse alice@people.example; add: "alice@people.example" to `accounts`
    no-longer-answers: `operations` would refuse account-status; add: "account-status" to `operations`
    no-longer-answers: `base` of [ldap.locate] would refuse uid=alice,ou=people,dc=people,dc=example
    "#);
    let wider = world.replay_with(&recording, |draft| draft.set("ldap.locate.base", "dc=people,dc=example"));
    assert_eq!(wider.await.unwrap(), []);
    let one = |base: &'static str| {
        world.replay_with(&recording, move |draft| draft.set("ldap.locate.base", base).set("ldap.locate.scope", "one"))
    };
    assert_eq!(names(&one("dc=people,dc=example").await.unwrap()), ["no-longer-answers"]);
    assert_eq!(one("ou=people,dc=people,dc=example").await.unwrap(), []);
}

#[tokio::test]
async fn a_filter_is_judged_by_what_was_recorded_and_otherwise_it_cannot_be_told() {
    let world = World::with(Kind::Mock, |draft| {
        draft.set(
            "ldap.read.attributes",
            vec!["uid", "cn", "title", "pwdChangedTime", "pwdAccountLockedTime", "pwdReset"],
        )
    });
    let recording = alices(&world).await;
    for (filter, exclude, verdict) in [
        ("(uid={account.name})", "(title=*)", Verdict::Same),
        ("(uid={account.name})", "(!(uid=*))", Verdict::Same),
        ("(uid={account.name})", "(cn=Alice)", Verdict::Diverges),
        ("(uid={account.name})", "(|(employeeType=administrator)(cn=Alice))", Verdict::Diverges),
        ("(uid={account.name})", "(&(employeeType=administrator)(title=*))", Verdict::Same),
        ("(uid={account.name})", "(memberOf=cn=admins,dc=example)", Verdict::CannotBeTold),
        // Another case: equal for most directories, and not for all.
        ("(uid={account.name})", "(cn=alice)", Verdict::CannotBeTold),
        ("(&(uid={account.name})(title=*))", "(title=*)", Verdict::Diverges),
        ("(&(uid={account.name})(objectClass=person))", "(title=*)", Verdict::CannotBeTold),
        ("(uid={account.login})", "(title=*)", Verdict::CannotBeTold),
    ] {
        let found = world.replay_with(&recording, |draft| {
            draft.set("ldap.locate.filter", filter).set("ldap.locate.exclude", exclude)
        });
        let found = found.await.unwrap();
        let worst = replay::verdict(&found);
        // The draft's own grants are the example's: what this test granted to be read is not used.
        assert_eq!(worst, verdict, "{filter} {exclude}: {found:#?}");
    }
}

#[tokio::test]
async fn an_operation_that_found_no_target() {
    let world = World::new(Kind::Mock);
    for name in ["nobody", "root"] {
        let (_, recording) = world.record(&world.status(name)).await;
        assert_eq!(recording.target, None);
        assert!(!serde_json::to_string(&recording).unwrap().contains("uid=root,"), "whom it may not touch is not told");
        assert_eq!(world.replay(&recording).await, []);
        let found = world.replay_with(&recording, |draft| draft.set("ldap.locate.exclude", "(cn=x)")).await.unwrap();
        assert_eq!(names(&found), ["cannot-be-told"], "{found:#?}");
    }
}
