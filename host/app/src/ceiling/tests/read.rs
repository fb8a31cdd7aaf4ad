//! What a ceiling's file may say, and what the security team then reads.

use std::path::Path;

use proptest::prelude::*;

use super::super::keys::CEILING as KEYS;
use super::super::{Ceiling, load};
use super::{CEILING, Folder, with};

fn refused(text: &str) -> Vec<&'static str> {
    let problems = Ceiling::of_text(text, Path::new("ceiling.toml")).unwrap_err();
    problems.all().iter().map(crate::config::Diagnostic::name).collect()
}

fn changed(old: &str, new: &str) -> Vec<&'static str> {
    refused(&with(CEILING, &[(old, new)]))
}

#[test]
fn mistakes_are_told() {
    assert_eq!(changed("accounts =", "acounts ="), ["unknown-key"]);
    assert_eq!(changed("require-signature = false", "require-signature = \"no\""), ["wrong-type"]);
    assert_eq!(changed("require-signature = false", "require_signature = false"), ["unknown-key"]);
    assert_eq!(changed("require-signature = false", "require-signature = true"), ["no-signer"]);
    assert_eq!(changed("require-signature = false\n", ""), ["no-signer"]);
    assert_eq!(changed("[ldap]\n", "[signers]\nvendor = \"RWnonsense\"\n[ldap]\n"), ["bad-key"]);
    assert_eq!(changed("ldaps://*.corp.example", "*.corp.example"), ["bad-url"]);
    assert_eq!(changed("ldaps://*.corp.example", "https://*.corp.example"), ["bad-url"]);
    assert_eq!(changed("min-tls = \"1.3\"", "min-tls = \"1.1\""), ["unknown-value"]);
    assert_eq!(changed("OU=Staff,DC=corp", "Staff,DC=corp"), ["bad-dn"]);
    assert_eq!(changed("\"pwdLastSet\", ", "\"*\", "), ["wildcard"]);
    assert_eq!(changed("\"pwdLastSet\", ", "\"userPassword\", "), ["password-readable"]);
    assert_eq!(changed("\"pwdLastSet\", ", "\"LOCKOUTTIME\", "), ["duplicate-attribute"]);
    assert_eq!(changed("unicodePwd = \"password\"", "unicodePwd = [\"x\"]"), ["password-attribute"]);
    assert_eq!(changed("retries = \"any\"", "retries = \"all\""), ["unknown-value"]);
    assert_eq!(changed("\"1.2.840.113556.1.4.2239\"", "\"history\""), ["bad-oid"]);
    assert_eq!(changed("passwords = [\"new\"]", "passwords = [\"next\"]"), ["unknown-value"]);
    assert_eq!(changed("[reveal]", "[limits]\ntime = \"1y\"\n[reveal]"), ["bad-duration"]);
    assert_eq!(refused("accounts = []\n[plugins]\nrequire-signature = false"), ["empty-list"]);
    assert_eq!(refused("= ="), ["syntax"]);
}

/// A line of a connector's file that got under `[config]`: what it holds is in no word of the message.
#[test]
fn a_password_in_a_wrong_place_is_not_repeated() {
    let text = "accounts = [\"*\"]\n[config]\nbind-password = \"hunter2\"\n";
    let problems = Ceiling::of_text(text, Path::new("ceiling.toml")).map(|_| ()).unwrap_err();
    let told = format!("{:?}", miette::Report::new(problems));
    assert!(told.contains("`***` is not what a setting may be") && !told.contains("hunter2"), "{told}");
}

#[test]
fn two_signers_have_two_keys() {
    let key = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3";
    let signers = |more: &str| format!("[signers]\none = \"{key}\"\n{more}");
    assert_eq!(refused(&signers(&format!("two = \"{key}\""))), ["duplicate-key"]);
    let ceiling = Ceiling::of_text(&signers(""), Path::new("c")).unwrap();
    let rules = ceiling.rules().unwrap();
    assert_eq!((rules.signers.len(), rules.plugins.require_signature, rules.plugins.require_sha256), (1, true, true));
    assert!(!rules.plugins.sockets && rules.ldap.require_exclude && !rules.ldap.embedded);
}

#[test]
fn every_key_has_an_example_that_can_be_written() {
    let written = KEYS.all().filter(|(path, example)| !example.starts_with('[') && *path != "signers.*");
    for (path, example) in written {
        let section = path.rsplit_once('.').map_or("", |(section, _)| section).trim_end_matches(".*");
        let (section, required) = match (section, example) {
            ("plugins", "require-signature = true") => {
                ("plugins", "[signers]\nv = \"RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3\"\n")
            }
            ("plugins", _) => ("plugins", "plugins.require-signature = false\n"),
            (section, _) => (section, "plugins.require-signature = false\n"),
        };
        let text = match section {
            "" => format!("{example}\n{required}"),
            "plugins" if !required.starts_with('[') => format!("{required}plugins.{example}\n"),
            section => format!("{required}[{section}]\n{example}\n"),
        };
        let read = Ceiling::of_text(&text, Path::new("c"));
        assert!(read.is_ok(), "{path}: {:?}", read.err().map(crate::config::Problems::into_all));
    }
}

#[test]
fn a_file_that_is_named_must_be_there_and_the_other_need_not() {
    let folder = Folder::new();
    assert!(load(folder.path(), None).unwrap().rules().is_none());
    let named = folder.path().join("named.toml");
    assert_eq!(load(folder.path(), Some(&named)).unwrap_err().all()[0].name(), "ceiling-unreadable");
    assert_eq!(load(folder.path(), Some(Path::new(""))).unwrap_err().all()[0].name(), "ceiling-unreadable");
    std::os::unix::fs::symlink("nowhere", folder.path().join("ceiling.toml")).unwrap();
    assert_eq!(load(folder.path(), None).unwrap_err().all()[0].name(), "ceiling-unreadable");
    std::fs::remove_file(folder.path().join("ceiling.toml")).unwrap();
    let path = folder.write("ceiling.toml", CEILING.as_bytes());
    assert!(load(folder.path(), None).unwrap().rules().is_some());
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o666)).unwrap();
    for named in [None, Some(&*path)] {
        assert_eq!(load(folder.path(), named).unwrap_err().all()[0].name(), "ceiling-not-safe");
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "([a-z.\\[\\]= \"{},0-9*-]{0,12}\n?){0,12}") {
        let _ = Ceiling::of_text(&text, Path::new("c"));
    }
}
