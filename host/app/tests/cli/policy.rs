//! What the directory's password policy refuses, and passwords that are none.

use crate::folder::{ALICE, ALICES, Folder};

const NEW: &str = "A-New-Passw0rd";

fn change(old: &str, new: &str) -> String {
    format!("{old}\n{new}\n")
}

#[test]
fn passwords_that_are_none() {
    let folder = Folder::new();
    let long = "x".repeat(10_240);
    for (name, input, code, fault) in [
        ("empty_input", &b""[..], 10, "password-unusable"),
        ("empty_line", b"\n", 10, "password-unusable"),
        ("overlong", long.as_bytes(), 10, "password-unusable"),
        ("nul", b"A-New-Pass\0w0rd\n", 10, "password-unusable"),
        ("line_break", b"A-New-\nPassw0rd\n", 10, "password-unusable"),
        ("carriage_return", b"A-New-\rPassw0rd\n", 10, "password-unusable"),
        ("not_text", b"A-New-\xff\xfePassw0rd\n", 10, "password-unusable"),
    ] {
        let run = folder.unchanged(|| folder.command(&["reset", ALICE, "--password-stdin"]).run_bytes(input));
        assert_eq!((run.code, &*run.fault(), &*run.stdout), (code, fault, ""), "{run}");
        run.reads(&format!("password_{name}"));
        let json =
            folder.unchanged(|| folder.command(&["reset", ALICE, "--password-stdin", "--json"]).run_bytes(input));
        assert_eq!((json.code, &*json.fault()), (code, fault), "{json}");
    }
}

#[test]
fn one_password_where_two_are_needed() {
    let folder = Folder::new();
    let run = folder.refuses(&["change", ALICE, "--password-stdin"], ALICES);
    assert_eq!((run.code, &*run.fault()), (2, "password-missing"), "{run}");
    run.reads("password_one_of_two");
    let run = folder.refuses(&["change", ALICE, "--password-stdin"], "one one\ntwo two\nthree three\n");
    assert_eq!((run.code, &*run.fault()), (10, "password-unusable"), "{run}");
}

#[test]
fn nobody_to_ask() {
    let folder = Folder::new();
    for command in ["reset", "change", "verify"] {
        let run = folder.refuses(&[command, ALICE], NEW);
        assert_eq!((run.code, &*run.fault(), &*run.stdout), (2, "password-missing", ""), "{run}");
        if command == "reset" {
            run.reads("password_nobody_to_ask");
        }
    }
}

#[test]
fn a_password_as_an_argument_is_refused_and_not_repeated() {
    let folder = Folder::new();
    for (name, arguments) in [
        ("argument", vec!["reset", ALICE, "hunter2-Secret"]),
        ("option", vec!["reset", ALICE, "--password", "hunter2-Secret"]),
        ("option_with_value", vec!["verify", ALICE, "--password=hunter2-Secret"]),
        ("flag_with_value", vec!["reset", ALICE, "--password-stdin=hunter2-Secret"]),
        ("like_a_flag", vec!["reset", ALICE, "-Hunter2-Secret"]),
        ("like_an_option", vec!["reset", ALICE, "--hunter2-Secret"]),
        ("two", vec!["change", ALICE, "correct horse battery", "hunter2-Secret"]),
        ("json", vec!["reset", "--json", ALICE, "hunter2-Secret"]),
    ] {
        let run = folder.refuses(&arguments, "");
        assert_eq!((run.code, &*run.stdout), (2, ""), "{run}");
        assert!(!run.stderr.to_lowercase().contains("unter2") && !run.stderr.contains("horse"), "{run}");
        // Not the command line itself, which holds it.
        let shown = crate::run::Run { shown: format!("portcullis ... ({name})"), ..run };
        shown.reads(&format!("usage_{name}"));
    }
    let run = folder.refuses(&["reset", ALICE, "--generate", "--password-stdin"], NEW);
    assert_eq!((run.code, &*run.stdout), (2, ""), "{run}");
    let run = folder.refuses(&["reste", ALICE], "");
    assert_eq!((run.code, &*run.stdout), (2, ""), "{run}");
}

#[test]
fn too_short_for_the_directory() {
    let folder = Folder::new();
    let run = folder.refuses(&["reset", ALICE, "--password-stdin", "--trace"], "Sh0rt!");
    assert_eq!((run.code, &*run.fault(), &*run.stdout), (10, "password-too-short", ""), "{run}");
    run.reads("policy_too_short");
    let run = folder.refuses(&["change", ALICE, "--password-stdin", "--json"], &change(ALICES, "Sh0rt!"));
    assert_eq!((run.code, &*run.fault()), (10, "password-too-short"), "{run}");
    run.reads("policy_too_short_json");
}

#[test]
fn used_before() {
    let folder = Folder::new();
    let run = folder.refuses(&["change", ALICE, "--password-stdin"], &change(ALICES, ALICES));
    assert_eq!((run.code, &*run.fault()), (10, "password-in-history"), "{run}");
    run.reads("policy_in_history");
    assert_eq!(folder.run_with(&["change", ALICE, "--password-stdin"], &change(ALICES, NEW)).code, 0);
    let run = folder.run_with(&["change", ALICE, "--password-stdin"], &change(NEW, ALICES));
    assert_eq!((run.code, &*run.fault()), (10, "password-in-history"), "{run}");
    assert_eq!(folder.verify(ALICE, NEW), 0);
}

#[test]
fn changed_a_moment_ago() {
    let folder = Folder::new();
    assert_eq!(folder.run_with(&["change", ALICE, "--password-stdin"], &change(ALICES, NEW)).code, 0);
    let folder = folder.with(&[("min-age = \"0s\"", "min-age = \"1h\"")]);
    let run = folder.run_with(&["change", ALICE, "--password-stdin"], &change(NEW, "A-Newer-Passw0rd"));
    assert_eq!((run.code, &*run.fault()), (10, "password-too-young"), "{run}");
    run.reads("policy_too_young");
    assert_eq!((folder.verify(ALICE, NEW), folder.verify(ALICE, "A-Newer-Passw0rd")), (0, 20));
    let run = folder.run_with(&["reset", ALICE, "--password-stdin"], "A-Newer-Passw0rd");
    assert_eq!(run.code, 0, "a reset does not wait: {run}");
}

#[test]
fn the_old_password_is_wrong() {
    let folder = Folder::new();
    let run = folder.run_with(&["change", ALICE, "--password-stdin"], &change("not the password", NEW));
    assert_eq!((run.code, &*run.fault(), &*run.stdout), (16, "wrong-password", ""), "{run}");
    run.reads("policy_wrong_password");
    assert_eq!((folder.verify(ALICE, ALICES), folder.verify(ALICE, NEW)), (0, 20));
}

#[test]
fn too_many_wrong_passwords() {
    let folder = Folder::new();
    for _ in 0..5 {
        assert_eq!(folder.verify(ALICE, "not the password"), 20);
    }
    let run = folder.run_with(&["change", ALICE, "--password-stdin"], &change(ALICES, NEW));
    assert_eq!((run.code, &*run.fault()), (16, "account-locked"), "{run}");
    run.reads("policy_locked");
    assert_eq!(folder.run(&["unlock", ALICE]).code, 0);
    assert_eq!((folder.verify(ALICE, ALICES), folder.verify(ALICE, NEW)), (0, 20));
}
