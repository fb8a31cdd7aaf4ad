//! Connectors in other languages do what the ones in Rust do, with the grants that their READMEs name and within the
//! limits that every connector has.
//!
//! One that was not built here, for want of its toolchain, is skipped by name.

use portcullis_tests::{or_skip, plugins};

use crate::folder::{ALICE, ALICES, BOB, BOBS, Folder};

const NEW: &str = "A-New Passw0rd \"\u{1f600}\"";

struct Language {
    name: &'static str,
    /// Sections of the connector's file besides `[ldap]`.
    sections: &'static str,
    /// What [ldap] grants besides the password.
    ldap: &'static str,
    accounts: bool,
}

const C: Language = Language { name: "c", sections: "[log]\nlevel = \"info\"\n", ldap: "", accounts: false };

const TYPESCRIPT: Language = Language { name: "typescript", ..C };

const PYTHON: Language = Language {
    name: "python",
    sections: "[log]\nlevel = \"info\"\n\n[config]\n",
    ldap: "pwdReset = [\"TRUE\"]\npwdAccountLockedTime = \"remove\"\n\n\
           [ldap.read]\nattributes = [\"pwdAccountLockedTime\", \"pwdReset\", \"pwdChangedTime\"]\n",
    accounts: true,
};

impl Language {
    fn folder(&self) -> Option<Folder> {
        let plugin = or_skip(plugins::example(self.name))?;
        let folder = Folder::new();
        std::fs::copy(plugin, folder.path().join("plugins/example.wasm")).unwrap();
        let operations = if self.accounts { "\"unlock-account\", \"account-status\", " } else { "" };
        folder.write(
            crate::folder::MOCK,
            format!(
                r#"plugin = "example.wasm"
accounts = ["*@people.example"]
operations = ["reset-password", "change-password", {operations}"verify-password"]

[ldap.embedded]
seed = "people.ldif"
state = "people.state.ldif"

[ldap.locate]
base = "ou=people,dc=people,dc=example"
filter = "(&(objectClass=inetOrgPerson)(uid={{account.name}}))"
exclude = "(employeeType=administrator)"

[ldap.allow]
try-bind = true
as-target = true

[ldap.write]
userPassword = "password"
{ldap}
{sections}"#,
                ldap = self.ldap,
                sections = self.sections,
            ),
        );
        Some(folder)
    }

    fn places_passwords(&self) {
        let Some(folder) = self.folder() else { return };
        let run = folder.run(&["connectors"]);
        assert_eq!(run.code, 0, "{run}");
        run.reads(&format!("language_{}_connectors", self.name));

        let run = folder.run_with(&["reset", ALICE, "--password-stdin", "--trace"], NEW);
        assert_eq!(run.code, 0, "{run}");
        run.reads(&format!("language_{}_reset", self.name));
        assert_eq!((folder.verify(ALICE, NEW), folder.verify(ALICE, ALICES)), (0, 20));

        let change = |old: &str, new: &str| {
            folder.run_with(&["change", BOB, "--password-stdin", "--log", "debug"], &format!("{old}\n{new}\n"))
        };
        let run = change("not the password", NEW);
        assert_eq!((run.code, &*run.fault()), (16, "wrong-password"), "{run}");
        assert_eq!((folder.verify(BOB, BOBS), folder.verify(BOB, NEW)), (0, 20));
        let run = change(BOBS, "Sh0rt!");
        assert_eq!((run.code, &*run.fault()), (10, "password-rejected"), "{run}");
        let run = change(BOBS, NEW);
        assert_eq!(run.code, 0, "{run}");
        assert!(run.stderr.contains("with the password new"), "the connector's own line: {run}");
        assert_eq!((folder.verify(BOB, NEW), folder.verify(BOB, BOBS)), (0, 20));
    }

    /// Every grant that the README names is needed.
    fn needs_its_grants(&self) {
        let Some(folder) = self.folder() else { return };
        let good = folder.read(crate::folder::MOCK);
        let change = format!("{ALICES}\n{NEW}\n");
        for (grant, without, arguments, input) in [
            ("try-bind = true", "", ["verify", ALICE, "--password-stdin"], ALICES),
            ("as-target = true", "", ["change", ALICE, "--password-stdin"], &change),
            ("userPassword = \"password\"", "", ["reset", ALICE, "--password-stdin"], NEW),
        ] {
            folder.edit(crate::folder::MOCK, &[(grant, without)]);
            let run = folder.run_with(&arguments, input);
            assert_eq!((run.code, &*run.fault()), (12, "not-granted"), "{run}");
            folder.write(crate::folder::MOCK, &good);
        }
        assert_eq!((folder.verify(ALICE, ALICES), folder.verify(ALICE, NEW)), (0, 20));
    }
}

#[test]
fn c_places_passwords() {
    C.places_passwords();
}

#[test]
fn c_needs_its_grants() {
    C.needs_its_grants();
}

#[test]
fn typescript_places_passwords() {
    TYPESCRIPT.places_passwords();
}

#[test]
fn typescript_needs_its_grants() {
    TYPESCRIPT.needs_its_grants();
}

#[test]
fn python_places_passwords() {
    PYTHON.places_passwords();
}

#[test]
fn python_needs_its_grants() {
    PYTHON.needs_its_grants();
}

/// What C and TypeScript leave out is said, and is no success.
#[test]
fn what_was_asked_besides_and_is_beyond_a_connector_is_missing() {
    let Some(folder) = C.folder() else { return };
    let run = folder.run_with(&["reset", ALICE, "--password-stdin", "--must-change", "--unlock"], NEW);
    assert_eq!(run.code, 15, "{run}");
    run.reads("language_c_in_part");
    assert_eq!((folder.verify(ALICE, NEW), folder.verify(ALICE, ALICES)), (0, 20));
    let run = folder.run(&["unlock", ALICE]);
    assert_eq!((run.code, &*run.fault()), (12, "operation-not-granted"), "{run}");
}

#[test]
fn python_knows_accounts() {
    let Some(folder) = PYTHON.folder() else { return };
    let run = folder.run_with(&["reset", ALICE, "--password-stdin", "--must-change", "--unlock"], NEW);
    assert_eq!(run.code, 0, "{run}");
    run.reads("language_python_options");
    for _ in 0..5 {
        assert_eq!(folder.verify(BOB, "not the password"), 20);
    }
    let locked = || folder.run(&["status", BOB, "--json"]).json()["receipt"]["status"]["locked"].clone();
    assert_eq!(locked(), true);
    assert_eq!(folder.run(&["unlock", BOB]).code, 0);
    assert_eq!(locked(), false);
    assert_eq!(folder.verify(BOB, BOBS), 0);
    let run = folder.run(&["check"]);
    assert_eq!(run.code, 0, "{run}");
    run.reads("language_python_check");
}

/// What the components prove of themselves does not depend on their language.
#[test]
fn none_can_read_passwords_or_reach_out() {
    for language in [C, TYPESCRIPT, PYTHON] {
        let Some(plugin) = or_skip(plugins::example(language.name)) else { continue };
        let run = Folder::empty().run(&["inspect", &plugin.display().to_string(), "--json"]);
        let proved: Vec<_> =
            run.json()["proved"].as_array().unwrap().iter().map(|p| p["code"].as_str().unwrap().to_owned()).collect();
        for code in ["cannot-read-passwords", "cannot-open-sockets", "cannot-open-files", "no-wasi"] {
            assert!(proved.iter().any(|p| p == code), "{}: {code} is not proved: {run}", language.name);
        }
    }
}
