//! Passwords are set to the byte, in each encoding that a directory wants.

use crate::folder::{Folder, with};

/// Each with others that are not the same password.
const PASSWORDS: [(&str, &[&str]); 8] = [
    ("\"double\" and 'single' `quotes`", &["double and single quotes", "\\\"double\\\" and 'single' `quotes`"]),
    ("\u{1f600}\u{1f468}\u{200d}\u{1f469} smile at me", &["\u{1f600}\u{1f468}\u{1f469} smile at me", ":) smile at me"]),
    ("cafe\u{301} au lait", &["caf\u{e9} au lait", "cafe au lait"]),
    ("caf\u{e9} au lait", &["cafe\u{301} au lait", "CAF\u{c9} AU LAIT"]),
    ("  leading spaces", &["leading spaces", " leading spaces"]),
    ("trailing spaces  ", &["trailing spaces", "trailing spaces "]),
    ("\u{fb01}ne and \u{ff11}\u{ff12}", &["fine and 12"]),
    ("{SSHA}is not a hash here, \\n %s $HOME #", &["is not a hash here, \\n %s $HOME #"]),
];

fn set_exactly(folder: &Folder, account: &str) {
    for (password, others) in PASSWORDS {
        for ending in ["\n", "\r\n", ""] {
            let run = folder.run_with(&["reset", account, "--password-stdin"], &format!("{password}{ending}"));
            assert_eq!(run.code, 0, "{password:?}: {run}");
            assert!(run.stdout.contains("one bind as the account"), "{password:?}: {run}");
            for other in others {
                assert_eq!(folder.verify(account, other), 20, "{password:?} was set, and {other:?} works");
            }
            assert_eq!(folder.verify(account, password), 0, "{password:?}");
        }
    }
}

#[test]
fn in_utf8() {
    let folder = Folder::new().with(&[("history = 3", "history = 0")]);
    set_exactly(&folder, crate::folder::ALICE);
    // What a person knows, too, is taken to the byte.
    let (password, others) = PASSWORDS[2];
    let change = |old: &str| {
        let run =
            folder.run_with(&["change", crate::folder::ALICE, "--password-stdin"], &format!("{old}\nA-New-Passw0rd\n"));
        run.code
    };
    assert_eq!(folder.run_with(&["reset", crate::folder::ALICE, "--password-stdin"], password).code, 0);
    assert_eq!((change(others[0]), change(password)), (16, 0));
}

#[test]
fn in_utf16_within_quotes() {
    let folder = active_directory();
    set_exactly(&folder, "alice@corp.example");
}

/// The connector for Active Directory as in the examples, with a directory in memory that speaks like one.
fn active_directory() -> Folder {
    let folder = Folder::empty();
    let example = portcullis_tests::plugins::root().join("examples/connectors-toml/active-directory.toml");
    let text = std::fs::read_to_string(example).unwrap();
    let (before, rest) = text.split_once("[ldap]").unwrap();
    let (_, after) = rest.split_once("[ldap.locate]").unwrap();
    let embedded = "[ldap.embedded]\nseed = \"corp.ldif\"\nstate = \"corp.state.ldif\"\ndialect = \"active-directory\"\n\
                    history = 0\nmax-failures = 0\n\n[ldap.locate]";
    folder
        .write("connectors/corp.toml", with(&format!("{before}{embedded}{after}"), &[("(objectCategory=person)", "")]));
    folder.write(
        "connectors/corp.ldif",
        "dn: OU=Staff,DC=corp,DC=example\nobjectClass: organizationalUnit\nou: Staff\n\n\
         dn: CN=Alice,OU=Staff,DC=corp,DC=example\nobjectClass: user\ncn: Alice\nsAMAccountName: alice\n\
         userPrincipalName: alice@corp.example\nuserAccountControl: 512\nuserPassword: correct horse battery\n",
    );
    folder.plugin("active-directory");
    folder
}
