//! The sums over the log, and what is concluded from them.

use serde_json::json;

use super::world::{World, done, line, surface};
use crate::audit::report::used::{LogState, MOST_KINDS, Tally};
use crate::audit::report::{Rights, Text};
use crate::audit::show;

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
    assert_eq!(finding.paste[0].as_str(), "attributes = [\"mail\"]");
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
    let (first, second) = (world.findings(), {
        world.logs([ran("aa", "connector-started"), ran("bb", "connector-swapped")]);
        world.findings()
    });
    assert_eq!(first[1].about, second[1].about, "what the finding is about stays when it is seen again");
    assert!(first[1].text.as_str().contains("2 versions of the plugin ran"), "{first:?}");
    world.logs([]);
    world.rights = Rights::Seen { target: "cn=x".into(), besides: vec!["memberOf".into()] };
    assert_eq!(world.codes(), ["service-account-too-mighty"]);
    world.plugin.surface =
        Some(surface(&["ldap calls target", "config calls get", "reveal calls reveal"], &["passwords"]));
    let asked: Vec<&str> = world.codes();
    assert_eq!(asked, ["requested-not-granted", "requested-not-granted", "service-account-too-mighty"]);
}

#[test]
fn what_a_former_plugin_or_file_did_not_use_is_no_evidence() {
    let mut world = World::new(&format!("{LDAP}[ldap.read]\nattributes = [\"cn\"]\n"));
    let here = world.plugin.sha256.clone();
    let ran = |plugin: &str, file: &str| json!({"fact": "connector-swapped", "plugin": plugin, "file": file, "operation": null, "at": "2026-02-03T00:00:00.000Z"});
    let all = |times| done(&["reset-password", "change-password"], times, &json!([]));
    let gaps = |world: &World| world.report().not_told.iter().map(|gap| gap.code).collect::<Vec<_>>();
    // Nobody ran another one.
    world.logs([ran(&here, "f")].into_iter().chain(all(20)).chain([ran(&here, "f")]));
    assert_eq!(world.codes(), ["granted-never-used"]);
    // The plugin, or the file, is another one since: what was done before says nothing.
    for former in [ran("old", "f"), ran(&here, "g")] {
        world.logs([former.clone()].into_iter().chain(all(20)).chain([ran(&here, "f")]));
        assert!(!world.codes().contains(&"granted-never-used"), "{former}");
        assert!(gaps(&world).contains(&"few-operations"), "{:?}", world.report().not_told);
        world.logs([former.clone()].into_iter().chain(all(20)).chain([ran(&here, "f")]).chain(all(10)));
        let findings = world.findings();
        let never = findings.iter().find(|finding| finding.code.name() == "granted-never-used").unwrap();
        let text = never.text.as_str();
        assert!(text.contains("in 20 operations") && text.contains("from 2026-02-03"), "{text}");
    }
    // What the service ran last is not what is there.
    world.logs([ran("old", "f")].into_iter().chain(all(20)));
    assert_eq!(world.codes(), Vec::<&str>::new());
    assert!(gaps(&world).contains(&"another-plugin"), "{:?}", world.report().not_told);
}

#[test]
fn never_is_said_only_where_the_log_tells_every_call() {
    let mut world = World::new(&format!("{LDAP}[ldap.read]\nattributes = [\"cn\"]\n"));
    let told = |world: &World| {
        let report = world.whole();
        (show::text(&report).contains("  never\n"), show::html(&report).contains(">never<"))
    };
    world.logs(done(&["reset-password"], 1, &json!([])));
    assert_eq!(told(&world), (true, true));
    world.log.left_out = 1;
    assert_eq!(told(&world), (false, false));
    let gaps = format!("{:?}", world.report().not_told);
    assert!(gaps.contains("(1 line broken)"), "{gaps}");
}

#[test]
fn what_was_done_on_the_servers_is_told() {
    let mut world = World::new(LDAP);
    assert!(!show::text(&world.whole()).contains("Service account"), "nothing was done");
    world.rights = Rights::Seen { target: "cn=x".into(), besides: Vec::new() };
    let text = show::text(&world.whole());
    let said = "signed in with --live as cn=a and read what it may write on cn=x: nothing that no grant needs; nothing was written";
    assert!(text.contains(said), "{text}");
    assert!(show::html(&world.whole()).contains(said));
    assert_eq!(show::json(&world.whole()).unwrap()["connectors"][0]["service_account"]["state"], "seen");
    // Of hundreds, the ones that matter most are told; all of them are in what it is about.
    let mut besides: Vec<Text> = (0..300).map(|n| format!("attribute{n}").into()).collect();
    besides.push("nTSecurityDescriptor".into());
    world.rights = Rights::Seen { target: "cn=x".into(), besides };
    let finding = world.findings().pop().unwrap();
    assert_eq!((finding.code.name(), finding.about.len()), ("service-account-too-mighty", 301));
    let said = "may write `nTSecurityDescriptor`, `attribute0`";
    assert!(
        finding.text.as_str().contains(said) && finding.text.as_str().contains("and 291 more attributes"),
        "{finding:?}"
    );
}

#[test]
fn what_the_binary_could_call_and_nothing_is_granted_of_is_in_the_table() {
    let mut world = World::new(LDAP);
    let all = [
        "ldap calls target search modify set-password try-bind",
        "reveal calls reveal",
        "log calls log",
        "config calls get",
    ];
    world.plugin.surface = Some(surface(&all, &["passwords"]));
    let told = |world: &World| -> Vec<String> {
        let rows = world.report().grants;
        rows.iter().filter(|row| row.granted.is_none()).map(|row| format!("{} {}", row.section, row.name)).collect()
    };
    let expected = [
        "ldap.search any base",
        "ldap.write any attribute",
        "ldap.allow set-password",
        "ldap.allow try-bind",
        "reveal any password",
        "log lines for the log",
        "config any setting",
    ];
    assert_eq!(told(&world), expected);
    world.text += "[ldap.write]\ncn = [\"a\"]\n[ldap.allow]\ntry-bind = true\n[config]\na = 1\n";
    assert_eq!(
        told(&world),
        ["ldap.search any base", "ldap.allow set-password", "reveal any password", "log lines for the log"]
    );
    // A connector whose plugin is not loaded is said not to run, before what would hold.
    for said in [show::text(&world.whole()), show::html(&world.whole())] {
        assert!(said.contains("As it stands, the host runs nothing of this connector"), "{said}");
    }
    world.plugin.surface = Some(surface(&all[..1], &["passwords"]));
    assert!(!show::text(&world.whole()).contains("runs nothing of this connector"));
}
