//! The directory of `examples/connectors-toml/people.ldif`, a connector's file that grants little of it, and what is there
//! afterwards.

use portcullis::connector::Connector;
use portcullis_directory::{Entry, Scope, Search};
use portcullis_model::Password;
use portcullis_tests::harness::Draft;
use portcullis_tests::plugins::root;

pub(crate) const ALICE: &str = "uid=alice,ou=people,dc=people,dc=example";
pub(crate) const BOB: &str = "uid=bob,ou=people,dc=people,dc=example";
pub(crate) const LOGIN: &str = "alice@people.example";
pub(crate) const OLD: &str = "correct horse battery";
pub(crate) const NEW: &str = "Tr0ub4dor-And-3";

/// What the attempts start from.
const FILE: &str = r#"
accounts = ["*"]

[ldap.embedded]
history = 0

[ldap.locate]
base = "ou=people,dc=people,dc=example"
filter = "(&(objectClass=inetOrgPerson)(uid={account.name}))"
exclude = "(employeeType=administrator)"

[ldap.read]
attributes = ["cn", "uid", "pwdReset"]

[ldap.search]
bases = ["ou=people,dc=people,dc=example"]

[ldap.write]
userPassword = "password"
pwdReset = ["TRUE"]

[log]
level = "debug"

[limits]
time = "20s"
memory = "16 MiB"
"#;

/// A connector with few grants for some kinds of operation.
pub(crate) fn draft(operations: &[&str], max_failures: i64) -> Draft {
    let seed = root().join("examples/connectors-toml/people.ldif").display().to_string();
    let draft = Draft::written(FILE).set("operations", operations.to_vec());
    draft.set("ldap.embedded.seed", seed).set("ldap.embedded.max-failures", max_failures)
}

/// Every entry with every attribute, as the directory shows it.
pub(crate) async fn entries(connector: &Connector) -> Vec<Entry> {
    let search = Search {
        base: "dc=people,dc=example".to_owned(),
        scope: Scope::Subtree,
        filter: "(objectClass=*)".to_owned(),
        attributes: vec!["*".to_owned(), "+".to_owned()],
        limit: 100,
    };
    let found = connector.context.directory.as_ref().unwrap().search(&search).await.unwrap();
    assert_eq!(found.entries.len(), 5, "{found:?}");
    found.entries
}

/// Whether an entry can be bound with a password. A wrong one is counted by the directory.
pub(crate) async fn binds(connector: &Connector, dn: &str, text: &str) -> bool {
    let directory = connector.context.directory.as_ref().unwrap();
    directory.bind(dn, &password(text), &[]).await.unwrap().code == 0
}

pub(crate) fn password(text: &str) -> Password {
    Password::new(text.to_owned()).unwrap()
}

/// What a terminal obeys instead of showing it.
pub(crate) fn obeyed(c: char) -> bool {
    c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c)
}
