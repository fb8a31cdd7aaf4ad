//! The example files are true.

use std::path::Path;

use super::super::{ConnectorFile, load_file};
use super::Folder;

fn example(name: &str, plugin: &str) -> ConnectorFile {
    let folder = Folder::new();
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/connectors-toml");
    for entry in std::fs::read_dir(&examples).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), folder.path().join("connectors").join(entry.file_name())).unwrap();
    }
    folder.write(&format!("plugins/{plugin}"), b"");
    folder.write("connectors/people-ca.pem", b"-----BEGIN CERTIFICATE-----\n");
    let file = folder.path().join(format!("connectors/{name}.toml"));
    let loaded = load_file(&file, &folder.path().join("plugins"));
    loaded.unwrap_or_else(|problems| panic!("{}", folder.shown(&problems)))
}

#[test]
fn every_example_loads_without_a_warning() {
    let plugins = [
        ("active-directory", "active-directory.wasm"),
        ("openldap", "openldap.wasm"),
        ("389ds", "openldap.wasm"),
        ("mock", "mock.wasm"),
    ];
    for (name, plugin) in plugins {
        let file = example(name, plugin);
        assert!(file.warnings.is_empty(), "{name}: {:?}", file.warnings);
        assert!(file.ldap.is_some_and(|ldap| !ldap.write.is_empty()), "{name}");
    }
}
