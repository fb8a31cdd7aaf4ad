//! Plugin files that cannot be run, or may not.

use std::fs;

use crate::folder::{ALICE, ALICES, Folder, MOCK};
use crate::run::Run;

const RESET: [&str; 3] = ["reset", ALICE, "--password-stdin"];
const PLUGIN: &str = "plugins/mock.wasm";

/// Exports the interface of passwords with functions that do nothing, in the shape of none of ours.
fn strange(start: &str) -> Vec<u8> {
    let text = format!(
        r#"(component
            (core module $m (func $f (export "f")) (func $start unreachable) {start})
            (core instance $i (instantiate $m))
            (func $f (canon lift (core func $i "f")))
            (instance $passwords
                (export "reset" (func $f)) (export "change" (func $f)) (export "verify" (func $f)))
            (export "portcullis:writeback/passwords@0.1.0" (instance $passwords)))"#
    );
    wat::parse_str(text).unwrap()
}

fn digest(folder: &Folder) -> String {
    let run = folder.run(&["inspect", &folder.path().join(PLUGIN).display().to_string(), "--json"]);
    run.json()["sha256"].as_str().unwrap().to_owned()
}

#[test]
fn files_that_are_no_plugins() {
    let folder = Folder::new();
    let whole = fs::read(folder.path().join(PLUGIN)).unwrap();
    let core = wat::parse_str("(module (func (export \"reset\")))").unwrap();
    for (name, file, text) in [
        ("empty", Vec::new(), "is not WebAssembly"),
        ("text", b"#!/bin/sh\nexit 0\n".to_vec(), "is not WebAssembly"),
        ("six_bytes", whole[..6].to_vec(), "ends within"),
        ("truncated", whole[..whole.len() / 2].to_vec(), "not a valid component"),
        ("core_module", core, "component"),
        ("native", fs::read(env!("CARGO_BIN_EXE_portcullis")).unwrap()[..4096].to_vec(), ""),
    ] {
        let run = folder.refuses_while(PLUGIN, &file, &RESET);
        assert_eq!((run.code, &*run.fault(), &*run.stdout), (18, "plugin-unusable", ""), "{run}");
        assert!(run.stderr.contains(text) && run.stderr.contains(PLUGIN), "{run}");
        run.reads(&format!("plugin_{name}"));
        let path = folder.path().join(PLUGIN).display().to_string();
        let run = folder.refuses_while(PLUGIN, &file, &["inspect", &path]);
        assert_eq!((run.code, &*run.fault()), (18, "plugin-unusable"), "{run}");
    }
    let run = folder.run(&["inspect", "/nowhere/mock.wasm"]);
    assert_eq!((run.code, &*run.fault()), (18, "plugin-unusable"), "{run}");
}

#[test]
fn a_plugin_that_breaks_down() {
    let folder = Folder::new();
    for (name, plugin) in [("at_start", strange("(start $start)")), ("in_shape", strange(""))] {
        let run = folder.refuses_while(PLUGIN, plugin, &[&RESET[..], &["--trace"]].concat());
        assert_eq!((run.code, &*run.fault(), &*run.stdout), (18, "plugin-trapped", ""), "{run}");
        run.reads(&format!("plugin_trapped_{name}"));
    }
}

#[test]
fn a_plugin_that_does_not_do_what_is_asked() {
    let folder = Folder::new();
    let run = folder.refuses_while(PLUGIN, wat::parse_str("(component)").unwrap(), &RESET);
    assert_eq!((run.code, &*run.fault()), (18, "operation-not-offered"), "{run}");
    run.reads("plugin_offers_nothing");
}

#[test]
fn a_plugin_that_imports_what_is_not_granted() {
    let folder = Folder::new();
    let (before, _) =
        folder.read(MOCK).split_once("[ldap.embedded]").map(|(b, a)| (b.to_owned(), a.to_owned())).unwrap();
    let without_ldap = folder.refuses_while(MOCK, &before, &RESET);
    assert_eq!((without_ldap.code, &*without_ldap.fault()), (12, "plugin-not-granted"), "{without_ldap}");
    without_ldap.reads("plugin_not_granted_ldap");

    // This one asks for its settings, too.
    folder.plugin("openldap");
    let file = folder.read(MOCK).replace("mock.wasm", "openldap.wasm");
    let without_config = folder.refuses_while(MOCK, file, &RESET);
    assert_eq!((without_config.code, &*without_config.fault()), (12, "plugin-not-granted"), "{without_config}");
    without_config.reads("plugin_not_granted_config");

    let network = wat::parse_str("(component (import \"wasi:sockets/network@0.2.0\" (instance)))").unwrap();
    let run = folder.refuses_while(PLUGIN, network, &RESET);
    assert_eq!((run.code, &*run.fault()), (12, "plugin-not-granted"), "{run}");
    run.reads("plugin_not_granted_network");
}

#[test]
fn a_plugin_that_is_not_the_one_that_was_pinned() {
    let folder = Folder::new();
    let pinned =
        |digest: &str| folder.read(MOCK).replace("[ldap.embedded]", &format!("sha256 = \"{digest}\"\n[ldap.embedded]"));
    let run = folder.refuses_while(MOCK, pinned(&"0".repeat(64)), &RESET);
    assert_eq!((run.code, &*run.fault(), &*run.stdout), (17, "plugin-changed", ""), "{run}");
    run.reads("plugin_changed");
    folder.write(MOCK, pinned(&digest(&folder)));
    assert_eq!(folder.verify(ALICE, ALICES), 0, "the right digest");
    // A changed file is found although the former one was compiled and kept.
    let changed = folder.refuses_while(PLUGIN, strange(""), &RESET);
    assert_eq!((changed.code, &*changed.fault()), (17, "plugin-changed"), "{changed}");
}

/// The directory is not of the plugin's kind: found out before anything is written.
#[test]
fn a_plugin_for_another_kind_of_directory() {
    let folder = Folder::new();
    folder.plugin("active-directory");
    let run: Run = folder.unchanged(|| {
        let good = folder.read(MOCK);
        folder.edit(MOCK, &[("mock.wasm", "active-directory.wasm"), ("[ldap.confirm]", "[config]\n[ldap.confirm]")]);
        folder.edit(MOCK, &[("attributes = [", "attributes = [\"sAMAccountName\", ")]);
        let run = folder.run_with(&RESET, "A-New-Passw0rd");
        folder.write(MOCK, good);
        run
    });
    assert_eq!((run.code, &*run.fault()), (17, "wrong-directory"), "{run}");
    run.reads("plugin_wrong_directory");
}

#[test]
fn limits_end_an_operation_and_not_the_next_one() {
    let folder = Folder::new();
    for (name, limits, code, fault) in
        [("memory", "memory = \"64 KiB\"", 18, "plugin-limit"), ("host_calls", "host-calls = 1", 18, "plugin-limit")]
    {
        let file = folder.read(MOCK) + "\n[limits]\n" + limits + "\n";
        let run = folder.refuses_while(MOCK, file, &RESET);
        assert_eq!((run.code, &*run.fault()), (code, fault), "{run}");
        run.reads(&format!("limit_{name}"));
    }
}
