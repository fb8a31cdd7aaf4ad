//! `inspect`: the signature beside a file, and what is no file.

use std::fs;
use std::path::PathBuf;

use portcullis_tests::signer::Signer;

use crate::folder::Folder;
use crate::run::Run;

const PLUGIN: &str = "plugins/mock.wasm";
const SIGNATURE: &str = "plugins/mock.wasm.minisig";

fn inspect(folder: &Folder, more: &[&str]) -> Run {
    folder.run(&[&["inspect", &folder.path().join(PLUGIN).display().to_string()], more].concat())
}

#[test]
fn a_signature_is_verified_by_the_key_that_is_named() {
    let (folder, signer) = (Folder::new(), Signer::new(1));
    let (key, other) = (signer.public_key(), Signer::new(2).public_key());
    let whole = fs::read(folder.path().join(PLUGIN)).unwrap();
    let refused = |key: &str, fault: &str, text: &str| {
        let run = inspect(&folder, &["--key", key]);
        assert_eq!((run.code, &*run.fault(), &*run.stdout), (12, fault, ""), "{run}");
        assert!(run.stderr.contains(text), "{run}");
    };
    refused(&key, "plugin-not-signed", "there is no DIR/plugins/mock.wasm.minisig");
    folder.write(SIGNATURE, signer.sign(&[&whole[..], b"x"].concat(), "mock 1.0"));
    refused(&key, "signature-broken", "who signed other bytes or another comment");
    folder.write(SIGNATURE, signer.sign(&whole, "mock 1.0"));
    refused(&other, "plugin-not-signed", "was made with another key");
    let run = inspect(&folder, &["--key", &key]);
    assert!(run.code == 0 && run.stdout.contains(&format!("key {key}; the signer says: mock 1.0")), "{run}");
    assert_eq!(inspect(&folder, &["--key", &key, "--json"]).json()["signature"]["comment"], "mock 1.0");
    assert_eq!(inspect(&folder, &["--key", "RWnonsense"]).code, 2);
}

#[test]
fn a_signature_that_was_not_verified_is_named_as_that() {
    let (folder, signer) = (Folder::new(), Signer::new(1));
    let run = inspect(&folder, &[]);
    assert!(run.stdout.ends_with("Not signed: there is no DIR/plugins/mock.wasm.minisig.\n"), "{run}");
    folder.write(SIGNATURE, signer.sign(b"anything", "mock 1.0"));
    let run = inspect(&folder, &[]);
    assert!(run.code == 0 && run.stdout.contains("mock.wasm.minisig lies beside it and was not verified"), "{run}");
    let json = inspect(&folder, &["--json"]).json()["signature"].clone();
    assert!(json["file"].as_str().unwrap().ends_with(".minisig") && json["key"].is_null(), "{json}");
    let run = folder.run(&["approve", "mock", "--yes"]);
    assert!(
        run.code == 0 && run.stdout.contains("lies beside it, and there is no ceiling that names signers"),
        "{run}"
    );
}

/// None of it is the plugin's fault, and a pipe that nobody writes into is not waited for.
#[test]
fn what_is_no_file_is_told_as_what_it_is() {
    let folder = Folder::new();
    let pipe = folder.path().join("pipe.wasm");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let large = folder.write("large.wasm", "");
    fs::File::options().write(true).open(&large).unwrap().set_len((64 << 20) + 1).unwrap();
    for (path, text) in [
        (PathBuf::from("/nowhere/mock.wasm"), "/nowhere/mock.wasm: there is no such file"),
        (folder.path().join("plugins"), "DIR/plugins is not a regular file"),
        (pipe.clone(), "DIR/pipe.wasm is not a regular file"),
        (large, "DIR/large.wasm is larger than 64 MiB"),
    ] {
        let run = folder.run(&["inspect", &path.display().to_string()]);
        assert_eq!((run.code, &*run.fault()), (17, "plugin-unreadable"), "{run}");
        assert!(run.stderr.contains(text) && run.stderr.contains("for the operator to mend"), "{run}");
    }
    // Nor is one beside a plugin, in the place of its signature.
    fs::rename(&pipe, folder.path().join(SIGNATURE)).unwrap();
    let run = inspect(&folder, &["--key", &Signer::new(1).public_key()]);
    assert!(run.fault() == "plugin-not-signed" && run.stderr.contains("it is not a regular file"), "{run}");
}
