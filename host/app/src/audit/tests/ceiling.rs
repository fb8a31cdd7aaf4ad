//! What the ceiling allows, item by item, and what stands above it.

use std::path::Path;

use portcullis_model::{Fault, FaultCode};
use serde_json::{Value, json};

use super::world::World;
use crate::ceiling::Ceiling;

const CEILING: &str = "accounts = [\"*@a.example\"]\noperations = [\"reset-password\"]\n[plugins]\nrequire-signature = false\n\
    require-sha256 = false\n[ldap]\nurls = [\"ldaps://a.example\"]\n[ldap.locate]\nbases = [\"ou=a\"]\n[ldap.read]\nattributes = [\"cn\"]\n\
    [ldap.write]\npwdReset = [\"TRUE\"]\n[config]\nmode = [\"a\"]\n";

const FILE: &str = "operations = [\"reset-password\", \"unlock-account\"]\n[ldap]\nurls = [\"ldaps://a.example\", \"ldaps://b.example\"]\n\
    bind-dn = \"cn=a\"\nbind-password = { env = \"A\" }\n[ldap.locate]\nbase = \"ou=a\"\nfilter = \"(uid={account.login})\"\n\
    exclude = \"(cn=x)\"\n[ldap.read]\nattributes = [\"cn\", \"sn\"]\n[ldap.write]\npwdReset = { values = [\"TRUE\", \"FALSE\"], remove = true }\n\
    [config]\nmode = \"a\"\nother = \"b\"\n[log]\n[reveal]\npasswords = [\"old\"]\n";

fn world() -> World {
    let mut world = World::new(FILE);
    world.ceiling = Ceiling::of_text(CEILING, Path::new("ceiling.toml")).unwrap();
    world
}

#[test]
fn each_item_stands_as_it_is_to_the_ceiling() {
    let rows = serde_json::to_value(world().report().grants).unwrap();
    let told: Vec<String> = rows
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["ceiling"]["state"] == "above")
        .map(|row| {
            let value = row["value"].as_str().map(|value| format!(" = {value}")).unwrap_or_default();
            format!(
                "{} {}{value}: {}",
                row["section"].as_str().unwrap(),
                row["name"].as_str().unwrap(),
                row["ceiling"]["place"]["line"]
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            "operations unlock-account: 2",
            "ldap ldaps://b.example: 7",
            "ldap.read sn: 11",
            "ldap.write pwdReset = \"FALSE\": 13",
            "ldap.write pwdReset = emptied: 13",
            "reveal old: 1",
            "log lines for the log: 1",
            "config other: 14",
        ]
    );
    let allowed = rows.as_array().unwrap().iter().filter(|row| row["ceiling"]["state"] == "allowed").count();
    let granted = rows.as_array().unwrap().iter().filter(|row| !row["granted"].is_null()).count();
    assert_eq!(told.len() + allowed, granted, "no grant without an answer");
}

#[test]
fn each_line_above_the_ceiling_is_an_error_with_both_lines() {
    let world = world();
    let all: Vec<Value> = world.findings().iter().map(|finding| json!(finding)).collect();
    let above: Vec<&Value> = all.iter().filter(|finding| finding["code"] == "wider-than-ceiling").collect();
    assert_eq!(above.len(), world.ceiling.check(&world.file(), &world.plugin.surface.clone().unwrap()).len());
    let read = above.iter().find(|finding| finding["about"][0] == "read").unwrap();
    assert_eq!(
        (&read["severity"], &read["place"]["line"], &read["place"]["column"]),
        (&json!("error"), &json!(13), &json!(21))
    );
    assert!(read["text"].as_str().unwrap().contains("it stands against ceiling.toml:11"), "{read:#}");
    let about: std::collections::BTreeSet<String> = above.iter().map(|finding| finding["about"].to_string()).collect();
    assert_eq!(about.len(), above.len(), "each is told apart: {above:#?}");
    let mut without = world;
    without.ceiling = Ceiling::none();
    assert!(!without.codes().contains(&"wider-than-ceiling"));
}

#[test]
fn a_plugin_that_the_ceiling_does_not_let_be_loaded_is_told() {
    for (code, expected) in
        [(FaultCode::PluginNotSigned, "wider-than-ceiling"), (FaultCode::PluginChanged, "plugin-changed")]
    {
        let mut world = World::new(
            "operations = [\"reset-password\"]\n[ldap]\nurls = [\"ldaps://a\"]\n[ldap.locate]\nbase = \"ou=a\"\nfilter = \"(uid={account.login})\"\n",
        );
        world.plugin.mistrusted = Some(Fault::new(code, "why"));
        assert_eq!(world.codes(), [expected]);
    }
}
