//! What can be pasted is a connector's file again, and grants what it should.

use proptest::prelude::*;
use serde_json::json;

use super::world::{World, done};
use crate::audit::report::granted;

const HEAD: &str = "operations = [\"reset-password\"]\n[ldap]\nurls = [\"ldaps://a.example\"]\nbind-dn = \"cn=a\"\nbind-password = { env = \"A\" }\n\
    [ldap.locate]\nbase = \"ou=a\"\nfilter = \"(uid={account.login})\"\nexclude = \"(cn=x)\"\n";

/// Values as operators write them, and worse.
fn value() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z]{1,4}", Just("\\\"]\n[reveal]\npasswords = [\"new\"]".to_owned()), "[\"\\\\\\n\\t{}é']{1,4}"]
}

proptest! {
    #[test]
    fn the_tighter_grant_holds_what_was_used_and_nothing_else(
        values in proptest::collection::btree_set(value(), 1..5),
        kept in proptest::collection::vec(any::<bool>(), 5),
        option in prop_oneof![Just("cn"), Just("cn;x-a")],
    ) {
        let values: Vec<String> = values.into_iter().collect();
        let list = values.iter().map(|value| toml::Value::String(value.clone()).to_string()).collect::<Vec<_>>().join(", ");
        let mut world = World::new(&format!("{HEAD}[ldap.write]\n\"{option}\" = [{list}]\n"));
        let used: Vec<&String> = values.iter().zip(&kept).filter(|(_, kept)| **kept).map(|(value, _)| value).collect();
        let uses: Vec<_> = used.iter().map(|value| json!({"grant": "write", "attribute": option, "value": {"granted": value}})).collect();
        world.logs(done(&["reset-password"], 20, &json!(uses)));
        let findings = world.findings();
        let finding = findings.iter().find(|finding| finding.code.name() == "granted-never-used");
        prop_assert_eq!(finding.is_some(), used.len() < values.len());
        let Some(finding) = finding else { return Ok(()) };
        prop_assert_eq!(finding.paste.is_empty(), used.is_empty());
        let lines: Vec<&str> = finding.paste.iter().map(|line| line.as_str()).collect();
        world.text = format!("plugin = \"a.wasm\"\naccounts = [\"*@a.example\"]\n{HEAD}[ldap.write]\n{}\n", lines.join("\n"));
        let written: Vec<String> = granted(&world.file()).iter().filter_map(|granted| granted.item.value()).collect();
        let expected: Vec<String> = used.iter().map(|value| format!("\"{value}\"")).collect();
        prop_assert_eq!(written, expected);
    }
}

/// What a plugin empties and may not: the values that are granted stay.
#[test]
fn what_may_be_emptied_besides_keeps_its_values() {
    let denied = json!({"fact": "denied", "capability": "ldap", "call": "modify", "subject": "", "reason": "r",
        "wanted": {"grant": "write", "attribute": "cn", "value": "removed"}});
    for (granted, paste) in [
        ("", Some("cn = \"remove\"")),
        ("[ldap.write]\nCN = [\"a\"]\n", Some("CN = { values = [\"a\"], remove = true }")),
        ("[ldap.write]\ncn = \"password\"\n", None),
    ] {
        let mut world = World::new(&format!("{HEAD}{granted}"));
        world.logs([denied.clone()]);
        let findings = world.findings();
        let finding = findings.iter().find(|finding| finding.code.name() == "denied-not-granted").unwrap();
        assert_eq!(finding.paste.first().map(|line| line.as_str()), paste, "{finding:?}");
        let remedy = finding.remedy.as_str();
        assert_eq!(remedy.contains("in the place of `CN`"), granted.contains("CN"), "{remedy}");
        assert!(finding.text.as_str().contains("(once, "), "{finding:?}");
    }
}
