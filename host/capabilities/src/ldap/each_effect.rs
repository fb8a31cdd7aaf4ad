//! What is kept before each effect, and told of it: on a directory in memory, without a plugin between.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use portcullis_directory::memory::{Dialect, MemoryDirectory, Policy};
use portcullis_directory::{Directory, Entry, Scope, Search};
use portcullis_model::{Event, Fault, FaultCode, Login, Operation, Password, Trace, Tried};
use portcullis_sandbox::Limits;

use super::{AttributeName, LdapGrant, RootDseCache, WriteGrant};
use crate::bindings::portcullis::writeback::ldap::{Change, ChangeKind, Host as _, LdapError, Performer, Value};
use crate::secrets::Label;
use crate::{Context, Grants, Intent, Ledger, OperationState, Target};

const ALICE: &str = "uid=alice,dc=example";

const PEOPLE: &str = "\
dn: dc=example
objectClass: domain
dc: example

dn: uid=alice,dc=example
objectClass: inetOrgPerson
uid: alice
cn: Alice
sn: Example
userPassword: correct horse battery
";

/// Whether it was the first asking, the names of what was given, and what stood in the directory then.
type Asked = (&'static str, Vec<&'static str>, Vec<String>);

/// Keeps what it was asked.
struct Kept {
    directory: MemoryDirectory,
    asked: Mutex<Vec<Asked>>,
    /// The asking, counted from 1, that fails.
    fails: Option<usize>,
}

fn name(event: &Event) -> &'static str {
    match event {
        Event::Allowed { .. } => "allowed",
        Event::Written { .. } => "written",
        _ => "another",
    }
}

impl Kept {
    async fn keep(&self, which: &'static str, so_far: &Trace) -> Result<(), Fault> {
        let there = described(&self.directory).await;
        let new = so_far.take_new().iter().map(|moment| name(&moment.event)).collect();
        let mut asked = self.asked.lock().unwrap();
        asked.push((which, new, there));
        if self.fails == Some(asked.len()) {
            return Err(Fault::new(FaultCode::AuditUnwritable, "the disk is full"));
        }
        Ok(())
    }
}

#[async_trait::async_trait]
impl Intent for Kept {
    async fn before_effect(&self, so_far: &Trace) -> Result<(), Fault> {
        self.keep("first", so_far).await
    }

    async fn before_further_effect(&self, so_far: &Trace) -> Result<(), Fault> {
        self.keep("further", so_far).await
    }
}

async fn described(directory: &MemoryDirectory) -> Vec<String> {
    let search = Search {
        base: ALICE.into(),
        scope: Scope::Base,
        filter: "(objectClass=*)".into(),
        attributes: vec!["description".into()],
        limit: 1,
    };
    let found = directory.search(&search).await.unwrap();
    let text = |value: &Vec<u8>| String::from_utf8(value.clone()).unwrap();
    found.entries[0].values("description").iter().map(text).collect()
}

/// An operation that may write `description`, and what is kept of it.
fn operation(fails: Option<usize>) -> (OperationState, Arc<Kept>, Ledger) {
    let directory = MemoryDirectory::from_ldif(PEOPLE, Policy::default(), Dialect::Plain).unwrap();
    let values = WriteGrant::Values { values: ["one", "two", "three"].map(str::to_owned).into(), remove: false };
    let write = BTreeMap::from([(AttributeName::parse("description").unwrap(), values)]);
    let context = Arc::new(Context {
        connector: "people".into(),
        grants: Grants { ldap: Some(LdapGrant { write, try_bind: true, ..LdapGrant::default() }), ..Grants::default() },
        directory: Some(Arc::new(directory.clone())),
        limits: Limits::default(),
        root_dse: RootDseCache::default(),
    });
    let kept = Arc::new(Kept { directory, asked: Mutex::default(), fails });
    let operation = Operation::unlock(Login::new("alice").unwrap()).unwrap();
    let target = Target { entry: Entry { dn: ALICE.into(), attributes: Vec::new() }, server: "memory".into() };
    let ledger = Ledger::default();
    let state = OperationState::new(context, &operation, target, Trace::default(), ledger.clone());
    (state.with_intent(Some(Arc::clone(&kept) as Arc<dyn Intent>)), kept, ledger)
}

async fn describe(state: &mut OperationState, text: &str) -> Result<(), LdapError> {
    let change =
        Change { kind: ChangeKind::Replace, attribute: "description".into(), values: vec![Value::Text(text.into())] };
    state.modify(ALICE.into(), Performer::Service, vec![change], vec![]).await.unwrap().map(|_| ())
}

#[tokio::test]
async fn what_led_to_an_effect_is_kept_before_it_for_each_effect() {
    let (mut state, kept, _) = operation(None);
    for text in ["one", "two", "three"] {
        describe(&mut state, text).await.unwrap();
    }
    assert_eq!(
        *kept.asked.lock().unwrap(),
        [
            ("first", vec!["allowed"], vec![]),
            ("further", vec!["written", "allowed"], vec!["one".to_owned()]),
            ("further", vec!["written", "allowed"], vec!["two".to_owned()]),
        ]
    );
}

#[tokio::test]
async fn after_one_that_was_not_kept_there_is_no_effect_any_more() {
    for fails in [1, 2] {
        let (mut state, kept, ledger) = operation(Some(fails));
        for (number, text) in (1..).zip(["one", "two", "three"]) {
            let written = describe(&mut state, text).await;
            assert_eq!(written.is_ok(), number < fails, "{text}: {written:?}");
        }
        // Nobody is asked again: what led to the effect that failed was given away, and is not kept.
        assert_eq!(kept.asked.lock().unwrap().len(), fails);
        let there: &[&str] = if fails == 1 { &[] } else { &["one"] };
        assert_eq!(described(&kept.directory).await, there);
        assert_eq!(ledger.seen().unintended.unwrap().code, FaultCode::AuditUnwritable);
    }
}

#[tokio::test]
async fn what_became_of_a_bind_is_told() {
    let (state, kept, _) = operation(None);
    let mut state = state.with_intent(None);
    // The last one is not sent: one refused bind is enough.
    for (text, away) in [("correct horse battery", false), ("another", true), ("another", false), ("one more", false)] {
        kept.directory.faults().unavailable(usize::from(away));
        let secret = Arc::new(Password::new(text.to_owned()).unwrap());
        let handle = state.hold(Label::Candidate, &secret).unwrap();
        let _ = state.try_bind(ALICE.into(), handle, vec![]).await.unwrap();
    }
    let tried = state.trace.events().into_iter().filter_map(|event| match event {
        Event::Tried { password, answer: Tried::Answered { code, .. } } => Some((password, Some(code))),
        Event::Tried { password, answer: Tried::Unanswered { reason } } => {
            assert!(!reason.is_empty());
            Some((password, None))
        }
        _ => None,
    });
    // RFC 4511 appendix A: invalidCredentials is 49.
    let expected = [Some(0), None, Some(49)].map(|code| ("candidate", code));
    assert_eq!(tried.collect::<Vec<_>>(), expected);
}
