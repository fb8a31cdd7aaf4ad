//! Accounts that are none, not exactly one, or nobody's to touch.

use crate::folder::{ALICE, ALICES, Folder, MOCK};

fn reset(account: &str) -> [&str; 3] {
    ["reset", account, "--password-stdin"]
}

const NEW: &str = "A-New-Passw0rd";

#[test]
fn names_that_no_account_has() {
    let folder = Folder::new();
    for (name, account, fault) in [
        ("empty", "", "account-unusable"),
        ("overlong", &format!("{}@people.example", "a".repeat(300)), "account-unusable"),
        ("line_break", "alice\n@people.example", "account-unusable"),
        ("escape_sequence", "\u{1b}[2Jalice@people.example", "account-unusable"),
        ("unknown", "nobody@people.example", "no-such-account"),
        ("filter", "*)(uid=*@people.example", "no-such-account"),
        ("any_account", "*@people.example", "no-such-account"),
        ("dn", "uid=alice,ou=people,dc=people,dc=example@people.example", "no-such-account"),
        ("elsewhere", "alice@elsewhere.example", "no-connector"),
        ("filter_without_domain", "*)(uid=*", "no-connector"),
    ] {
        let run = folder.refuses(&reset(account), NEW);
        assert_eq!((run.code, &*run.fault(), &*run.stdout), (11, fault, ""), "{run}");
        assert!(!run.stderr.contains('\u{1b}'), "{run}");
        run.reads(&format!("account_{name}"));
        let run = folder.refuses(&["--json", "reset", account, "--password-stdin"], NEW);
        assert_eq!((run.code, &*run.fault()), (11, fault), "{run}");
    }
}

#[test]
fn an_excluded_account_looks_to_the_caller_like_none() {
    let folder = Folder::new();
    let run = folder.refuses(&reset("root@people.example"), NEW);
    assert_eq!((run.code, &*run.fault()), (11, "account-excluded"), "{run}");
    run.reads("account_excluded");
    let unknown = folder.refuses(&reset("nobody@people.example"), NEW);
    assert_eq!(run.stderr.lines().next(), unknown.stderr.lines().next());
    let text = |account| {
        folder.refuses(&["reset", account, "--password-stdin", "--json"], NEW).json()["fault"]["text"].clone()
    };
    assert_eq!(text("root@people.example"), text("nobody@people.example"));
    for command in ["status", "unlock", "verify", "change"] {
        let arguments = match command {
            "verify" | "change" => vec![command, "root@people.example", "--password-stdin"],
            _ => vec![command, "root@people.example"],
        };
        let input = if command == "change" { "never to be touched\nA-New-Passw0rd" } else { "never to be touched" };
        let run = folder.refuses(&arguments, input);
        assert_eq!((run.code, &*run.fault()), (11, "account-excluded"), "{run}");
    }
}

#[test]
fn two_entries_for_one_name() {
    let folder = Folder::new();
    let twin =
        "\ndn: cn=twin,ou=people,dc=people,dc=example\nobjectClass: inetOrgPerson\ncn: twin\nuid: bob\nsn: Twin\n";
    folder.write("connectors/people.state.ldif", folder.read("connectors/people.state.ldif") + twin);
    let run = folder.refuses(&reset("bob@people.example"), NEW);
    assert_eq!((run.code, &*run.fault()), (11, "account-ambiguous"), "{run}");
    run.reads("account_ambiguous");
}

#[test]
fn two_connectors_for_one_account() {
    let folder = Folder::new();
    let other = folder.read(MOCK);
    folder.write("connectors/second.toml", &other);
    let run = folder.run_with(&reset(ALICE), NEW);
    assert_eq!((run.code, &*run.fault()), (17, "connector-ambiguous"), "{run}");
    run.reads("connector_ambiguous");
    let run = folder.run_with(&["verify", ALICE, "--password-stdin", "--connector", "second"], ALICES);
    assert_eq!(run.code, 0, "named: {run}");
}

#[test]
fn a_connector_by_a_name_that_none_has() {
    let folder = Folder::new();
    let run = folder.refuses(&["reset", ALICE, "--password-stdin", "--connector", "mokc"], NEW);
    assert_eq!((run.code, &*run.fault()), (2, "unknown-connector"), "{run}");
    run.reads("connector_unknown");
    let run = folder.refuses(&["check", "mokc"], "");
    assert_eq!((run.code, &*run.fault()), (2, "unknown-connector"), "{run}");
    let run = folder.refuses(&["reset", "alice@elsewhere.example", "--password-stdin", "--connector", "mock"], NEW);
    assert_eq!((run.code, &*run.fault()), (11, "no-connector"), "{run}");
    run.reads("connector_answers_for_others");
}

#[test]
fn an_operation_that_was_not_granted() {
    let folder = Folder::new().with(&[("operations = [", "operations = [\"verify-password\"] # [")]);
    for (arguments, input) in [
        (vec!["reset", ALICE, "--password-stdin"], NEW.to_owned()),
        (vec!["change", ALICE, "--password-stdin"], format!("{ALICES}\n{NEW}\n")),
        (vec!["unlock", ALICE], String::new()),
        (vec!["status", ALICE], String::new()),
    ] {
        let run = folder.refuses(&arguments, &input);
        assert_eq!((run.code, &*run.fault()), (12, "operation-not-granted"), "{run}");
        if arguments[0] == "reset" {
            run.reads("operation_not_granted");
        }
    }
}

#[test]
fn a_write_that_was_not_granted() {
    let folder = Folder::new().with(&[("pwdReset = [\"TRUE\"]\n", ""), ("as-target = true", "as-target = false")]);
    let run = folder.refuses(&["reset", ALICE, "--password-stdin", "--must-change", "--trace"], NEW);
    assert_eq!((run.code, &*run.fault()), (12, "not-granted"), "{run}");
    run.reads("write_not_granted");
    let run = folder.refuses(&["change", ALICE, "--password-stdin"], &format!("{ALICES}\n{NEW}\n"));
    assert_eq!((run.code, &*run.fault()), (12, "not-granted"), "{run}");
    assert_eq!(folder.run_with(&reset(ALICE), NEW).code, 0, "what is granted works");
}
