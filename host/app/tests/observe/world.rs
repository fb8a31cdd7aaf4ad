//! A service with the mock connector that is observed. Each has a log, a runtime and a folder of its own, so that tests
//! can run side by side in one process.

use std::fs;
use std::io::Write;
use std::num::NonZeroU32;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use portcullis::config::{LogFormat, Observe as Settings, Per, Rate, ServiceConfig, ServiceLimits};
use portcullis::observe::{Look, Metrics, Observe};
use portcullis::service::callers::Caller;
use portcullis::service::registry::approval::{Approval, Approvals};
use portcullis::service::registry::{Registry, RegistryOptions};
use portcullis::service::{Admitted, GivenPassword, Service, ServiceOptions, Submission};
use portcullis_journal::{Journal, Record};
use portcullis_model::{Fault, Login, OperationKind, Password, ResetOptions};
use portcullis_sandbox::{Sandbox, SandboxOptions};
use portcullis_seal::Label;
use portcullis_tests::plugins::{plugin, root};
use tokio::runtime::Builder;
use tracing::{Dispatch, Level};

pub(crate) const ALICE: &str = "alice@people.example";
pub(crate) const ALICES: &str = "correct horse battery";
pub(crate) const BOB: &str = "bob@people.example";

/// How long a test waits for what must come.
pub(crate) const SOON: Duration = Duration::from_secs(20);

pub(crate) struct World {
    pub(crate) observe: Observe,
    pub(crate) lines: Lines,
    dispatch: Dispatch,
}

impl World {
    pub(crate) fn new(settings: &Settings, level: Level, format: LogFormat) -> Self {
        Self::with_look(settings, level, Look { format, time: false, colours: false })
    }

    pub(crate) fn with_look(settings: &Settings, level: Level, look: Look) -> Self {
        let lines = Lines::default();
        let to = lines.clone();
        let (observe, dispatch) = Observe::prepare(settings, level, look, move || to.clone()).unwrap();
        Self { observe, lines, dispatch }
    }

    pub(crate) fn metrics(&self) -> Arc<Metrics> {
        self.observe.metrics()
    }

    /// Runs a service, asks it, stops it.
    pub(crate) fn serve<R>(&self, ask: impl AsyncFnOnce(&Arc<Service>) -> R) -> R {
        let dispatch = self.dispatch.clone();
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .on_thread_start(move || std::mem::forget(tracing::dispatcher::set_default(&dispatch)))
            .build()
            .unwrap();
        let folder = tempfile::tempdir().unwrap();
        folder_of_the_mock(folder.path());
        let state = tempfile::tempdir().unwrap();
        let _lines = tracing::dispatcher::set_default(&self.dispatch);
        runtime.block_on(async {
            let sandbox = Arc::new(Sandbox::new(SandboxOptions { slots: 8 }, None).unwrap());
            approve(&sandbox, &folder.path().join("plugins/mock.wasm"), state.path());
            let (config, state) = (folder.path().to_owned(), state.path().to_owned());
            let registry = Registry::start(RegistryOptions { config, ceiling: None, state: state.clone(), sandbox })
                .await
                .map_err(text)
                .unwrap();
            let often = Rate { count: NonZeroU32::MAX, per: Per::Second };
            let config = ServiceConfig { limits: ServiceLimits { account_rate: often }, ..ServiceConfig::default() };
            let journal = Journal::open(&state).unwrap();
            let options = ServiceOptions { config, journal, state, registry, metrics: self.metrics() };
            let service = Service::start(options).await.map_err(text).unwrap();
            let result = ask(&service).await;
            assert!(service.stop(SOON).await, "what ran has ended");
            service.close().await;
            result
        })
    }

    /// Runs something where this log is the log.
    pub(crate) fn within<R>(&self, act: impl FnOnce() -> R) -> R {
        tracing::dispatcher::with_default(&self.dispatch, act)
    }

    /// Ends the export.
    pub(crate) fn shutdown(&self) {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(self.observe.shutdown());
    }
}

fn text(fault: Fault) -> String {
    format!("{}: {}", fault.code, fault.detail)
}

fn approve(sandbox: &Sandbox, plugin: &Path, state: &Path) {
    let loaded = sandbox.load(plugin).unwrap();
    Approvals::add(state, Approval::of(&loaded, plugin, "tester".into())).unwrap();
}

fn folder_of_the_mock(folder: &Path) {
    for part in ["connectors", "plugins"] {
        fs::create_dir(folder.join(part)).unwrap();
    }
    let examples = root().join("examples/connectors-toml");
    fs::copy(examples.join("mock.toml"), folder.join("connectors/mock.toml")).unwrap();
    fs::copy(examples.join("people.ldif"), folder.join("connectors/people.ldif")).unwrap();
    let file = plugin("mock").unwrap_or_else(|missing| panic!("{missing}"));
    fs::copy(&file, folder.join("plugins/mock.wasm")).unwrap();
}

/// Asks, and waits for the end.
pub(crate) async fn ask(
    service: &Service,
    kind: OperationKind,
    account: &str,
    passwords: &[&str],
) -> Result<Record, Fault> {
    let passwords = Label::of(kind).iter().zip(passwords);
    let clear = |password: &str| GivenPassword::Clear(Password::new(password.to_owned()).unwrap());
    let wanted = Submission {
        kind,
        account: Login::new(account).unwrap(),
        connector: None,
        passwords: passwords.map(|(label, password)| (*label, clear(password))).collect(),
        options: ResetOptions::default(),
        repeat: None,
        deadline: None,
    };
    match service.submit(&Caller::operator(), wanted, SOON).await? {
        Admitted::New(record) | Admitted::Same(record) => Ok(record),
    }
}

pub(crate) async fn reset(service: &Service, account: &str, new: &str) -> Result<Record, Fault> {
    ask(service, OperationKind::ResetPassword, account, &[new]).await
}

/// Everything that was logged.
#[derive(Clone, Default)]
pub(crate) struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    /// Each as the object that it is.
    pub(crate) fn json(&self) -> Vec<serde_json::Value> {
        self.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
