//! Files that are no plugins: each kind is told apart, and none is run.

use std::path::{Path, PathBuf};

use portcullis_sandbox::{Digest, LoadError, Plugin, Sandbox};

use crate::guest::{component, sandbox};

const HARMLESS: &str = r#"(module (func (export "run") (result i32) i32.const 7))"#;

fn refused(sandbox: &Sandbox, bytes: &[u8]) -> LoadError {
    sandbox.load_bytes(Path::new("offered.wasm"), bytes).expect_err("it was taken for a plugin")
}

#[test]
fn what_is_not_webassembly() {
    let sandbox = sandbox(1);
    for bytes in [&b""[..], b"\0as", b"#!/bin/sh\n", b"\x7fELF\x02\x01\x01\0", b"(component)", &[0; 64]] {
        assert!(matches!(refused(&sandbox, bytes), LoadError::NotWasm(_)), "{bytes:?}");
    }
}

#[test]
fn a_core_module_is_told_what_it_lacks() {
    let core = wat::parse_str(HARMLESS).unwrap();
    let error = refused(&sandbox(1), &core);
    assert!(matches!(error, LoadError::CoreModule(_)), "{error:?}");
    assert!(error.to_string().contains("wasm-tools component new"), "{error}");
}

/// A component that ends too early is refused wherever it ends, except where what is left is a whole one.
#[test]
fn truncated_at_every_place() {
    let sandbox = sandbox(1);
    let whole = component(HARMLESS);
    let mut refusals = 0;
    for length in 0..whole.len() {
        match sandbox.load_bytes(Path::new("cut.wasm"), &whole[..length]) {
            Err(LoadError::NotWasm(_)) => assert!(length < 4, "{length}"),
            Err(LoadError::Invalid { reason, .. }) => {
                assert!(length >= 4 && !reason.is_empty(), "{length}");
                refusals += 1;
            }
            // The header alone, or whole sections.
            Ok(_) => assert!(length >= 8, "{length}"),
            Err(other) => panic!("{length}: {other:?}"),
        }
    }
    assert!(refusals > whole.len() * 9 / 10, "{refusals} of {}", whole.len());
    assert!(sandbox.load_bytes(Path::new("whole.wasm"), &whole).unwrap().surface().exports("run"));
}

#[test]
fn bytes_behind_the_end_or_changed_in_the_middle() {
    let sandbox = sandbox(1);
    let whole = component(HARMLESS);
    let longer = [whole.as_slice(), b"more"].concat();
    assert!(matches!(refused(&sandbox, &longer), LoadError::Invalid { .. }));
    let mut version = whole.clone();
    version[4] = 0x63;
    assert!(matches!(refused(&sandbox, &version), LoadError::Invalid { .. }));
}

/// The engine would map it and jump into it: it must not come that far.
#[test]
fn native_code_is_never_a_plugin() {
    let sandbox = sandbox(1);
    let component = sandbox.engine().precompile_component(&component(HARMLESS)).unwrap();
    assert!(matches!(refused(&sandbox, &component), LoadError::Precompiled(_)));
    let module = sandbox.engine().precompile_module(&wat::parse_str(HARMLESS).unwrap()).unwrap();
    assert!(matches!(refused(&sandbox, &module), LoadError::Precompiled(_)));
}

#[test]
fn files_that_cannot_be_read() {
    let sandbox = sandbox(1);
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing.wasm");
    match sandbox.load(&missing) {
        Err(error @ LoadError::Unreadable { .. }) => {
            assert_eq!(error.to_string(), format!("{}: there is no such file", missing.display()));
        }
        other => panic!("{other:?}"),
    }
    // A pipe that nobody writes into would be waited for.
    let pipe = folder.path().join("pipe.wasm");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for path in [folder.path(), &pipe] {
        let error = sandbox.load(path).unwrap_err();
        assert!(matches!(&error, LoadError::NotAFile(found) if found == path), "{error}");
    }
}

#[test]
fn a_file_that_is_too_large_is_not_even_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.wasm");
    let file = std::fs::File::create(&path).unwrap();
    file.set_len(Plugin::MAX_BYTES + 1).unwrap();
    assert!(matches!(sandbox(1).load(&path), Err(LoadError::TooLarge(_))));
    // A byte less is looked at, and found to be nothing.
    file.set_len(Plugin::MAX_BYTES).unwrap();
    assert!(matches!(sandbox(1).load(&path), Err(LoadError::NotWasm(_))));
}

/// A memory that no slot has room for is found when the plugin is loaded, not in the first operation.
#[test]
fn a_memory_without_room_is_refused_at_once() {
    let sandbox = sandbox(1);
    let with =
        |pages: u32| component(&format!(r#"(module (memory {pages}) (func (export "run") (result i32) i32.const 7))"#));
    let error = refused(&sandbox, &with(64 * 16 + 1));
    assert!(matches!(error, LoadError::Invalid { .. }), "{error:?}");
    assert!(sandbox.load_bytes(Path::new("fits.wasm"), &with(64 * 16)).is_ok());
}

#[test]
fn the_digest_is_that_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join("plugin.wasm");
    let bytes = component(HARMLESS);
    std::fs::write(&path, &bytes).unwrap();
    let plugin = sandbox(1).load(&path).unwrap();
    assert_eq!((plugin.digest(), plugin.size()), (Digest::of(&bytes), bytes.len()));
    // FIPS 180-2, appendix B.1.
    let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(Digest::of(b"abc").to_string(), known);
    let mut other = bytes.clone();
    other.push(0);
    assert_ne!(Digest::of(&other), plugin.digest());
}

/// Nothing of a plugin runs when it is loaded: this one would end at once, or never.
#[test]
fn loading_runs_nothing() {
    let core = r#"(module (func $start unreachable) (start $start) (func (export "run") (result i32) i32.const 7))"#;
    let plugin = sandbox(1).load_bytes(Path::new("start.wasm"), &component(core)).unwrap();
    assert!(plugin.surface().imports("host") && plugin.surface().exports("run"));
    let functions = &plugin.surface().imports[0].functions;
    assert!(functions.contains(&"wait".to_owned()) && functions.contains(&"take".to_owned()), "{functions:?}");
}

/// Names of imports are shown to people: none may hold what a terminal would obey.
#[test]
fn names_of_imports_hold_no_control_characters() {
    let sandbox = sandbox(1);
    for name in [
        "a\\1b[31mb",
        "url=<https://a\\1b[31m\\0a>",
        "unlocked-dep=<a:b\\1b[31m>",
        "a:b/c@1.0.0-\\1b",
        "a:b/c\\e2\\80\\ae",
    ] {
        let Ok(bytes) = wat::parse_str(format!(r#"(component (import "{name}" (instance)))"#)) else { continue };
        match sandbox.load_bytes(Path::new("names.wasm"), &bytes) {
            Err(LoadError::Invalid { reason, .. }) => {
                assert!(!reason.chars().any(char::is_control), "{name}: {reason:?}");
            }
            other => panic!("{name}: {:?}", other.map(|plugin| plugin.surface().clone())),
        }
    }
}
