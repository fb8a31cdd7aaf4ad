//! Which plugin it was: the log names the bytes that ran, and the report names them where something was stopped, also when
//! other bytes lie there by then.

use std::fs;

use portcullis_tests::plugins::{plugin, test_plugin};
use sha2::{Digest as _, Sha256};

use super::report;
use crate::folder::{ALICE, Folder};

/// Puts a plugin into the place of the connector's, and returns its SHA-256.
fn place(folder: &Folder, file: &std::path::Path) -> String {
    let bytes = fs::read(file).unwrap();
    let digest = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    folder.write("plugins/mock.wasm", bytes);
    digest
}

#[test]
fn a_hostile_plugin_that_was_put_back_is_named_and_the_good_one_is_not_blamed() {
    let dn = "[config]\ndn = \"uid=bob,ou=people,dc=people,dc=example\"\n\n[log]\n\n[ldap.confirm]";
    let folder = Folder::new().with(&[("[ldap.confirm]", dn)]);
    let stopped = [
        ("the_password_into_description", "password-elsewhere"),
        ("another_attribute", "denied-not-granted"),
        ("another_entry", "denied-outright"),
    ];
    let hostile = stopped.map(|(name, code)| {
        let digest = place(&folder, &test_plugin(&format!("corpus/{name}")).unwrap());
        folder.run(&["reset", ALICE, "--generate"]);
        (digest, code)
    });
    let told = |code: &str| {
        let (report, _) = report(&folder, &[]);
        let found = report["findings"].as_array().unwrap().iter().find(|one| one["code"] == code).cloned();
        let found = found.unwrap_or_else(|| panic!("no {code} in {report:#}"));
        (found["text"].as_str().unwrap().to_owned(), found["remedy"].as_str().unwrap().to_owned())
    };
    // The last one lies there still.
    let (last, code) = &hostile[2];
    assert!(told(code).0.contains(&format!("{last} (the file that lies there now)")), "{}", told(code).0);

    let good = place(&folder, &plugin("mock").unwrap());
    for (digest, code) in &hostile {
        let (text, _) = told(code);
        assert!(text.contains(&format!("{digest} (NOT the file that lies there now)")), "{text}");
        assert!(!text.contains(&good), "{text}");
    }
    assert!(told("password-elsewhere").1.contains("find out who put that plugin there"));
    let asked: Vec<serde_json::Value> =
        fs::read_to_string(folder.path().join("kept/audit/audit-0000000000000001.jsonl"))
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .filter(|line: &serde_json::Value| line["fact"] == "asked")
            .collect();
    let plugins: Vec<&str> = asked[asked.len() - 3..].iter().map(|line| line["plugin"].as_str().unwrap()).collect();
    assert_eq!(plugins, hostile.each_ref().map(|(digest, _)| digest.as_str()));
    let (report, _) = report(&folder, &[]);
    let versions = report["findings"].as_array().unwrap().iter().find(|one| one["code"] == "several-versions").unwrap();
    assert!(versions["text"].as_str().unwrap().contains("versions of the plugin ran in this time"), "{versions:#}");
}
