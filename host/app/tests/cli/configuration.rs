//! Connectors' files, folders, seeds and states that cannot be used: where, why, and what to write instead.

use crate::folder::{ALICE, ALICES, Folder, MOCK, with};

const RESET: [&str; 3] = ["reset", ALICE, "--password-stdin"];

#[test]
fn a_file_that_cannot_be_read() {
    let folder = Folder::new();
    let good = folder.read(MOCK);
    for (name, problem, old, new) in [
        ("syntax", "syntax", "dialect = \"plain\"", "dialect = plain"),
        ("unclosed", "syntax", "plugin = \"mock.wasm\"", "plugin = \"mock.wasm"),
        ("unknown_key", "unknown-key", "plugin = ", "plugni = "),
        ("unknown_section", "unknown-key", "[ldap.allow]", "[ldap.alow]"),
        ("wrong_type", "wrong-type", "min-length = 8", "min-length = \"8\""),
        ("not_a_duration", "bad-duration", "min-age = \"0s\"", "min-age = \"soon\""),
        ("plugin_missing", "plugin-missing", "mock.wasm", "mokc.wasm"),
    ] {
        let broken = with(&good, &[(old, new)]);
        let run = folder.refuses_while(MOCK, &broken, &RESET);
        assert_eq!((run.code, &*run.stdout), (17, ""), "{run}");
        run.reads(&format!("config_{name}"));
        let run = folder.refuses_while(MOCK, &broken, &["--json", "reset", ALICE, "--password-stdin"]);
        assert_eq!((run.code, &*run.fault()), (17, "misconfigured"), "{run}");
        assert!(run.json()["problems"].as_array().unwrap().iter().any(|p| p["code"] == problem), "{run}");
        if name == "unknown_key" {
            run.reads("config_unknown_key_json");
        }
    }
    let two = with(&good, &[("plugin = ", "plugni = "), ("min-length = 8", "min-length = \"8\"")]);
    folder.refuses_while(MOCK, &two, &RESET).reads("config_two_mistakes");
    let run = folder.refuses_while(MOCK, b"plugin = \"\xff\"", &RESET);
    assert!(run.code == 17 && run.stderr.contains("not UTF-8"), "{run}");
}

/// Which connector answers for an account cannot be told while one of the files is not read.
#[test]
fn a_file_that_may_answer_for_everybody_stops_what_names_no_connector() {
    let folder = Folder::new();
    for command in [&RESET[..], &["connectors"], &["check"]] {
        let run = folder.refuses_while("connectors/other.toml", "plugin = 7", command);
        assert_eq!((run.code, &*run.stdout), (17, ""), "{run}");
        assert!(run.stderr.contains("other.toml"), "{run}");
    }
}

#[test]
fn a_folder_without_connectors() {
    let folder = Folder::empty();
    let run = folder.run(&["connectors"]);
    assert_eq!((run.code, &*run.stdout), (17, ""), "{run}");
    run.reads("folder_empty");
    let nowhere = folder.path().join("nowhere");
    let run = folder.run(&["--config", nowhere.to_str().unwrap(), "status", ALICE]);
    assert_eq!((run.code, &*run.stdout), (17, ""), "{run}");
    run.reads("folder_missing");
}

#[test]
fn a_seed_that_is_broken() {
    let folder = Folder::new().with(&[("state =", "# state =")]);
    let seed = folder.read("connectors/people.ldif");
    for (name, old, new) in [
        ("no_colon", "cn: Alice Example", "cn Alice Example"),
        ("second_dn", "sn: Example\nuserPassword: staple", "dn: uid=x\nuserPassword: staple"),
        ("no_dn", "dn: uid=bob", "uid: bob"),
    ] {
        folder.write("connectors/people.ldif", with(&seed, &[(old, new)]));
        let run = folder.run_with(&RESET, "A-New-Passw0rd");
        assert_eq!((run.code, &*run.fault(), &*run.stdout), (17, "misconfigured", ""), "{run}");
        assert!(run.stderr.contains("people.ldif:"), "{run}");
        run.reads(&format!("seed_{name}"));
    }
    folder.write("connectors/people.ldif", &seed);
    assert_eq!(folder.verify(ALICE, ALICES), 0);
}

#[test]
fn a_state_that_cannot_be_kept() {
    let folder = Folder::new();
    let good = folder.read(MOCK);
    for state in ["nowhere/people.state.ldif", "/proc/people.state.ldif", "../connectors"] {
        let file = with(&good, &[("state = \"people.state.ldif\"", &format!("state = \"{state}\""))]);
        let run = folder.refuses_while(MOCK, file, &RESET);
        assert_eq!((run.code, &*run.stdout), (17, ""), "{state}: {run}");
        if state.starts_with("nowhere") {
            run.reads("state_unwritable");
        }
    }
    // A folder stands where the new state has to be written: what was opened cannot be kept.
    let obstacle = folder.path().join("connectors/people.state.ldif.new");
    let run = folder.unchanged(|| {
        std::fs::create_dir(&obstacle).unwrap();
        let run = folder.run_with(&RESET, "A-New-Passw0rd");
        std::fs::remove_dir(&obstacle).unwrap();
        run
    });
    assert_eq!((run.code, &*run.fault()), (13, "directory-unavailable"), "{run}");
    run.reads("state_not_written");
    assert_eq!(folder.run_with(&RESET, "A-New-Passw0rd").code, 0);
}
