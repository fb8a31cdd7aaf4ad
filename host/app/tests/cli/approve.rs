//! Approving a plugin for the service: what is shown, who is asked, what is written.

use std::fs;

use crate::folder::{Folder, MOCK};
use crate::run::Run;
use crate::terminal::Terminal;

const PLUGIN: &str = "plugins/mock.wasm";

/// Runs `approve` with a state folder beside the configuration.
fn approve(folder: &Folder, arguments: &[&str]) -> Run {
    let state = folder.path().join("state");
    fs::create_dir_all(&state).unwrap();
    folder.command(&[&["approve"], arguments].concat()).env("STATE_DIRECTORY", &state.display().to_string()).run("")
}

fn written(folder: &Folder) -> String {
    fs::read_to_string(folder.path().join("state/approved.toml")).unwrap_or_default()
}

#[test]
fn without_a_terminal_and_without_yes_nothing_is_approved() {
    let folder = Folder::new();
    let run = approve(&folder, &["mock"]);
    assert_eq!((run.code, &*run.fault(), &*written(&folder)), (12, "plugin-not-approved", ""), "{run}");
    run.reads("approve_nobody_to_ask");
}

#[test]
fn what_is_no_plugin_is_not_approved() {
    let folder = Folder::new();
    for (what, code, fault) in [("nobody", 2, "unknown-connector"), ("connectors/mock.toml", 2, "unknown-connector")] {
        let run = approve(&folder, &[what, "--yes"]);
        assert_eq!((run.code, &*run.fault()), (code, fault), "{run}");
    }
    folder.write(PLUGIN, "garbage");
    let run = approve(&folder, &["mock", "--yes"]);
    assert_eq!((run.code, &*run.fault(), &*written(&folder)), (18, "plugin-unusable", ""), "{run}");
}

#[test]
fn a_list_that_others_may_write_is_not_added_to() {
    let folder = Folder::new();
    assert_eq!(approve(&folder, &["mock", "--yes"]).code, 0);
    let path = folder.path().join("state/approved.toml");
    let mode = |mode| fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
    mode(0o666);
    let run = approve(&folder, &["mock", "--yes"]);
    assert_eq!((run.code, &*run.fault()), (17, "misconfigured"), "{run}");
    mode(0o644);
    assert_eq!(approve(&folder, &["mock", "--yes"]).code, 0);
}

#[test]
fn by_the_name_of_a_connector_or_a_plugin_and_only_once() {
    let folder = Folder::new();
    let run = approve(&folder, &["mock", "--yes"]);
    assert_eq!((run.code, &*run.stderr), (0, ""), "{run}");
    run.reads("approve_first");
    let first = written(&folder);
    let path = folder.path().join(PLUGIN).display().to_string();
    for what in ["mock", "mock.wasm", &path] {
        let run = approve(&folder, &[what, "--yes"]);
        assert!(run.code == 0 && run.stdout.contains("was approved"), "{run}");
    }
    assert_eq!(written(&folder), first);
}

#[test]
fn what_was_approved_is_shown_again() {
    let folder = Folder::new();
    approve(&folder, &["mock", "--yes"]);
    let run = approve(&folder, &["mock"]);
    for text in ["What it can reach (imports):", "It is not signed", "It was approved "] {
        assert!(run.code == 0 && run.stdout.contains(text), "{text} is not in {run}");
    }
}

/// An approval of these would say "may run" of what no service ever runs.
#[test]
fn what_can_never_be_loaded_is_not_approved() {
    let folder = Folder::new();
    let importing =
        |interface: &str| wat::parse_str(format!("(component (import \"{interface}\" (instance)))")).unwrap();
    let refuses = |text: &str| {
        let run = approve(&folder, &["mock", "--yes"]);
        assert_eq!((run.code, &*run.fault(), &*written(&folder)), (12, "plugin-not-granted", ""), "{run}");
        assert!(run.stderr.contains(text) && !run.stdout.contains("Approved"), "{run}");
    };
    folder.write(PLUGIN, importing("wasi:sockets/network@0.2.0"));
    refuses("wasi:sockets/network@0.2.0 (this host offers it to no connector)");
    folder.write(PLUGIN, importing("portcullis:writeback/reveal@0.1.0"));
    refuses("it would read the text of passwords");
    folder.edit(MOCK, &[("[ldap.embedded]", "[reveal]\npasswords = [\"new\"]\n[ldap.embedded]")]);
    let run = approve(&folder, &["mock", "--yes"]);
    assert!(run.code == 0 && written(&folder).contains("reveal"), "{run}");
}

#[test]
fn what_keeps_a_connector_from_starting_is_told_and_not_that_it_starts() {
    let folder = Folder::new();
    folder.write(
        PLUGIN,
        wat::parse_str("(component (import \"portcullis:writeback/config@0.1.0\" (instance)))").unwrap(),
    );
    folder.write("connectors/broken.toml", "plugin = ");
    let run = approve(&folder, &["mock", "--yes"]);
    assert_eq!(run.code, 0, "{run}");
    for text in [
        "mock.toml does not grant portcullis:writeback/config@0.1.0 (granted by a section [config])",
        "DIR/state/approved.toml; no connector starts with it until what is named above is mended.",
    ] {
        assert!(run.stdout.contains(text) && !run.stdout.contains("takes it at once"), "{text} is not in {run}");
    }
    let run = approve(&folder, &["mock", "--json"]);
    assert_eq!(run.json()["not_started"][0]["connector"], "mock", "{run}");
    folder.write("connectors/second.toml", folder.read(MOCK) + "[config]\n");
    assert!(approve(&folder, &["mock"]).stdout.contains("so mock does not start with it"));
    folder.write("plugins/nobodys.wasm", wat::parse_str("(component)").unwrap());
    let run = approve(&folder, &["nobodys", "--yes"]);
    assert!(run.stdout.contains("No connector names it yet."), "{run}");
}

#[test]
fn what_changed_since_the_last_version_is_shown() {
    let folder = Folder::new();
    approve(&folder, &["mock", "--yes"]);
    folder.plugin("openldap");
    fs::copy(folder.path().join("plugins/openldap.wasm"), folder.path().join(PLUGIN)).unwrap();
    approve(&folder, &["mock", "--yes"]).reads("approve_changed");
    let back = Folder::new();
    fs::create_dir_all(back.path().join("state")).unwrap();
    fs::write(back.path().join("state/approved.toml"), written(&folder)).unwrap();
    back.edit(MOCK, &[("mock.wasm", "other.wasm")]);
    fs::copy(folder.path().join(PLUGIN), back.path().join("plugins/other.wasm")).unwrap();
    let run = approve(&back, &["mock", "--yes"]);
    assert!(run.stdout.contains("was approved"), "the bytes count, not the name: {run}");
}

#[test]
fn for_programs() {
    let folder = Folder::new();
    let run = approve(&folder, &["mock", "--json"]);
    assert_eq!((run.code, &*written(&folder)), (12, ""), "{run}");
    let run = approve(&folder, &["mock", "--yes", "--json"]);
    assert_eq!(run.code, 0, "{run}");
    run.json();
    run.reads("approve_json");
}

#[test]
fn somebody_on_a_terminal_is_asked() {
    let folder = Folder::new();
    let state = folder.path().join("state");
    fs::create_dir_all(&state).unwrap();
    for (answer, code) in [("", 12), ("n", 12), ("maybe", 12), ("y", 0)] {
        assert_eq!(written(&folder), "", "before {answer:?}");
        let mut terminal = Terminal::run(&folder, &["approve", "mock", "--state", &state.display().to_string()]);
        terminal.expect("[y/N]", 1);
        terminal.enter(answer);
        assert_eq!(terminal.end(), code, "{answer:?}");
    }
    assert_ne!(written(&folder), "");
}

#[test]
fn the_list_of_connectors_says_whether_the_service_runs_them() {
    let folder = Folder::new();
    let state = folder.path().join("state");
    fs::create_dir_all(&state).unwrap();
    let list = |more: &[&str]| folder.run(&[&["connectors", "--state", &state.display().to_string()], more].concat());
    let run = list(&[]);
    assert!(run.stdout.contains("NOT APPROVED, so not run; type `portcullis approve mock`"), "{run}");
    assert_eq!(list(&["--json"]).json()["connectors"][0]["approved"], false);
    approve(&folder, &["mock", "--yes"]);
    assert_eq!(list(&["--json"]).json()["connectors"][0]["approved"], true);
}

/// The service's user owns the state folder; root approves.
#[test]
fn no_link_in_the_state_folder_is_written_through() {
    let folder = Folder::new();
    let (state, victim) = (folder.path().join("state"), folder.write("somebody-elses", "as it was"));
    fs::create_dir_all(&state).unwrap();
    std::os::unix::fs::symlink(&victim, state.join("approved.toml.new")).unwrap();
    assert_eq!(approve(&folder, &["mock", "--yes"]).code, 0);
    assert_eq!(fs::read_to_string(&victim).unwrap(), "as it was");
    assert!(!state.join("approved.toml").is_symlink());
    assert_ne!(written(&folder), "");
}
