//! The caller learns the truth: done, refused or unknown, for a directory that answers, forgets to, or contradicts itself.
//! Through the real path, with the mock connector on an embedded directory that misbehaves on demand.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, in its helpers too")]

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use portcullis::ceiling::Ceiling;
use portcullis::config::load_file;
use portcullis::connector::Connector;
use portcullis::operation::perform;
use portcullis_directory::memory::{Dialect, Faults, MemoryDirectory, Policy};
use portcullis_directory::{Answer, Control, Directory, Failure, Found, Modify, Performer, Search, SetPassword};
use portcullis_model::{Confirmation, Event, FaultCode, Login, Operation, Outcome, Password, ResetOptions};
use portcullis_sandbox::{Sandbox, SandboxOptions};

const ALICE: &str = "uid=alice,ou=people,dc=example,dc=org";
const OLD: &str = "correct horse battery";
const NEW: &str = "staple of the horse";

const PEOPLE: &str = "\
dn: dc=example,dc=org
objectClass: domain
dc: example

dn: ou=people,dc=example,dc=org
objectClass: organizationalUnit
ou: people

dn: uid=alice,ou=people,dc=example,dc=org
objectClass: inetOrgPerson
uid: alice
cn: Alice
sn: Example
userPassword: correct horse battery
";

const FILE: &str = r#"
plugin = "PLUGIN"
accounts = ["*"]
operations = ["reset-password", "unlock-account"]

[ldap.embedded]
seed = "people.ldif"

[ldap.locate]
base = "ou=people,dc=example,dc=org"
filter = "(uid={account.login})"

[ldap.read]
attributes = ["pwdChangedTime", "pwdAccountLockedTime", "pwdReset"]

[ldap.write]
userPassword = "password"
pwdReset = ["TRUE"]
pwdAccountLockedTime = "remove"

[ldap.allow]
controls = ["1.3.6.1.4.1.42.2.27.8.5.1"]

[ldap.confirm]
CONFIRM

[limits]
time = "300ms"
"#;

/// The embedded directory, with an answer to binds of the test's own if it has one.
#[derive(Debug)]
struct Odd {
    inner: MemoryDirectory,
    bind: Option<(u32, &'static str)>,
}

#[async_trait]
impl Directory for Odd {
    async fn search(&self, search: &Search) -> Result<Found, Failure> {
        self.inner.search(search).await
    }

    async fn modify(&self, performer: &Performer, modify: &Modify) -> Result<Answer, Failure> {
        self.inner.modify(performer, modify).await
    }

    async fn set_password(&self, performer: &Performer, request: &SetPassword) -> Result<Answer, Failure> {
        self.inner.set_password(performer, request).await
    }

    async fn bind(&self, dn: &str, password: &Password, controls: &[Control]) -> Result<Answer, Failure> {
        match self.bind {
            Some((code, diagnostic)) => {
                Ok(Answer { code, diagnostic: diagnostic.into(), controls: vec![], server: "odd".into() })
            }
            None => self.inner.bind(dn, password, controls).await,
        }
    }
}

struct Stage {
    connector: Connector,
    memory: MemoryDirectory,
    _folder: tempfile::TempDir,
    _sandbox: Sandbox,
}

fn stage(confirm: &str, bind: Option<(u32, &'static str)>) -> Stage {
    let folder = tempfile::tempdir().unwrap();
    let plugin = portcullis_tests::plugins::plugin("mock").unwrap();
    let file = folder.path().join("truth.toml");
    std::fs::write(folder.path().join("people.ldif"), PEOPLE).unwrap();
    std::fs::write(&file, FILE.replace("PLUGIN", plugin.to_str().unwrap()).replace("CONFIRM", confirm)).unwrap();
    let sandbox = Sandbox::new(SandboxOptions::default(), None).unwrap();
    let mut connector = Connector::start(load_file(&file, folder.path()).unwrap(), &sandbox, &Ceiling::none()).unwrap();
    let memory = MemoryDirectory::from_ldif(PEOPLE, Policy::default(), Dialect::Plain).unwrap();
    let context = Arc::get_mut(&mut connector.context).unwrap();
    context.directory = Some(Arc::new(Odd { inner: memory.clone(), bind }));
    Stage { connector, memory, _folder: folder, _sandbox: sandbox }
}

fn password(text: &str) -> Password {
    Password::new(text.to_owned()).unwrap()
}

impl Stage {
    fn faults(&self) -> Faults {
        self.memory.faults()
    }

    async fn reset(&self, options: ResetOptions) -> Outcome {
        let operation = Operation::reset(Login::new("alice").unwrap(), password(NEW), options).unwrap();
        let report = perform(&self.connector, &operation).await;
        let Some(Event::Ended { outcome, .. }) = report.events.last() else { panic!("no end in the trace") };
        assert_eq!(*outcome, report.outcome.word());
        report.outcome
    }

    /// Asks the directory itself, past everything that is under test.
    async fn binds(&self, text: &str) -> bool {
        self.memory.bind(ALICE, &password(text), &[]).await.unwrap().code == 0
    }

    /// Whatever happened before, the next operation works.
    async fn works(&self) {
        let operation = Operation::unlock(Login::new("alice").unwrap()).unwrap();
        let outcome = perform(&self.connector, &operation).await.outcome;
        assert!(matches!(outcome, Outcome::Done(_)), "{outcome:?}");
    }
}

fn unknown(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::Unknown(fault) if fault.code == FaultCode::OutcomeUnknown => &fault.detail,
        other => panic!("not unknown: {other:?}"),
    }
}

#[tokio::test]
async fn an_answer_that_never_came_is_found_out_by_looking() {
    let stage = stage("by = \"bind\"", None);
    stage.faults().in_doubt_after_applying(1);
    let Outcome::Done(receipt) = stage.reset(ResetOptions::default()).await else { panic!("not done") };
    assert!(matches!(receipt.confirmation, Confirmation::Confirmed(_)), "{receipt:?}");
    assert!(stage.binds(NEW).await && !stage.binds(OLD).await);
    stage.works().await;
}

#[tokio::test]
async fn a_password_that_is_not_there_is_unknown_and_not_refused() {
    let stage = stage("by = \"bind\"", None);
    stage.faults().in_doubt_without_applying(1);
    let outcome = stage.reset(ResetOptions::default()).await;
    assert!(unknown(&outcome).contains("refused a bind with it"), "{outcome:?}");
    assert!(stage.binds(OLD).await);
    stage.works().await;
}

#[tokio::test]
async fn without_looking_a_doubt_stays_one() {
    let stage = stage("by = \"none\"", None);
    stage.faults().in_doubt_after_applying(1);
    let outcome = stage.reset(ResetOptions::default()).await;
    assert!(unknown(&outcome).contains("nobody looked"), "{outcome:?}");
    stage.works().await;
}

#[tokio::test]
async fn reading_back_finds_it_out_too() {
    let stage = stage("by = \"read-back\"\nattribute = \"pwdChangedTime\"", None);
    stage.faults().in_doubt_after_applying(1);
    let outcome = stage.reset(ResetOptions::default()).await;
    assert!(matches!(outcome, Outcome::Done(_)), "{outcome:?}");
    let same = stage.faults();
    same.in_doubt_without_applying(1);
    let outcome = stage.reset(ResetOptions::default()).await;
    assert!(unknown(&outcome).contains("is the same as before"), "{outcome:?}");
    stage.works().await;
}

#[tokio::test]
async fn a_directory_that_takes_a_password_and_refuses_it_leaves_the_outcome_unknown() {
    let stage = stage("by = \"bind\"", Some((49, "")));
    let outcome = stage.reset(ResetOptions::default()).await;
    assert!(unknown(&outcome).contains("accepted the password, and yet it does not work"), "{outcome:?}");
    stage.works().await;
}

#[tokio::test]
async fn an_account_that_may_not_sign_in_is_no_contradiction() {
    let disabled = "80090308: LdapErr: DSID-0, comment: AcceptSecurityContext error, data 533, v1";
    let stage = stage("by = \"bind\"", Some((49, disabled)));
    let Outcome::Done(receipt) = stage.reset(ResetOptions::default()).await else { panic!("not done") };
    assert!(matches!(receipt.confirmation, Confirmation::AcceptedOnly(_)), "{receipt:?}");
}

#[tokio::test]
async fn a_plugin_that_ran_out_of_time_while_the_directory_was_writing_did_not_fail() {
    let stage = stage("by = \"bind\"", None);
    // Every answer comes after the operation's 300 ms; the write itself takes effect at once.
    let faults = stage.faults();
    faults.delay(Duration::from_millis(400));
    // Locating waits without the plugin's limit; the plugin is then dropped in its first call, before any write.
    let outcome = stage.reset(ResetOptions::default()).await;
    assert!(matches!(&outcome, Outcome::Refused(fault) if fault.code == FaultCode::OperationTimeout), "{outcome:?}");
    faults.delay(Duration::ZERO);
    assert!(stage.binds(OLD).await);
    // With the root DSE known from a moment ago, the first call that waits is the write.
    stage.works().await;
    faults.delay(Duration::from_millis(400));
    let Outcome::Done(receipt) = stage.reset(ResetOptions::default()).await else { panic!("not done") };
    assert!(matches!(receipt.confirmation, Confirmation::Confirmed(_)), "{receipt:?}");
    faults.delay(Duration::ZERO);
    assert!(stage.binds(NEW).await);
}

#[tokio::test]
async fn a_directory_that_is_away_is_refused_with_nothing_written() {
    let stage = stage("by = \"bind\"", None);
    stage.faults().unavailable(1);
    let outcome = stage.reset(ResetOptions::default()).await;
    assert!(
        matches!(&outcome, Outcome::Refused(fault) if fault.code == FaultCode::DirectoryUnavailable),
        "{outcome:?}"
    );
    assert!(stage.binds(OLD).await);
    stage.works().await;
}
