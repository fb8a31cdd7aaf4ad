//! A directory of three people, a connector's file with few grants, and everything that is said about an operation.

mod log;

use std::path::{Path, PathBuf};

use portcullis::ceiling::Ceiling;
use portcullis::config;
use portcullis::connector::Connector;
use portcullis::{operation, show};
use portcullis_directory::{Entry, Scope, Search};
use portcullis_model::{Event, Fault, Login, Operation, Password, ResetOptions};
use portcullis_sandbox::{Cache, Sandbox, SandboxOptions};
use portcullis_tests::harness::Report;
use portcullis_tests::plugins::{plugin, root, test_plugin};
use tempfile::TempDir;
use toml::{Table, Value};

pub(crate) use log::Log;

pub(crate) const ALICE: &str = "uid=alice,ou=people,dc=people,dc=example";
pub(crate) const BOB: &str = "uid=bob,ou=people,dc=people,dc=example";
pub(crate) const OLD: &str = "correct horse battery";
pub(crate) const NEW: &str = "Tr0ub4dor-And-3";

/// What the attempts start from: little is granted.
const FILE: &str = r#"
accounts = ["*"]
operations = ["reset-password", "change-password", "unlock-account", "verify-password", "account-status"]

[ldap.embedded]
max-failures = 2
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

[config]
behave = "well"

[limits]
time = "20s"
memory = "16 MiB"
"#;

/// The host of one test.
pub(crate) struct World {
    sandbox: Sandbox,
    pub(crate) log: Log,
}

impl World {
    pub(crate) fn new() -> Self {
        let log = Log::collect();
        // Compiled once for all tests. One slot: what one operation leaves is where the next one comes.
        let cache = Cache::open(root().join("target/test-cache")).unwrap();
        Self { sandbox: Sandbox::new(SandboxOptions { slots: 1 }, Some(cache)).unwrap(), log }
    }

    /// The plugin `hostile`, behaving like this.
    pub(crate) fn hostile(&self, behave: &str) -> Draft<'_> {
        self.draft(&test_plugin("hostile").unwrap()).set("config.behave", behave)
    }

    /// Another guest of `tests/plugins`.
    pub(crate) fn guest(&self, name: &str) -> Draft<'_> {
        self.draft(&test_plugin(name).unwrap())
    }

    fn draft(&self, plugin: &Path) -> Draft<'_> {
        let draft = Draft { world: self, file: FILE.parse().unwrap(), folder: tempfile::tempdir().unwrap() };
        let seed = root().join("examples/connectors-toml/people.ldif");
        draft.set("plugin", plugin.display().to_string()).set("ldap.embedded.seed", seed.display().to_string())
    }

    /// The same process still does what it is for, with a hostile plugin's better half and with another plugin.
    pub(crate) async fn goes_on(&self) {
        self.hostile("well").start().reset().await.confirmed();
        let mock = self.draft(&plugin("mock").unwrap()).set("ldap.allow.controls", vec!["1.3.6.1.4.1.42.2.27.8.5.1"]);
        mock.start().reset().await.confirmed();
    }
}

/// A connector's file that is not finished yet.
pub(crate) struct Draft<'w> {
    world: &'w World,
    file: Table,
    folder: TempDir,
}

impl<'w> Draft<'w> {
    /// With another value for a key, for example `ldap.allow.try-bind`. Dots separate; none may be in a name.
    pub(crate) fn set(mut self, key: &str, value: impl Into<Value>) -> Self {
        let (sections, last) = key.rsplit_once('.').unwrap_or(("", key));
        let table = sections.split('.').filter(|name| !name.is_empty()).fold(&mut self.file, |table, name| {
            table.entry(name).or_insert_with(|| Table::new().into()).as_table_mut().unwrap()
        });
        table.insert(last.to_owned(), value.into());
        self
    }

    pub(crate) fn without(mut self, section: &str) -> Self {
        self.file.remove(section).unwrap();
        self
    }

    /// The connector, or the fault that keeps it from starting.
    pub(crate) fn try_start(self) -> Result<Running<'w>, Fault> {
        let path: PathBuf = self.folder.path().join("attempt.toml");
        std::fs::write(&path, toml::to_string(&self.file).unwrap()).unwrap();
        let file = config::load_file(&path, self.folder.path())
            .unwrap_or_else(|problems| panic!("the file cannot be used: {:#?}", problems.all()));
        let connector = Connector::start(file, &self.world.sandbox, &Ceiling::none())?;
        Ok(Running { world: self.world, connector, _folder: self.folder })
    }

    pub(crate) fn start(self) -> Running<'w> {
        self.try_start().unwrap_or_else(|fault| panic!("the connector does not start: {fault}"))
    }
}

/// A connector that is ready, with a directory of its own.
pub(crate) struct Running<'w> {
    world: &'w World,
    pub(crate) connector: Connector,
    _folder: TempDir,
}

impl Running<'_> {
    pub(crate) async fn reset(&self) -> Report {
        self.ask(Operation::reset(alice(), password(NEW), ResetOptions::default()).unwrap()).await
    }

    pub(crate) async fn change(&self, old: &str) -> Report {
        self.ask(Operation::change(alice(), password(old), password(NEW)).unwrap()).await
    }

    pub(crate) async fn verify(&self, candidate: &str) -> Report {
        self.ask(Operation::verify(alice(), password(candidate)).unwrap()).await
    }

    pub(crate) async fn unlock(&self) -> Report {
        self.ask(Operation::unlock(alice()).unwrap()).await
    }

    pub(crate) async fn status(&self) -> Report {
        self.ask(Operation::status(alice()).unwrap()).await
    }

    /// Does an operation; nothing that anybody reads of it may hold a password, or anything that a terminal obeys.
    pub(crate) async fn ask(&self, operation: Operation) -> Report {
        let report: Report = operation::perform(&self.connector, &operation).await.into();
        let json = show::outcome_json(&report.outcome, "", Some(&report.events));
        let mut texts = vec![report.to_string(), json.to_string(), format!("{:?}{:?}", report.outcome, report.events)];
        texts.extend(self.world.log.lines());
        for text in &texts {
            for secret in operation.secrets() {
                holds_no(text, secret.expose_secret());
            }
        }
        for text in report.events.iter().map(ToString::to_string).chain(self.world.log.lines()) {
            assert!(!text.contains(obeyed), "a terminal would obey this: {text:?}");
        }
        report
    }

    /// Every entry with every attribute, as the directory shows it.
    pub(crate) async fn entries(&self) -> Vec<Entry> {
        let search = Search {
            base: "dc=people,dc=example".to_owned(),
            scope: Scope::Subtree,
            filter: "(objectClass=*)".to_owned(),
            attributes: vec!["*".to_owned(), "+".to_owned()],
            limit: 100,
        };
        let found = self.connector.context.directory.as_ref().unwrap().search(&search).await.unwrap();
        assert!(found.entries.len() >= 5, "{found:?}");
        found.entries
    }

    /// Whether an entry can be bound with a password. A wrong one is counted by the directory.
    pub(crate) async fn binds(&self, dn: &str, text: &str) -> bool {
        let directory = self.connector.context.directory.as_ref().unwrap();
        directory.bind(dn, &password(text), &[]).await.unwrap().code == 0
    }
}

fn alice() -> Login {
    Login::new("alice@people.example").unwrap()
}

fn password(text: &str) -> Password {
    Password::new(text.to_owned()).unwrap()
}

/// Neither the password, nor six characters of it in a row, in any case.
fn holds_no(text: &str, secret: &str) {
    let (text, secret) = (text.to_lowercase(), secret.to_lowercase());
    for at in 0..=secret.len().saturating_sub(6) {
        assert!(!text.contains(&secret[at..(at + 6).min(secret.len())]), "a password can be read here: {text}");
    }
}

fn obeyed(c: char) -> bool {
    c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c)
}

/// The denials of an operation: the call, and what it was about.
pub(crate) fn denials(report: &Report) -> Vec<(&'static str, String)> {
    let denial = |event: &Event| match event {
        Event::Denied { call, subject, .. } => Some((*call, subject.clone())),
        _ => None,
    };
    report.events.iter().filter_map(denial).collect()
}

/// Whether something was sent to be written.
pub(crate) fn sent(report: &Report) -> bool {
    let sent = |e: &Event| matches!(e, Event::Written { .. } | Event::Refused { .. } | Event::InDoubt { .. });
    report.events.iter().any(sent)
}
