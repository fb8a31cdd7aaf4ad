//! Grants that are deliberately too wide, and deliberately too narrow: what was used tells both.

use portcullis_tests::plugins::test_plugin;

use super::{connector, findings, operate, report, row};
use crate::folder::{ALICE, Folder, MOCK};

fn told(all: &[(&str, &[&str])]) -> Vec<(String, Vec<String>)> {
    let mut all: Vec<_> = all
        .iter()
        .map(|(code, about)| ((*code).to_owned(), about.iter().map(|&words| words.to_owned()).collect::<Vec<_>>()))
        .collect();
    all.sort();
    all
}

#[test]
fn too_wide_is_found_with_the_tighter_grant_and_nothing_else_is() {
    let folder = Folder::new().with(&[
        ("\"pwdReset\"]", "\"pwdReset\", \"telephoneNumber\", \"mail\"]"),
        ("pwdReset = [\"TRUE\"]", "pwdReset = [\"TRUE\", \"FALSE\"]\ndescription = { values = [\"x\"], remove = true }"),
        ("try-bind = true", "try-bind = true\nset-password = true"),
        ("controls = [", "controls = [\"1.2.3.4\", "),
        ("exclude = \"(employeeType=administrator)\"\n", ""),
        ("[ldap.confirm]", "[ldap.search]\nbases = [\"ou=people,dc=people,dc=example\"]\n\n[reveal]\npasswords = [\"new\", \"old\"]\n\n[log]\n\n[ldap.confirm]"),
    ]);
    operate(&folder, "mock", 7, |_| 0);
    let (report, code) = report(&folder, &[]);
    let expected = told(&[
        ("granted-never-used", &["[ldap.read] telephoneNumber", "[ldap.read] mail"]),
        ("granted-never-used", &["[ldap.write] pwdReset = \"FALSE\""]),
        ("granted-never-used", &["[ldap.write] description = \"x\"", "[ldap.write] description = emptied"]),
        ("granted-never-used", &["[ldap.allow] control 1.2.3.4"]),
        ("granted-not-requested", &["[ldap.allow] set-password"]),
        ("granted-not-requested", &["[ldap.search] ou=people,dc=people,dc=example"]),
        ("granted-not-requested", &["[reveal] new", "[reveal] old"]),
        ("granted-not-requested", &["[log] lines for the log"]),
        ("reveal-granted", &[]),
        ("write-without-exclude", &[]),
        ("unpinned", &[]),
        ("unsigned", &[]),
    ]);
    assert_eq!(findings(&report, Some("mock")), expected, "{report:#}");
    assert_eq!(code, 23);

    // What is to be pasted is what is needed, and the connector still does its work with it.
    let finding = |about: &str| {
        let all = report["findings"].as_array().unwrap();
        all.iter().find(|finding| finding["about"][0] == about).unwrap_or_else(|| panic!("{about}: {report:#}"))
    };
    let read = "attributes = [\"pwdChangedTime\", \"pwdAccountLockedTime\", \"pwdReset\"]";
    assert_eq!(finding("[ldap.read] telephoneNumber")["paste"][0], read);
    assert_eq!(finding("[ldap.write] pwdReset = \"FALSE\"")["paste"][0], "pwdReset = [\"TRUE\"]");
    let controls = "controls = [\"1.3.6.1.4.1.42.2.27.8.5.1\"]";
    assert_eq!(finding("[ldap.allow] control 1.2.3.4")["paste"][0], controls);
    assert_eq!(finding("[ldap.write] description = \"x\"")["paste"], serde_json::Value::Null, "the line goes");
    let line = folder.read(MOCK).lines().position(|line| line.starts_with("description")).unwrap() + 1;
    assert_eq!(finding("[ldap.write] description = \"x\"")["place"]["line"], line);
    folder.edit(
        MOCK,
        &[
            ("attributes = [\"pwdChangedTime\", \"pwdAccountLockedTime\", \"pwdReset\", \"telephoneNumber\", \"mail\"]", read),
            ("pwdReset = [\"TRUE\", \"FALSE\"]", "pwdReset = [\"TRUE\"]"),
            ("description = { values = [\"x\"], remove = true }\n", ""),
            ("controls = [\"1.2.3.4\", \"1.3.6.1.4.1.42.2.27.8.5.1\"]", controls),
            ("set-password = true\n", ""),
        ],
    );
    operate(&folder, "mock", 1, |_| 0);
}

#[test]
fn too_few_operations_say_nothing_of_what_was_not_used() {
    let folder = Folder::new().with(&[("\"pwdReset\"]", "\"pwdReset\", \"telephoneNumber\"]")]);
    operate(&folder, "mock", 4, |_| 0);
    let (four, _) = report(&folder, &[]);
    let never = |report: &serde_json::Value| {
        findings(report, Some("mock")).into_iter().filter(|(code, _)| code == "granted-never-used").count()
    };
    assert_eq!(never(&four), 0, "{four:#}");
    let gaps = connector(&four, "mock")["not_told"].to_string();
    assert!(gaps.contains("few-operations") && gaps.contains("4 reset-password"), "{gaps}");
    operate(&folder, "mock", 1, |_| 0);
    assert_eq!(never(&report(&folder, &[]).0), 1);
    // Of a time in which nothing happened nothing is said.
    let (none, _) = report(&folder, &["--since", "0s"]);
    assert_eq!(never(&none), 0, "{none:#}");
    assert!(connector(&none, "mock")["not_told"].to_string().contains("no-operations"), "{none:#}");
}

#[test]
fn too_narrow_is_found_by_what_was_denied() {
    let folder = Folder::new().with(&[
        ("attributes = [\"pwdChangedTime\", \"pwdAccountLockedTime\", \"pwdReset\"]", "attributes = [\"pwdReset\"]"),
        ("pwdReset = [\"TRUE\"]\n", ""),
        ("try-bind = true\nas-target = true\n", ""),
    ]);
    assert_eq!(folder.run(&["status", ALICE]).code, 12);
    operate(&folder, "mock", 1, |what| if what == "unlock" { 0 } else { 12 });
    let (report, code) = report(&folder, &[]);
    assert_eq!(code, 23);
    let expected = told(&[
        ("denied-not-granted", &["[ldap.read] pwdaccountlockedtime"]),
        ("denied-not-granted", &["[ldap.write] pwdreset = another value"]),
        ("denied-not-granted", &["[ldap.allow] try-bind"]),
        ("denied-not-granted", &["[ldap.allow] as-target"]),
        ("unpinned", &[]),
        ("unsigned", &[]),
    ]);
    assert_eq!(findings(&report, Some("mock")), expected, "{report:#}");
    let denied = row(connector(&report, "mock"), "ldap.allow", "try-bind");
    assert_eq!((&denied["granted"], &denied["denied"]["count"]), (&serde_json::Value::Null, &1.into()), "{denied:#}");
    let paste = |about: &str| {
        let all = report["findings"].as_array().unwrap();
        all.iter().find(|finding| finding["about"][0] == about).unwrap()["paste"].clone()
    };
    assert_eq!(paste("[ldap.read] pwdaccountlockedtime")[0], "attributes = [\"pwdReset\", \"pwdaccountlockedtime\"]");
    assert_eq!(paste("[ldap.allow] try-bind")[0], "try-bind = true");
    assert_eq!(paste("[ldap.write] pwdreset = another value"), serde_json::Value::Null, "no value is guessed");
}

#[test]
fn what_a_hostile_plugin_tried_is_told_and_no_line_would_let_it() {
    let folder = Folder::new();
    let reset = || folder.run_with(&["reset", ALICE, "--password-stdin"], "a new password\n").code;
    let install = |plugin: &str| std::fs::copy(test_plugin(plugin).unwrap(), folder.path().join("plugins/mock.wasm"));
    install("corpus/the_password_into_description").unwrap();
    assert_eq!(reset(), 12);
    install("hostile").unwrap();
    let settings = "[config]\nbehave = \"write-another-entry\"\ndn = \"uid=bob,ou=people,dc=people,dc=example\"\n\n[log]\n\n[ldap.confirm]";
    folder.edit(MOCK, &[("[ldap.confirm]", settings)]);
    assert_eq!(reset(), 12);
    let (report, code) = report(&folder, &["--fail-on", "error"]);
    assert_eq!(code, 23);
    let told = findings(&report, Some("mock"));
    let codes: Vec<&str> = told.iter().map(|(code, _)| code.as_str()).collect();
    assert!(codes.contains(&"password-elsewhere") && codes.contains(&"denied-outright"), "{report:#}");
    for finding in report["findings"].as_array().unwrap() {
        let paste = finding["paste"].to_string();
        assert!(!paste.contains("description") && !paste.contains("bob"), "{finding:#}");
    }
}

#[test]
fn a_plugin_that_asks_for_more_is_told_before_it_runs() {
    let folder = Folder::new().with(&[("[ldap.locate]", "[ldap.locate]")]);
    std::fs::copy(test_plugin("revealing").unwrap(), folder.path().join("plugins/mock.wasm")).unwrap();
    let (asking, code) = report(&folder, &["--fail-on", "error"]);
    assert_eq!(code, 23);
    let told = findings(&asking, Some("mock"));
    let about = vec!["portcullis:writeback/reveal@0.1.0".to_owned()];
    assert!(told.contains(&("requested-not-granted".to_owned(), about)), "{asking:#}");
    assert!(!asking["findings"].to_string().contains("[reveal]\""), "nothing is suggested: {asking:#}");
    let proved = connector(&asking, "mock")["proved_by_the_binary"].to_string();
    assert!(proved.contains("imports-reveal") && !proved.contains("cannot-read-passwords"), "{proved}");

    std::fs::copy(test_plugin("sockets").unwrap(), folder.path().join("plugins/mock.wasm")).unwrap();
    let (sockets, _) = report(&folder, &["--fail-on", "error"]);
    let proved = connector(&sockets, "mock")["proved_by_the_binary"].to_string();
    assert!(proved.contains("imports-unknown") && !proved.contains("cannot-open-sockets"), "{proved}");
    assert!(findings(&sockets, Some("mock")).iter().any(|(code, about)| {
        code == "requested-not-granted" && about.iter().any(|interface| interface.starts_with("wasi:sockets/"))
    }));
}

/// Who does what the remedy says has a file that can still be used.
#[test]
fn a_section_that_holds_nothing_else_is_taken_away_whole() {
    let folder = Folder::new();
    let before = folder.read(MOCK);
    folder.write(MOCK, format!("{before}\n[log]\nlevel = \"info\"\n"));
    let (found, _) = report(&folder, &[]);
    let all = found["findings"].as_array().unwrap();
    let found = all.iter().find(|finding| finding["code"] == "granted-not-requested").unwrap();
    assert_eq!(found["remedy"], "take the section `[log]` away", "{found:#}");
    let line = usize::try_from(found["place"]["line"].as_u64().unwrap()).unwrap();
    assert_eq!(folder.read(MOCK).lines().nth(line - 1), Some("[log]"));
    folder.write(MOCK, before);
    let (mended, _) = report(&folder, &[]);
    assert!(mended["findings"].as_array().unwrap().iter().all(|finding| finding["code"] != "granted-not-requested"));
}
