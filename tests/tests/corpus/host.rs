//! The host of one test: a hostile plugin's connector and a good one beside it, in one sandbox, on the real path of an
//! operation.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use portcullis::audit::perform_audited;
use portcullis::operation::Around;
use portcullis_audit::AuditLog;
use portcullis_directory::Entry;
use portcullis_model::{Login, Operation, Outcome, ResetOptions};
use portcullis_tests::harness::{Draft, Report, Running};
use portcullis_tests::plugins::{root, test_plugin};
use tempfile::TempDir;
use toml::Value;

use crate::facts;
use crate::item::Item;
use crate::log::Log;
use crate::people::{self, ALICE, LOGIN, NEW, OLD, obeyed, password};

/// The longest that an ordinary operation may take after a hostile one.
const AT_ONCE: Duration = Duration::from_millis(100);

/// A connector's file for a hostile plugin, and everything that is looked at besides.
pub(crate) struct Attempt {
    item: &'static Item,
    draft: Draft,
    /// Of the audit log, and of a plugin that this test made.
    folder: TempDir,
    pub(crate) log: Log,
    good: Running,
}

impl Attempt {
    /// The plugin that is the item's own: `tests/plugins/corpus/examples/NAME.rs`.
    pub(crate) fn of(item: &'static Item) -> Self {
        Self::with(item, &test_plugin(&format!("corpus/{}", item.name)).unwrap())
    }

    /// A plugin that this test made of its text.
    pub(crate) fn made(item: &'static Item, plugin: &[u8]) -> Self {
        let attempt = Self::with(item, Path::new("mock.wasm"));
        let path = attempt.folder.path().join("made.wasm");
        std::fs::write(&path, plugin).unwrap();
        attempt.set("plugin", path.display().to_string())
    }

    fn with(item: &'static Item, plugin: &Path) -> Self {
        let draft = |plugin: &Path| {
            let draft = people::draft(&["reset-password", "change-password", "verify-password"], 3);
            draft.set("config.corpus", "yes").set("plugin", plugin.display().to_string())
        };
        let good = draft(Path::new("mock.wasm")).set("ldap.allow.controls", vec!["1.3.6.1.4.1.42.2.27.8.5.1"]);
        let (good, log) = (good.start(), Log::collect());
        Self { item, draft: draft(plugin), folder: tempfile::tempdir().unwrap(), log, good }
    }

    /// With another value for a key of the connector's file.
    pub(crate) fn set(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.draft = self.draft.set(key, value);
        self
    }

    /// The connector, once it started.
    pub(crate) fn start(self) -> Started {
        let (running, audit) = (self.draft.start(), AuditLog::open(self.folder.path()).unwrap());
        Started { item: self.item, running, folder: self.folder, log: self.log, audit, good: self.good }
    }

    /// Two resets, of which nothing takes effect: the first one took nothing away that the second one needs.
    pub(crate) async fn refused(self) {
        let started = self.start();
        started.refused().await;
        started.refused().await;
    }

    /// One reset, of which the password and nothing else takes effect, for a plugin that hurts nobody.
    pub(crate) async fn done(self) -> (Report, Log) {
        let started = self.start();
        let report = started.done().await;
        (report, started.log)
    }
}

/// The connector of a hostile plugin.
pub(crate) struct Started {
    item: &'static Item,
    pub(crate) running: Running,
    folder: TempDir,
    pub(crate) log: Log,
    audit: AuditLog,
    good: Running,
}

impl Started {
    /// A reset, which ends as it should, is recorded as it should be, and changes nothing.
    pub(crate) async fn refused(&self) {
        let before = self.entries().await;
        let report = self.reset().await;
        assert!(matches!(report.outcome, Outcome::Refused(_)), "{}: {report}", self.item.name);
        assert!(!report.sent_a_write(), "{}: something was sent: {report}", self.item.name);
        assert_eq!(self.entries().await, before, "{}: something was written", self.item.name);
        assert!(self.binds(OLD).await, "{}: the old password is gone", self.item.name);
        assert!(!self.binds(NEW).await, "{}: the new password is there", self.item.name);
        goes_on(self.item, &self.good).await;
    }

    /// A reset, which sets the password and changes nothing else.
    pub(crate) async fn done(&self) -> Report {
        let before = self.entries().await;
        let report = self.reset().await;
        assert!(matches!(report.outcome, Outcome::Done(_)), "{}: {report}", self.item.name);
        assert_eq!(besides_password(self.entries().await), besides_password(before), "{}", self.item.name);
        assert!(self.binds(NEW).await, "{}: the password is not there", self.item.name);
        goes_on(self.item, &self.good).await;
        report
    }

    async fn reset(&self) -> Report {
        let new = password(NEW);
        let operation = Operation::reset(Login::new(LOGIN).unwrap(), password(NEW), ResetOptions::default()).unwrap();
        let connector = &self.running.connector;
        let (report, kept) =
            perform_audited(&self.audit, "user:tester".to_owned(), connector, &operation, Around::default()).await;
        let report = Report::from(report);
        assert_eq!(kept, Ok(()), "{}: {report}", self.item.name);
        self.item.is_told_by(&facts::of_operation(self.folder.path(), operation.id.as_str()));
        assert!(!facts::hold(self.folder.path(), &new), "{}: the password is in the audit log", self.item.name);
        for text in self.log.lines().into_iter().chain([report.to_string().replace('\n', " ")]) {
            assert!(!new.occurs_in(&text), "{}: the password is in the log: {text}", self.item.name);
            assert!(!text.contains(obeyed), "{}: a terminal would obey this: {text:?}", self.item.name);
        }
        report
    }

    pub(crate) async fn entries(&self) -> Vec<Entry> {
        people::entries(&self.running.connector).await
    }

    async fn binds(&self, text: &str) -> bool {
        people::binds(&self.running.connector, ALICE, text).await
    }
}

/// Without what a directory keeps of the target's password.
fn besides_password(mut entries: Vec<Entry>) -> Vec<Entry> {
    for entry in entries.iter_mut().filter(|entry| entry.dn == ALICE) {
        entry.attributes.retain(|attribute| {
            let name = attribute.name.to_lowercase();
            !name.starts_with("pwd") && name != "userpassword" && name != "modifytimestamp"
        });
    }
    entries
}

/// An ordinary operation of another connector in the same process: at once, whatever happened before. The best of three,
/// because the machine has other things to do.
async fn goes_on(item: &Item, good: &Running) {
    let mut times = Vec::new();
    for _ in 0..3 {
        let started = Instant::now();
        let report = good.reset(LOGIN, NEW).await;
        times.push(started.elapsed());
        report.confirmed();
    }
    at_once(item, &times);
}

/// The best of these times is short enough.
#[track_caller]
pub(crate) fn at_once(item: &Item, times: &[Duration]) {
    println!("good operation after {}: {times:?}", item.name);
    assert!(times.iter().min().unwrap() < &AT_ONCE, "{}: the good operation after it took {times:?}", item.name);
}

/// A file of this test.
pub(crate) fn here(name: &str) -> PathBuf {
    root().join("tests/tests/corpus").join(name)
}
