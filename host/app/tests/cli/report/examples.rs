//! The connectors of `examples/connectors-toml`, against lists that were written down by hand.

use std::fs;

use portcullis_tests::plugins::root;
use serde_json::Value;

use super::{connector, findings, operate, report};
use crate::folder::{Folder, with};

/// What the binaries call, as a person reads it in `portcullis inspect`.
const AD: [&str; 5] = ["config.get", "ldap.modify", "ldap.root-dse", "ldap.target", "ldap.try-bind"];
const OPENLDAP: [&str; 6] =
    ["config.get", "ldap.modify", "ldap.root-dse", "ldap.set-password", "ldap.target", "ldap.try-bind"];
const MOCK: [&str; 4] = ["ldap.modify", "ldap.root-dse", "ldap.target", "ldap.try-bind"];

const KINDS: [&str; 5] = ["reset-password", "change-password", "unlock-account", "verify-password", "account-status"];

/// What is found in each example, and why a careful person wants to see it. Nothing else may be found: a report that
/// finds fault with what the project itself shows is not believed.
const FOUND: [(&str, &[(&str, &str)]); 4] = [
    ("389ds", &THEIRS_TO_DECIDE),
    ("active-directory", &THEIRS_TO_DECIDE),
    ("mock", &THEIRS_TO_DECIDE),
    ("openldap", &THEIRS_TO_DECIDE),
];

const THEIRS_TO_DECIDE: [(&str, &str); 2] = [
    ("unpinned", "which bytes were reviewed no example can know; the finding has the line with those that are there"),
    ("unsigned", "whom to trust is for the security team to say, and the example of a ceiling names nobody"),
];

/// Found in no connector: an example of a ceiling is shipped beside them, and is not in force until somebody says so.
const FOUND_IN_ALL: [&str; 1] = ["no-ceiling"];

/// The names of all that is shipped.
fn names() -> Vec<String> {
    let all = fs::read_dir(root().join("examples/connectors-toml")).unwrap().map(|entry| entry.unwrap().path());
    let files = all.filter(|path| path.extension().is_some_and(|end| end == "toml"));
    let mut names: Vec<String> = files.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    names.sort();
    names
}

/// The connectors with their plugins, in one folder.
fn examples() -> Folder {
    let folder = Folder::empty();
    // A log that nothing happened in: that there is none would be told.
    portcullis_audit::AuditLog::open(&folder.path().join("kept")).unwrap().close();
    for name in names() {
        let text = fs::read_to_string(root().join(format!("examples/connectors-toml/{name}.toml"))).unwrap();
        folder.write(&format!("connectors/{name}.toml"), text);
    }
    for name in ["active-directory", "openldap", "mock"] {
        folder.plugin(name);
    }
    folder.edit("connectors/mock.toml", &[("# state =", "state =")]);
    let people = fs::read_to_string(root().join("examples/connectors-toml/people.ldif")).unwrap();
    folder.write("connectors/people.ldif", people);
    for ca in ["corp-ca.pem", "people-ca.pem"] {
        folder.write(&format!("connectors/{ca}"), "-----BEGIN CERTIFICATE-----\n");
    }
    folder
}

/// The rows as `section name = value`, with what is requested.
fn rows(connector: &Value) -> Vec<(String, String)> {
    let told = |row: &Value| {
        let value = row["value"].as_str().map(|value| format!(" = {value}")).unwrap_or_default();
        let functions = row["requested"]["functions"].as_array().into_iter().flatten();
        let functions: Vec<&str> = functions.map(|function| function.as_str().unwrap()).collect();
        let requested = match row["requested"]["state"].as_str().unwrap() {
            "calls" => functions.join(" "),
            "exports" => format!("exports {}", row["requested"]["interface"].as_str().unwrap()),
            other => other.to_owned(),
        };
        let name = row["name"].as_str().unwrap();
        (format!("{} {name}{value}", row["section"].as_str().unwrap()), requested)
    };
    connector["grants"].as_array().unwrap().iter().map(told).collect()
}

/// The list as it must be: `calls` is what the binary calls.
fn expected(calls: &[&str], accounts: &str, servers: &[&str], grants: &[&str]) -> Vec<(String, String)> {
    let of = |some: &[&str]| {
        let has: Vec<&str> = some.iter().filter(|call| calls.contains(call)).copied().collect();
        if has.is_empty() { "no".to_owned() } else { has.join(" ") }
    };
    let exports = |kind: &&str| match *kind {
        "unlock-account" | "account-status" => "exports accounts",
        _ => "exports passwords",
    };
    let mut all: Vec<(String, String)> =
        KINDS.iter().map(|kind| (format!("operations {kind}"), exports(kind).to_owned())).collect();
    all.push((format!("accounts {accounts}"), "by-host".into()));
    all.extend(servers.iter().map(|server| (format!("ldap {server}"), "by-host".to_owned())));
    for grant in grants {
        let requested = match grant.split(' ').next().unwrap() {
            "ldap.read" => of(&["ldap.target", "ldap.search"]),
            "ldap.write" => of(&["ldap.modify"]),
            "config" => of(&["config.get"]),
            _ if grant.ends_with("try-bind") => of(&["ldap.try-bind"]),
            _ if grant.ends_with("set-password") => of(&["ldap.set-password"]),
            _ if grant.ends_with("as-target") => of(&["ldap.modify", "ldap.set-password"]),
            _ => of(&["ldap.modify", "ldap.set-password", "ldap.try-bind"]),
        };
        all.push(((*grant).to_owned(), requested));
    }
    all
}

#[test]
fn each_item_of_the_examples_is_told_as_it_is() {
    let (report, code) = report(&examples(), &[]);
    assert_eq!(code, 23);
    let ad = expected(
        &AD,
        "*@corp.example",
        &["ldaps://dc1.corp.example", "ldaps://dc2.corp.example"],
        &[
            "ldap.read sAMAccountName",
            "ldap.read pwdLastSet",
            "ldap.read userAccountControl",
            "ldap.read lockoutTime",
            "ldap.read msDS-User-Account-Control-Computed",
            "ldap.read msDS-UserPasswordExpiryTimeComputed",
            "ldap.read accountExpires",
            "ldap.write lockoutTime = \"0\"",
            "ldap.write pwdLastSet = \"0\"",
            "ldap.write unicodePwd = the password in hand",
            "ldap.allow control 1.2.840.113556.1.4.2239",
            "ldap.allow control 1.2.840.113556.1.4.2066",
            "ldap.allow try-bind",
            "config history",
        ],
    );
    assert_eq!(rows(connector(&report, "active-directory")), ad);
    let read = ["ldap.read pwdChangedTime", "ldap.read pwdAccountLockedTime", "ldap.read pwdReset"];
    let control = "ldap.allow control 1.3.6.1.4.1.42.2.27.8.5.1";
    let writes = ["ldap.write pwdAccountLockedTime = emptied", "ldap.write pwdReset = \"TRUE\""];
    let openldap = [
        &read[..],
        &writes,
        &[control, "ldap.allow set-password", "ldap.allow try-bind", "ldap.allow as-target"],
        &["config lockout", "config variant"],
    ];
    let openldap = expected(&OPENLDAP, "*@people.example", &["ldap://ldap.people.example"], &openldap.concat());
    assert_eq!(rows(connector(&report, "openldap")), openldap);
    let mock = [
        &read[..],
        &writes,
        &["ldap.write userPassword = the password in hand", control, "ldap.allow try-bind", "ldap.allow as-target"],
    ];
    let mock = expected(&MOCK, "*@people.example", &["the directory in the host's memory"], &mock.concat());
    assert_eq!(rows(connector(&report, "mock")), mock);
}

#[test]
fn the_examples_have_the_findings_that_a_careful_person_wants_and_no_others() {
    assert_eq!(names(), FOUND.map(|(name, _)| name), "each example is looked at");
    let folder = examples();
    let codes = |report: &Value, connector: Option<&str>| -> Vec<String> {
        findings(report, connector).into_iter().map(|(code, _)| code).collect()
    };
    let (without, _) = report(&folder, &[]);
    folder.write("ceiling.toml", fs::read_to_string(root().join("examples/ceiling.toml")).unwrap());
    let (with_ceiling, code) = report(&folder, &["--fail-on", "error"]);
    assert_eq!(code, 0, "{with_ceiling:#}");
    for (name, found) in FOUND {
        let found: Vec<&str> = found.iter().map(|(code, _)| *code).collect();
        assert_eq!(codes(&without, Some(name)), found, "{name}");
        assert_eq!(codes(&with_ceiling, Some(name)), found, "{name}, below the example of a ceiling");
    }
    assert_eq!(codes(&without, None), FOUND_IN_ALL);
    assert_eq!(codes(&with_ceiling, None), Vec::<String>::new());
}

#[test]
fn what_the_binaries_prove_is_what_they_import() {
    let (report, _) = report(&examples(), &[]);
    let codes = |name: &str, tier: &str| -> Vec<String> {
        let all = connector(&report, name)[tier].as_array().unwrap().iter();
        all.map(|one| one["code"].as_str().unwrap().to_owned()).collect()
    };
    let common = ["exports-only", "cannot-read-passwords", "cannot-open-sockets", "cannot-open-files", "no-wasi"];
    let proved =
        |more: &[&str]| -> Vec<String> { [&common[..], more].concat().iter().map(|&c| c.to_owned()).collect() };
    let tier = "proved_by_the_binary";
    assert_eq!(codes("active-directory", tier), proved(&["cannot-set-password", "cannot-search", "cannot-log"]));
    assert_eq!(codes("openldap", tier), proved(&["cannot-search", "cannot-log"]));
    let mock = ["cannot-set-password", "cannot-search", "cannot-log", "cannot-read-settings"];
    assert_eq!(codes("mock", tier), proved(&mock));
    // What the operator's file says is in the second tier alone.
    let enforced = codes("mock", "enforced_at_run_time");
    for code in ["only-operations", "only-target", "excluded", "only-reads", "only-writes", "no-other-writes"] {
        assert!(enforced.contains(&code.to_owned()), "{enforced:?}");
    }
    assert!(enforced.iter().all(|code| !proved(&mock).contains(code)), "{enforced:?}");
}

#[test]
fn the_example_of_a_ceiling_allows_all_of_it() {
    let folder = examples();
    folder.write("ceiling.toml", fs::read_to_string(root().join("examples/ceiling.toml")).unwrap());
    let (report, _) = report(&folder, &[]);
    assert_eq!(findings(&report, None), []);
    assert_eq!(report["ceiling"]["sha256"].as_str().unwrap().len(), 64);
    for name in &names() {
        assert!(findings(&report, Some(name)).iter().all(|(code, _)| code != "wider-than-ceiling"), "{report:#}");
        let rows = connector(&report, name)["grants"].as_array().unwrap();
        let allowed =
            |row: &Value| row["ceiling"]["state"] == if row["granted"].is_null() { "not-granted" } else { "allowed" };
        assert!(rows.iter().all(allowed), "{rows:#?}");
    }
    let lower = fs::read_to_string(root().join("examples/ceiling.toml")).unwrap();
    folder.write("ceiling.toml", with(&lower, &[("pwdReset = [\"TRUE\"]\n", "")]));
    let (report, code) = super::report(&folder, &["mock", "--fail-on", "error"]);
    assert_eq!(code, 23);
    let row = super::row(connector(&report, "mock"), "ldap.write", "pwdReset");
    assert_eq!(row["ceiling"]["state"], "above", "{row:#}");
}

#[test]
fn what_was_used_is_counted() {
    let folder = Folder::new();
    operate(&folder, "mock", 2, |_| 0);
    let (report, _) = report(&folder, &["mock"]);
    let mock = connector(&report, "mock");
    let used =
        |section: &str, name: &str| super::row(mock, section, name)["used"]["count"].as_u64().unwrap_or_default();
    // One status made the state of the folder, besides two of each kind.
    for (section, name, count) in [
        ("operations", "reset-password", 2),
        ("operations", "account-status", 3),
        ("accounts", "*@people.example", 11),
        ("ldap.read", "pwdChangedTime", 3),
        ("ldap.write", "userPassword", 4),
        ("ldap.write", "pwdReset", 2),
        ("ldap.write", "pwdAccountLockedTime", 2),
        ("ldap.allow", "try-bind", 2),
        ("ldap.allow", "as-target", 2),
    ] {
        assert_eq!(used(section, name), count, "[{section}] {name} in {mock:#}");
    }
    assert!(used("ldap", "the directory in the host's memory") >= 11, "{mock:#}");
    assert_eq!(mock["used_over"]["operations"], 11);
    assert_eq!(report["log"]["state"], "whole");
}

#[test]
fn people_read_it() {
    let folder = examples();
    folder.run(&["audit", "mock", "--fail-on", "note"]).reads("audit_report");
}
