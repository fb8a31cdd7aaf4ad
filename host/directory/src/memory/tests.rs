//! The fixture, and the tests by subject.

mod active_directory;
mod faults;
mod ppolicy;
mod search;
mod seed;
mod state;

use std::sync::Mutex;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::*;
use crate::Directory as _;
use crate::request::{Change, ChangeKind, Entry, Scope, Value};

const ALICE: &str = "uid=alice,ou=People,dc=example";
const BOB: &str = "uid=bob,ou=People,dc=example";
const OLD: &str = "old-Password-1";
const NEW: &str = "new-Password-2";
const PPOLICY: &str = "1.3.6.1.4.1.42.2.27.8.5.1";

const SEED: &str = "\
version: 1

dn: dc=example
objectClass: domain
dc: example

dn: ou=People,dc=example
objectClass: organizationalUnit
ou: People

dn: uid=alice,ou=People,dc=example
objectClass: top
objectClass: user
uid: alice
cn: Alice  Example
mail: Alice@example.com
description: first
description: second
userAccountControl: 512
userPassword: old-Password-1

dn: uid=bob,ou=People,dc=example
objectClass: user
uid: bob
userAccountControl: 514
userPassword: old-Password-1

dn: cn=printer,dc=example
objectClass: device
cn: printer
";

/// A clock that stands still until it is told.
#[derive(Clone)]
struct Hands(Arc<Mutex<SystemTime>>);

impl Hands {
    fn new() -> Self {
        Self(Arc::new(Mutex::new(UNIX_EPOCH + Duration::from_secs(1_800_000_000))))
    }

    fn pass(&self, seconds: u64) {
        *self.0.lock().unwrap() += Duration::from_secs(seconds);
    }

    fn clock(&self) -> Clock {
        let hands = self.clone();
        Arc::new(move || *hands.0.lock().unwrap())
    }
}

/// The rules that the tests break.
fn strict() -> Policy {
    Policy { min_length: 10, history: 2, min_age: 3600, max_failures: 3, ..Policy::default() }
}

fn directory(dialect: Dialect) -> (MemoryDirectory, Hands) {
    with_policy(dialect, strict())
}

fn with_policy(dialect: Dialect, policy: Policy) -> (MemoryDirectory, Hands) {
    let hands = Hands::new();
    let settings = Settings { policy, dialect, clock: hands.clock(), ..Settings::default() };
    (open::from_ldif(SEED, settings).unwrap(), hands)
}

fn password(text: &str) -> Arc<Password> {
    Arc::new(Password::new(text.to_owned()).unwrap())
}

fn target(dn: &str, text: &str) -> Performer {
    Performer::Target { dn: dn.to_owned(), password: password(text) }
}

fn ppolicy() -> Control {
    Control { oid: PPOLICY.into(), critical: false, value: None }
}

/// What the control of an answer says; `Some(None)` for one that says nothing.
fn said(answer: &Answer) -> Option<Option<u8>> {
    let control = answer.controls.iter().find(|control| control.oid == PPOLICY)?;
    Some(match control.value.as_deref() {
        Some([0x30, 0x00]) => None,
        Some([0x30, 0x03, 0x81, 0x01, error]) => Some(*error),
        other => panic!("{other:02x?}"),
    })
}

fn plain(text: &str) -> Value {
    Value::Plain(text.as_bytes().to_vec())
}

fn utf8(text: &str) -> Value {
    Value::Secret(password(text), Encoding::Utf8)
}

fn quoted(text: &str) -> Value {
    Value::Secret(password(text), Encoding::QuotedUtf16Le)
}

fn change(kind: ChangeKind, attribute: &str, values: impl IntoIterator<Item = Value>) -> Change {
    Change { kind, attribute: attribute.to_owned(), values: values.into_iter().collect() }
}

fn replace(attribute: &str, value: Value) -> Change {
    change(ChangeKind::Replace, attribute, [value])
}

fn on(dn: &str, changes: impl IntoIterator<Item = Change>) -> Modify {
    Modify { dn: dn.to_owned(), changes: changes.into_iter().collect(), controls: vec![ppolicy()] }
}

impl MemoryDirectory {
    async fn service(&self, dn: &str, changes: impl IntoIterator<Item = Change>) -> Answer {
        self.modify(&Performer::Service, &on(dn, changes)).await.unwrap()
    }

    /// The code of a bind, with the control asked for.
    async fn sign_in(&self, dn: &str, text: &str) -> Answer {
        self.bind(dn, &password(text), &[ppolicy()]).await.unwrap()
    }

    async fn lock_out(&self, dn: &str) {
        for _ in 0..3 {
            assert_eq!(self.sign_in(dn, "wrong-password").await.code, 49);
        }
    }

    async fn read(&self, dn: &str, attributes: &[&str]) -> Entry {
        let found = self.look(dn, Scope::Base, "(objectClass=*)", attributes, 2).await;
        found.entries.into_iter().next().unwrap_or_else(|| panic!("{dn} is not there"))
    }

    async fn one(&self, dn: &str, attribute: &str) -> Option<String> {
        self.read(dn, &[attribute]).await.text(attribute).map(str::to_owned)
    }

    async fn look(&self, base: &str, scope: Scope, filter: &str, attributes: &[&str], limit: usize) -> Found {
        let attributes = attributes.iter().map(|&a| a.to_owned()).collect();
        let search = Search { base: base.into(), scope, filter: filter.into(), attributes, limit };
        self.search(&search).await.unwrap()
    }
}
