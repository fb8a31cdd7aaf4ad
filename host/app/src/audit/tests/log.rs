//! The sums over the log, and what is concluded from them.

use serde_json::json;

use super::world::{World, done, line, surface};
use crate::audit::report::Rights;
use crate::audit::report::used::{LogState, MOST_KINDS, Tally};

const LDAP: &str = "operations = [\"reset-password\", \"change-password\"]\n[ldap]\nurls = [\"ldaps://a.example\", \"ldaps://b.example\"]\n\
    bind-dn = \"cn=a\"\nbind-password = { env = \"A\" }\n[ldap.locate]\nbase = \"ou=a\"\nfilter = \"(uid={account.login})\"\nexclude = \"(cn=x)\"\n";

fn used(what: &str) -> serde_json::Value {
    json!([{"grant": "read", "attribute": what}])
}

#[test]
fn never_used_is_said_over_enough_of_each_kind_that_could() {
    let mut world =
        World::new(&format!("{LDAP}[ldap.read]\nattributes = [\"cn\", \"sn\"]\n[ldap.allow]\nas-target = true\n"));
    for (resets, changes, codes) in [
        // Nobody asked for a change; of reading nothing is said.
        (100, 0, vec!["granted-never-used"]),
        (100, 4, vec![]),
        (14, 5, vec![]),
        // Of the kinds that could read there are enough; as-target serves the change alone, of which there are 5.
        (15, 5, vec!["granted-never-used"]),
        (0, 20, vec!["granted-never-used", "granted-never-used"]),
        (20, 20, vec!["granted-never-used", "granted-never-used"]),
    ] {
        let resets = done(&["reset-password"], resets, &used("cn"));
        world.logs(resets.into_iter().chain(done(&["change-password"], changes, &used("cn"))));
        assert_eq!(world.codes(), codes, "{changes} changes");
    }
    let finding = &world.findings()[1];
    assert!(
        finding.text.as_str().contains("in 20 operations that could have (20 change-password), from 2026-01-02"),
        "{finding:?}"
    );

    // Where the log does not tell all, nothing is concluded.
    let omitted = json!({"fact": "omitted", "count": 3});
    let all = done(&["reset-password", "change-password"], 20, &used("cn"));
    world.logs(all.clone().into_iter().chain([omitted]));
    assert_eq!(world.codes(), Vec::<&str>::new());
    world.logs(all);
    world.log.left_out = 1;
    assert_eq!(world.codes(), Vec::<&str>::new());
    world.log.left_out = 0;
    world.log.state = LogState::NotWhole { problems: Vec::new() };
    assert_eq!(world.codes(), Vec::<&str>::new());
}

#[test]
fn a_kind_of_operation_that_nobody_asked_for_is_told() {
    let mut world = World::new(LDAP);
    world.logs(done(&["reset-password"], 20, &json!([])));
    assert_eq!(world.codes(), ["granted-never-used"]);
    let finding = world.findings().remove(1);
    assert_eq!(finding.paste[0].as_str(), "operations = [\"reset-password\"]");
    // A grant that no granted kind of operation could use needs no log.
    let world = World::new(&format!("{}[ldap.allow]\nas-target = true\n", LDAP.replace(", \"change-password\"", "")));
    assert_eq!(world.codes(), ["granted-never-used"]);
}

#[test]
fn operations_that_were_refused_are_no_evidence() {
    let mut world = World::new(&format!("{LDAP}[ldap.read]\nattributes = [\"cn\"]\n"));
    let mut all = done(&["reset-password", "change-password"], 20, &json!([]));
    for line in &mut all {
        if line["fact"] == "ended" {
            line["outcome"] = "refused".into();
        }
    }
    world.logs(all);
    assert_eq!(world.codes(), Vec::<&str>::new());
}

#[test]
fn a_password_in_another_attribute_is_never_suggested() {
    let denied = |wanted: serde_json::Value| json!({"fact": "denied", "capability": "ldap", "call": "modify", "subject": "", "reason": "r", "wanted": wanted});
    let write = |attribute: &str| denied(json!({"grant": "write", "attribute": attribute, "value": "password"}));
    let mut world = World::new(LDAP);
    world.logs([write("description"), write("info;x-a")]);
    assert_eq!(world.codes(), ["password-elsewhere", "password-elsewhere"]);
    // Where a directory keeps passwords it may be a grant that is missing; it is not written down for anybody to paste.
    world.logs([write("userpassword"), denied(json!({"grant": "reveal", "password": "new"}))]);
    assert_eq!(world.codes(), ["denied-not-granted", "denied-not-granted"]);
    assert!(world.findings().iter().skip(1).all(|finding| finding.paste.is_empty()), "{:?}", world.findings());
    // Nor is reading what holds passwords.
    let read = |attribute: &str| denied(json!({"grant": "read", "attribute": attribute}));
    world.logs([read("userpassword;x"), read("ms-mcs-admpwd"), read("a\u{1b}[31m\"]\n[reveal]"), read("mail")]);
    let finding = world.findings().remove(1);
    assert_eq!(finding.paste[1].as_str(), "attributes = [\"mail\"]");
    world.logs([
        denied(json!({"grant": "search", "base": "dc=everything"})),
        denied(json!({"grant": "write", "attribute": "cn", "value": "other"})),
    ]);
    assert!(world.findings().iter().skip(1).all(|finding| finding.paste.is_empty()), "{:?}", world.findings());
}

#[test]
fn what_a_plugin_makes_up_does_not_fill_the_memory() {
    let mut world = World::new(LDAP);
    let denied = |n: usize| {
        json!({"fact": "denied", "capability": "ldap", "call": "target", "subject": "", "reason": "r",
        "wanted": {"grant": "read", "attribute": format!("a{n}")}})
    };
    let asked = |n: usize| json!({"fact": "asked", "kind": "reset-password", "account": "x@a.example", "operation": format!("o{n}")});
    world.logs((0..MOST_KINDS + 500).map(denied).chain((0..30_000).map(asked)));
    assert_eq!((world.used.denied.len(), world.used.untold), (MOST_KINDS, 500));
    assert!(world.report().not_told.iter().any(|gap| gap.code == "calls-omitted"), "{:?}", world.report().not_told);
    assert!(world.findings().iter().all(|finding| finding.text.as_str().len() < 4096));
    let mut tally = Tally::new([("a".to_owned(), Vec::new())].into());
    tally.add(&line(json!({"fact": "asked", "kind": "reset-password", "account": "x", "connector": "b"})));
    assert_eq!(tally.used().len(), 1, "of other connectors nothing is kept");
}

#[test]
fn several_versions_and_rights_are_told() {
    let mut world = World::new(LDAP);
    let ran = |plugin: &str, fact: &str| json!({"fact": fact, "plugin": plugin, "file": "f", "operation": null});
    world.logs([ran("aa", "connector-started"), ran("bb", "connector-swapped"), ran("aa", "connector-started")]);
    assert_eq!(world.codes(), ["several-versions"]);
    world.logs([]);
    world.rights = Rights::Seen { target: "cn=x".into(), besides: vec!["memberOf".into()] };
    assert_eq!(world.codes(), ["service-account-too-mighty"]);
    world.plugin.surface =
        Some(surface(&["ldap calls target", "config calls get", "reveal calls reveal"], &["passwords"]));
    let asked: Vec<&str> = world.codes();
    assert_eq!(asked, ["requested-not-granted", "requested-not-granted", "service-account-too-mighty"]);
}
