//! The example and the page are true.

use std::path::{Path, PathBuf};

use portcullis_sandbox::Surface;

use super::super::keys::CEILING as KEYS;
use super::super::{Ceiling, Excess};
use super::{Folder, ceiling_of};
use crate::config::load_file;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn text(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap()
}

/// What is above when the example connectors meet a ceiling.
fn above(ceiling: &Ceiling) -> Vec<Excess> {
    let folder = Folder::new();
    for plugin in ["active-directory.wasm", "openldap.wasm", "mock.wasm"] {
        folder.write(plugin, b"");
    }
    for authority in ["corp-ca.pem", "people-ca.pem"] {
        folder.write(authority, b"-----BEGIN CERTIFICATE-----\n");
    }
    folder.write("people.ldif", text("examples/connectors-toml/people.ldif").as_bytes());
    let names = ["active-directory", "openldap", "389ds", "mock"];
    let files = names.map(|name| {
        let path = format!("{name}.toml");
        let path = folder.write(&path, text(&format!("examples/connectors-toml/{path}")).as_bytes());
        load_file(&path, folder.path()).unwrap_or_else(|problems| panic!("{name}: {:#?}", problems.all()))
    });
    files.iter().flat_map(|file| ceiling.check(file, &Surface::default())).collect()
}

#[test]
fn the_example_fits_the_example_connectors() {
    let example = text("examples/ceiling.toml");
    let ceiling = ceiling_of(&example);
    assert!(ceiling.rules().unwrap().warnings.is_empty());
    assert_eq!(above(&ceiling), []);
    // And it is not higher than they need: without one of these lines something is above it.
    for line in
        ["unicodePwd = ", "lockoutTime = ", "pwdReset = ", "accountUnlockTime = ", "try-bind", "lockout = ", "embedded"]
    {
        let lower: Vec<&str> = example.lines().filter(|there| !there.starts_with(line)).collect();
        assert!(!above(&ceiling_of(&lower.join("\n"))).is_empty(), "{line}");
    }
}

#[test]
fn the_page_loads_and_names_every_key() {
    let page = text("docs/ceiling.md");
    let (_, rest) = page.split_once("```toml\n").unwrap();
    let (example, _) = rest.split_once("```").unwrap();
    assert!(ceiling_of(example).rules().unwrap().ldap.write.contains_key("unicodePwd"));
    for (path, example) in KEYS.all().filter(|(_, example)| !example.starts_with('[')) {
        let name = match path {
            "signers.*" => "`signers.NAME`".to_owned(),
            "ldap.write.*" => "`ldap.write.ATTRIBUTE`".to_owned(),
            "config.*" => "`config.NAME`".to_owned(),
            path if path.starts_with("ldap.write.*.") => "{ values = [...], remove = true }".to_owned(),
            path => format!("`{path}`"),
        };
        assert!(page.contains(&name), "{name} ({example}) is not explained");
    }
}
