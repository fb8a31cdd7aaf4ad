//! `portcullis doctor` without a server: the embedded directory, and what is wrong before there is one.

use crate::folder::{ALICE, ALICES, Folder, MOCK};

#[test]
fn without_a_test_account_nothing_is_written() {
    let folder = Folder::new();
    let before = folder.read("connectors/people.state.ldif");
    let run = folder.run(&["doctor"]);
    assert_eq!((run.code, &*run.stderr), (22, ""), "{run}");
    assert!(run.stdout.contains("no test account is named"), "{run}");
    let run = folder.run(&["doctor", "mock", "--account", ALICE, "--no-reset"]);
    assert_eq!(run.code, 22, "{run}");
    assert_eq!(folder.read("connectors/people.state.ldif"), before);
    assert_eq!(folder.verify(ALICE, ALICES), 0);
}

#[test]
fn a_test_account_gets_another_password_that_nobody_is_told() {
    let folder = Folder::new();
    let run = folder.run(&["doctor", "mock", "--account", ALICE, "--json"]);
    assert_eq!((run.code, &*run.stderr), (22, ""), "{run}");
    let json = run.json();
    assert_eq!(json["result"], "warning");
    let steps = json["connectors"][0]["steps"].as_array().unwrap();
    let results: Vec<_> = steps.iter().map(|step| (step["step"].as_str(), step["result"].as_str())).collect();
    let expected = [
        ("configuration", "warning"),
        ("connectivity", "skipped"),
        ("rights", "skipped"),
        ("test-reset", "ok"),
        ("every-server", "skipped"),
        ("recent-log", "skipped"),
    ];
    assert_eq!(results, expected.map(|(step, result)| (Some(step), Some(result))));
    assert_eq!(folder.verify(ALICE, ALICES), 20, "the old password still works");
}

#[test]
fn a_plugin_that_cannot_be_used_ends_after_the_first_step() {
    let folder = Folder::new();
    folder.write("plugins/mock.wasm", "no component");
    let run = folder.run(&["doctor", "mock", "--account", ALICE]);
    assert_eq!(run.code, 18, "{run}");
    assert!(
        run.stdout.contains("1 configuration   FAILED") && run.stdout.contains("4 test-reset      skipped"),
        "{run}"
    );
    let folder = Folder::new().with(&[(
        "accounts =",
        "sha256 = \"0000000000000000000000000000000000000000000000000000000000000000\"\naccounts =",
    )]);
    let run = folder.run(&["doctor", "--json"]);
    assert_eq!(run.code, 17, "{run}");
    assert_eq!(run.json()["connectors"][0]["steps"][0]["findings"][0]["facts"]["code"], "plugin-changed");
}

#[test]
fn a_secret_that_others_can_read_is_a_warning() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::new();
    let secret = folder.write("connectors/secret", "hunter2");
    let embedded = folder.read(MOCK);
    let (before, rest) = embedded.split_once("[ldap.embedded]").unwrap();
    let (_, after) = rest.split_once("[ldap.locate]").unwrap();
    let servers =
        "[ldap]\nurls = [\"ldaps://127.0.0.1:1\"]\nbind-dn = \"cn=service\"\nbind-password = { file = \"secret\" }\n";
    folder.write(MOCK, format!("{before}{servers}[ldap.locate]{after}"));
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o600)).unwrap();
    let warnings = |run: &crate::run::Run| {
        let findings = run.json()["connectors"][0]["steps"][0]["findings"].as_array().unwrap().clone();
        findings.iter().filter(|f| f["facts"]["code"] == "secret-readable-by-others").count()
    };
    let run = folder.run(&["doctor", "--json", "--log", "error"]);
    assert_eq!((run.code, warnings(&run)), (13, 0), "{run}");
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o644)).unwrap();
    let run = folder.run(&["doctor", "--json", "--log", "error"]);
    assert_eq!((run.code, warnings(&run)), (13, 1), "{run}");
    assert!(!run.stdout.contains("hunter2") && !run.stderr.contains("hunter2"), "{run}");
}

#[test]
fn an_account_belongs_to_one_connector() {
    let folder = Folder::new();
    assert_eq!(folder.run(&["doctor", "--account", ALICE]).code, 2);
    assert_eq!(folder.run(&["doctor", "mock", "--wait", "soon"]).code, 2);
    assert_eq!(folder.run(&["doctor", "nobody"]).code, 2);
    assert_eq!(folder.verify(ALICE, ALICES), 0);
}
