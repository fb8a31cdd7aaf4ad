//! LDAP servers that behave, that do not, and that were never meant to: each test ends with an operation that works.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, in its helpers too")]

mod answers;
mod ber;
mod certificates;
mod failover;
mod fake;
mod hostile;
mod mutated;
mod pooling;
mod protection;
mod verification;
mod writes;

use std::sync::Arc;
use std::time::Duration;

use portcullis_directory::ldap::{LdapDirectory, MinTls, Settings};
use portcullis_directory::{
    Change, ChangeKind, Directory as _, Failure, Found, Modify, Performer, Scope, Search, Value,
};
use portcullis_model::{Encoding, Password};

/// Long enough to be a failure of the test if it is waited for.
const LONG: Duration = Duration::from_secs(30);
/// Short enough to be waited for, and long enough for a good answer on a busy machine.
const SHORT: Duration = Duration::from_secs(1);

fn settings(urls: &[String]) -> Settings {
    Settings {
        urls: urls.to_vec(),
        start_tls: false,
        min_tls: MinTls::Tls12,
        ca_pem: None,
        bind: None,
        connections: 2,
        connect_timeout: LONG,
        request_timeout: LONG,
        idle_timeout: LONG,
    }
}

fn directory(url: &str) -> LdapDirectory {
    LdapDirectory::new(settings(&[url.to_owned()])).unwrap()
}

fn password(text: &str) -> Arc<Password> {
    Arc::new(Password::new(text.to_owned()).unwrap())
}

fn query() -> Search {
    Search {
        base: "dc=example".to_owned(),
        scope: Scope::Subtree,
        filter: "(uid=alice)".to_owned(),
        attributes: vec!["uid".to_owned()],
        limit: 10,
    }
}

fn modification(values: Vec<Value>) -> Modify {
    Modify {
        dn: fake::ALICE.to_owned(),
        changes: vec![Change { kind: ChangeKind::Replace, attribute: "description".to_owned(), values }],
        controls: Vec::new(),
    }
}

fn plain_modification() -> Modify {
    modification(vec![Value::Plain(b"x".to_vec())])
}

fn secret_modification() -> Modify {
    modification(vec![Value::Secret(password("new secret"), Encoding::Utf8)])
}

async fn search(directory: &LdapDirectory) -> Result<Found, Failure> {
    directory.search(&query()).await
}

async fn write(directory: &LdapDirectory) -> Result<u32, Failure> {
    directory.modify(&Performer::Service, &plain_modification()).await.map(|answer| answer.code)
}

async fn works(directory: &LdapDirectory) {
    let found = search(directory).await.unwrap();
    assert_eq!(found.answer.code, 0);
    assert_eq!(found.entries.len(), 1);
    assert_eq!(found.entries[0].text("uid"), Some("alice"));
}

/// The text of an error that nothing but `Unavailable` may be.
fn unavailable<T: std::fmt::Debug>(result: Result<T, Failure>) -> String {
    match result {
        Err(Failure::Unavailable(text)) => text,
        other => panic!("{other:?}"),
    }
}
