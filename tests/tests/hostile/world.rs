//! A directory of three people, a connector's file with few grants, and everything that is said about an operation.

mod log;
mod people;

use std::path::Path;

use portcullis::ceiling::Ceiling;
use portcullis::connector::Connector;
use portcullis::{operation, show};
use portcullis_directory::Entry;
use portcullis_model::{Event, Fault, Login, Operation, ResetOptions};
use portcullis_sandbox::{Cache, Sandbox, SandboxOptions};
use portcullis_tests::harness::{self, Report};
use portcullis_tests::plugins::{plugin, root, test_plugin};
use toml::Value;

pub(crate) use log::Log;
pub(crate) use people::{ALICE, BOB, NEW, OLD};
use people::{LOGIN, obeyed, password};

/// A connector does everything that it is asked for.
const OPERATIONS: [&str; 5] =
    ["reset-password", "change-password", "unlock-account", "verify-password", "account-status"];

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
        let file = people::draft(&OPERATIONS, 2).set("config.behave", "well");
        Draft { world: self, file: file.set("plugin", plugin.display().to_string()) }
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
    file: harness::Draft,
}

impl<'w> Draft<'w> {
    /// With another value for a key, for example `ldap.allow.try-bind`. Dots separate; none may be in a name.
    pub(crate) fn set(self, key: &str, value: impl Into<Value>) -> Self {
        Self { file: self.file.set(key, value), ..self }
    }

    pub(crate) fn without(self, section: &str) -> Self {
        Self { file: self.file.unset(section), ..self }
    }

    /// The connector, or the fault that keeps it from starting.
    pub(crate) fn try_start(self) -> Result<Running<'w>, Fault> {
        let file = self.file.load();
        let file = file.unwrap_or_else(|problems| panic!("the file cannot be used: {:#?}", problems.all()));
        let connector = Connector::start(file, &self.world.sandbox, &Ceiling::none())?;
        Ok(Running { world: self.world, connector, _file: self.file })
    }

    pub(crate) fn start(self) -> Running<'w> {
        self.try_start().unwrap_or_else(|fault| panic!("the connector does not start: {fault}"))
    }
}

/// A connector that is ready, with a directory of its own.
pub(crate) struct Running<'w> {
    world: &'w World,
    pub(crate) connector: Connector,
    _file: harness::Draft,
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
        people::entries(&self.connector).await
    }

    /// Whether an entry can be bound with a password. A wrong one is counted by the directory.
    pub(crate) async fn binds(&self, dn: &str, text: &str) -> bool {
        people::binds(&self.connector, dn, text).await
    }
}

fn alice() -> Login {
    Login::new(LOGIN).unwrap()
}

/// Neither the password, nor six characters of it in a row, in any case.
fn holds_no(text: &str, secret: &str) {
    let (text, secret) = (text.to_lowercase(), secret.to_lowercase());
    for at in 0..=secret.len().saturating_sub(6) {
        assert!(!text.contains(&secret[at..(at + 6).min(secret.len())]), "a password can be read here: {text}");
    }
}

/// The denials of an operation: the call, and what it was about.
pub(crate) fn denials(report: &Report) -> Vec<(&'static str, String)> {
    let denial = |event: &Event| match event {
        Event::Denied { call, subject, .. } => Some((*call, subject.clone())),
        _ => None,
    };
    report.events.iter().filter_map(denial).collect()
}
