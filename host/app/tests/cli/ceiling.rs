//! The ceiling on the command line: what is refused and how it reads, whose file it must be, and who signed.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use portcullis_tests::plugins::root;
use portcullis_tests::signer::Signer;

use crate::folder::{ALICE, Folder, MOCK};
use crate::run::Run;

const RESET: [&str; 3] = ["reset", ALICE, "--password-stdin"];
const CEILING: &str = "ceiling.toml";
const PLUGIN: &str = "plugins/mock.wasm";
const SIGNATURE: &str = "plugins/mock.wasm.minisig";

/// The ceiling of the examples, with other lines.
fn ceiling(changes: &[(&str, &str)]) -> String {
    let example = fs::read_to_string(root().join("examples/ceiling.toml")).unwrap();
    crate::folder::with(&example, changes)
}

/// The mock connector with a log.
fn folder() -> Folder {
    Folder::new().with(&[("by = \"bind\"\n", "by = \"bind\"\n\n[log]\nlevel = \"debug\"\n")])
}

/// One below which it is in five places.
fn low() -> String {
    ceiling(&[
        ("\"verify-password\", ", ""),
        ("\"pwdReset\",\n", "\n"),
        ("pwdReset = [\"TRUE\"]", "pwdReset = [\"FALSE\"]"),
        ("as-target = true\n", ""),
        ("level = \"debug\"", "level = \"info\""),
    ])
}

#[test]
fn a_connector_above_the_ceiling_is_refused_with_every_line() {
    let folder = folder();
    let run = folder.refuses_while(CEILING, low(), &RESET);
    assert_eq!((run.code, &*run.stdout), (12, ""), "{run}");
    run.reads("above_ceiling");
    let run = folder.refuses_while(CEILING, low(), &[&["--json"], &RESET[..]].concat());
    assert_eq!((run.code, &*run.fault()), (12, "above-ceiling"), "{run}");
    assert_eq!(run.json()["excesses"].as_array().unwrap().len(), 5, "{run}");
    run.reads("above_ceiling_json");
}

#[test]
fn the_commands_that_only_look_say_so_too() {
    let folder = Folder::new();
    for (command, text) in [("check", "PROBLEM"), ("connectors", "NOT USABLE"), ("doctor", "stands against")] {
        let run = folder.refuses_while(CEILING, low(), &[command]);
        assert_eq!(run.code, 12, "{run}");
        assert!(run.stdout.contains(text) && run.stdout.contains("DIR/ceiling.toml:"), "{run}");
    }
}

/// No server is asked and no secret leaves for a connector that the ceiling forbids: not even to look whether it works.
#[test]
fn the_doctor_connects_to_no_server_that_is_forbidden() {
    let folder = Folder::new();
    let (listener, text) = (std::net::TcpListener::bind("127.0.0.1:0").unwrap(), folder.read(MOCK));
    listener.set_nonblocking(true).unwrap();
    let url = format!("ldaps://localhost:{}", listener.local_addr().unwrap().port());
    let (head, rest) = text.split_once("[ldap.embedded]").unwrap();
    let (_, rest) = rest.split_once("[ldap.locate]").unwrap();
    let text = format!("{head}[ldap]\nurls = [\"{url}\"]\nconnect-timeout = \"1s\"\n[ldap.locate]{rest}");
    let run = folder.refuses_while(MOCK, text.clone(), &["doctor"]);
    assert!(listener.accept().is_ok(), "without a ceiling it is tried: {run}");
    while listener.accept().is_ok() {}
    folder.write(CEILING, ceiling(&[]));
    let run = folder.refuses_while(MOCK, text, &["doctor"]);
    assert!(run.code == 12 && run.stdout.contains("above the ceiling, see step 1"), "{run}");
    assert!(listener.accept().is_err(), "somebody connected: {run}");
}

#[test]
fn below_the_ceiling_everything_works() {
    let folder = Folder::new();
    folder.write(CEILING, ceiling(&[]));
    let run = folder.run(&["status", ALICE]);
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(folder.run(&["check"]).code, 0);
}

#[test]
fn a_ceiling_that_cannot_be_used_lets_nothing_start() {
    let folder = Folder::new();
    let wrong = ceiling(&[("as-target", "as-traget"), ("embedded = true", "embedded = \"yes\"")]);
    let run = folder.refuses_while(CEILING, wrong, &RESET);
    assert_eq!((run.code, &*run.stdout), (17, ""), "{run}");
    run.reads("ceiling_two_mistakes");
    let path = folder.write(CEILING, ceiling(&[]));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o664)).unwrap();
    let run = folder.run(&RESET);
    assert_eq!(run.code, 17, "{run}");
    run.reads("ceiling_others_write");
    for command in [&["check"][..], &["connectors"], &["doctor"], &["approve", "mock", "--yes"]] {
        assert_eq!(folder.run(command).code, 17, "{command:?}");
    }
}

/// The operator may write his folder; the file that the security team names is not in it.
#[test]
fn an_operator_cannot_take_away_a_ceiling_that_is_named() {
    let folder = Folder::new();
    let theirs = tempfile::tempdir().unwrap();
    let named: PathBuf = theirs.path().join("ceiling.toml");
    fs::write(&named, low()).unwrap();
    fs::set_permissions(&named, fs::Permissions::from_mode(0o644)).unwrap();
    folder.write(CEILING, ceiling(&[]));
    let with = |path: &str| [&["--ceiling", path], &RESET[..]].concat().join(" ");
    let run = |path: &PathBuf| -> Run {
        let words = with(&path.display().to_string());
        folder.run_with(&words.split(' ').collect::<Vec<_>>(), "A-New-Passw0rd\n")
    };
    assert_eq!(run(&named).code, 12);
    let by_environment = folder.command(&RESET).env("PORTCULLIS_CEILING", &named.display().to_string());
    assert_eq!(by_environment.run("A-New-Passw0rd\n").code, 12);
    fs::remove_file(&named).unwrap();
    for path in [named, PathBuf::from("/nowhere/ceiling.toml")] {
        let run = run(&path);
        assert!(run.code == 17 && run.stderr.contains("ceiling-unreadable"), "{run}");
    }
    let empty = folder.command(&RESET).env("PORTCULLIS_CEILING", "");
    assert_ne!(empty.run("A-New-Passw0rd\n").code, 0, "a variable that was emptied is no way around it");
}

#[test]
fn a_plugin_must_be_signed_by_somebody_who_is_trusted() {
    let (folder, signer) = (Folder::new(), Signer::new(1));
    let key = format!("vendor = \"{}\"", signer.public_key());
    folder.write(CEILING, ceiling(&[("require-signature = false\n", ""), ("#vendor = \"RW...\"", &key)]));
    let status = || folder.run(&["status", ALICE]);
    let run = status();
    assert_eq!((run.code, &*run.fault()), (12, "plugin-not-signed"), "{run}");
    run.reads("plugin_not_signed");
    let whole = fs::read(folder.path().join(PLUGIN)).unwrap();
    folder.write(SIGNATURE, Signer::new(2).sign(&whole, "1.0"));
    assert_eq!(status().fault(), "plugin-not-signed");
    folder.write(SIGNATURE, signer.sign(&whole, "1.0"));
    assert_eq!(status().code, 0, "{}", status());
    folder.write(PLUGIN, [&whole[..], &[0, 2, 1, b'x']].concat());
    let run = status();
    assert_eq!((run.code, &*run.fault()), (12, "signature-broken"), "{run}");
    assert!(!run.stderr.contains("pin") && run.stderr.contains("from the vendor again"), "{run}");
    run.reads("plugin_not_what_was_signed");
}

#[test]
fn approving_shows_the_signer_and_what_stands_against_the_plugin() {
    let (folder, signer) = (folder(), Signer::new(1));
    let key = format!("vendor = \"{}\"", signer.public_key());
    let signed = [("require-signature = false\n", ""), ("#vendor = \"RW...\"", &*key)];
    folder.write(CEILING, crate::folder::with(&low(), &signed));
    let state = folder.path().join("state");
    fs::create_dir_all(&state).unwrap();
    let approve = |more: &[&str]| {
        let words = [&["approve", "mock", "--yes"], more].concat();
        folder.command(&words).env("STATE_DIRECTORY", &state.display().to_string()).run("")
    };
    assert_eq!(approve(&[]).fault(), "plugin-not-signed");
    let whole = fs::read(folder.path().join(PLUGIN)).unwrap();
    folder.write(SIGNATURE, signer.sign(&whole, "mock 1.0"));
    let run = approve(&[]);
    assert_eq!(run.code, 0, "{run}");
    run.reads("approve_above_ceiling");
    let written = fs::read_to_string(state.join("approved.toml")).unwrap();
    for line in ["signer = \"vendor\"", "comment = \"mock 1.0\"", &format!("size = {}", whole.len()), "producers = ["] {
        assert!(written.contains(line), "{line} is not in:\n{written}");
    }
    // The next version, by another signer.
    let next = [&whole[..], &[0, 2, 1, b'x']].concat();
    folder.write(PLUGIN, &next);
    folder.write(SIGNATURE, Signer::new(2).sign(&next, "mock 1.1"));
    let key = format!("maker = \"{}\"", Signer::new(2).public_key());
    folder.write(CEILING, ceiling(&[("require-signature = false\n", ""), ("#vendor = \"RW...\"", &key)]));
    let run = approve(&[]);
    assert!(run.stdout.contains("SIGNED BY        maker, was vendor"), "{run}");
    assert!(run.stdout.contains(&format!("{} bytes, was {} bytes", next.len(), whole.len())), "{run}");
}

/// The user as whom the service runs is the owner of the state folder. Root can give files away; where the tests run as
/// another user, that one is the service's, and its ceiling is told as well.
#[test]
fn a_ceiling_of_the_services_own_user_is_told() {
    let folder = Folder::new();
    let path = folder.write(CEILING, ceiling(&[]));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    fs::create_dir_all(folder.path().join("kept")).unwrap();
    let give = |name: &str, to: u32| std::os::unix::fs::chown(folder.path().join(name), Some(to), None);
    let is_root = give("kept", 4_711).is_ok();
    let told = |expected: bool| {
        let says =
            |run: &Run| run.stdout.contains("DIR/ceiling.toml belongs to the very user as whom the service runs");
        for command in ["check", "doctor", "audit"] {
            let run = folder.run(&[command]);
            assert_eq!(says(&run), expected, "{run}");
        }
        let check = folder.run(&["check", "--json"]).json();
        let audit: serde_json::Value = serde_json::from_str(&folder.run(&["audit", "--json"]).stdout).unwrap();
        let named = audit["findings"].as_array().unwrap().iter().any(|one| one["code"] == "ceiling-not-apart");
        assert_eq!((named, audit["ceiling"]["not_apart"].is_string()), (expected, expected), "{audit:#}");
        assert_eq!(check["ceiling"]["findings"].as_array().unwrap().len(), 1 + usize::from(expected), "{check:#}");
        assert_eq!(check["ceiling"]["owner"], audit["ceiling"]["owner"], "{check:#}");
        check["ceiling"]["owner"].as_str().unwrap().to_owned()
    };
    if !is_root {
        told(true);
        return;
    }
    assert_eq!(told(false), "root");
    give(CEILING, 4_711).unwrap();
    assert_eq!(told(true), "uid 4711");
    assert!(folder.run(&["check"]).stdout.contains("DIR/ceiling.toml is uid 4711's"));
    assert!(folder.run(&["audit"]).stdout.contains("DIR/ceiling.toml, owner uid 4711, sha256"));
    // Another user's, who is not the service's.
    give(CEILING, 4_712).unwrap();
    assert_eq!(told(false), "uid 4712");
    // A service of root's cannot be kept out by any owner.
    give("kept", 0).unwrap();
    give(CEILING, 0).unwrap();
    assert_eq!(told(false), "root");
}

#[test]
fn what_the_ceiling_does_not_name_stands_against_no_line() {
    let folder = Folder::new().with(&[("[ldap.confirm]", "[reveal]\npasswords = [\"new\"]\n\n[ldap.confirm]")]);
    folder.write(CEILING, format!("# A comment of the security team.\n{}", ceiling(&[])));
    let run = folder.run(&["status", ALICE]);
    assert_eq!(run.code, 12, "{run}");
    assert!(run.stderr.contains("stands against DIR/ceiling.toml, which names no [reveal]"), "{run}");
    assert!(!run.stderr.contains("A comment of the security team"), "{run}");
    let excess = &folder.run(&["--json", "status", ALICE]).json()["excesses"][0];
    assert_eq!(excess["ceiling"]["text"], "names no [reveal]", "{excess:#}");
}

#[test]
fn each_mistake_of_the_file_has_its_own_help() {
    let folder = Folder::new();
    let owns = "the security team owns the ceiling";
    let help = |path: &str| {
        let run = folder.run(&["--ceiling", path, "status", ALICE]);
        assert_eq!(run.code, 17, "{run}");
        run.stderr
    };
    let missing = help("/nowhere/ceiling.toml");
    assert!(missing.contains("No such file") && missing.contains("put the file there"), "{missing}");
    let path = folder.write("binary", [0xff, 0xfe]);
    let binary = help(&path.display().to_string());
    assert!(binary.contains("not UTF-8") && binary.contains("mend the file"), "{binary}");
    let directory = help(&folder.path().display().to_string());
    assert!(directory.contains("is not a file"), "{directory}");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
    assert!(help(&path.display().to_string()).contains(owns));
    assert!([missing, binary, directory].iter().all(|help| !help.contains(owns)));
}
