//! A service in the process of the test, with the mock connector on a directory in the host's memory.

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use portcullis::config::load_service;
use portcullis::observe::Metrics;
use portcullis::service::callers::Caller;
use portcullis::service::registry::approval::{Approval, Approvals};
use portcullis::service::registry::{Registry, RegistryOptions};
use portcullis::service::{Admitted, GivenPassword, Repeat, Service, ServiceOptions, Submission};
use portcullis_journal::{Journal, Record};
use portcullis_model::{Fault, FaultCode, Login, OperationKind, Password, ResetOptions};
use portcullis_sandbox::{Cache, Sandbox, SandboxOptions};
use portcullis_seal::Label;
use portcullis_tests::plugins::{plugin, root};
use tempfile::TempDir;

pub(crate) const ALICE: &str = "alice@people.example";
pub(crate) const OLD: &str = "correct horse battery";
pub(crate) const WAIT: Duration = Duration::from_secs(20);

/// No limit that a test meets.
pub(crate) const RATES: &str = "[limits]\naccount-rate = \"1000/s\"\n";

/// One for all tests: compiling is what takes long.
static CACHE: LazyLock<TempDir> = LazyLock::new(|| tempfile::tempdir().unwrap());

/// The folders of an operator.
pub(crate) struct World {
    pub(crate) config: TempDir,
    pub(crate) state: TempDir,
    sandbox: Arc<Sandbox>,
}

impl World {
    /// With the mock connector approved, and a portcullis.toml if it is given.
    pub(crate) fn new(toml: &str) -> Self {
        let config = tempfile::tempdir().unwrap();
        for part in ["connectors", "plugins"] {
            fs::create_dir(config.path().join(part)).unwrap();
        }
        let cache = CACHE.path().join("plugins");
        let _ = fs::create_dir(&cache);
        fs::set_permissions(&cache, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
        let cache = Cache::open(cache).unwrap();
        let sandbox = Arc::new(Sandbox::new(SandboxOptions { slots: 64 }, Some(cache)).unwrap());
        let world = Self { config, state: tempfile::tempdir().unwrap(), sandbox };
        let examples = root().join("examples/connectors-toml");
        for name in ["mock.toml", "people.ldif"] {
            fs::copy(examples.join(name), world.path("connectors").join(name)).unwrap();
        }
        let mock = plugin("mock").unwrap_or_else(|missing| panic!("{missing}"));
        let place = world.path("plugins/mock.wasm");
        fs::copy(mock, &place).unwrap();
        let loaded = world.sandbox.load(&place).unwrap();
        Approvals::add(world.state.path(), Approval::of(&loaded, &place, "tester".into())).unwrap();
        fs::write(world.path("portcullis.toml"), toml).unwrap();
        // What one start changes, the next must find: the directory keeps its changes.
        world.edit("connectors/mock.toml", "# state =", "state =");
        world
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.config.path().join(name)
    }

    pub(crate) fn edit(&self, name: &str, old: &str, new: &str) {
        let path = self.path(name);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(old), "{old} is not in:\n{text}");
        fs::write(path, text.replace(old, new)).unwrap();
    }

    pub(crate) async fn registry(&self) -> Arc<Registry> {
        self.try_registry().await.unwrap()
    }

    async fn try_registry(&self) -> Result<Arc<Registry>, Fault> {
        let options = RegistryOptions {
            config: self.config.path().to_owned(),
            ceiling: None,
            state: self.state.path().to_owned(),
            sandbox: Arc::clone(&self.sandbox),
        };
        Registry::start(options).await
    }

    pub(crate) async fn start(&self) -> Arc<Service> {
        self.try_start().await.unwrap()
    }

    pub(crate) async fn try_start(&self) -> Result<Arc<Service>, Fault> {
        let config = load_service(self.config.path()).unwrap();
        let registry = self.try_registry().await?;
        let state = self.state.path().to_owned();
        let journal = Journal::open(&state).map_err(|e| Fault::new(FaultCode::JournalUnwritable, e.to_string()))?;
        Service::start(ServiceOptions { config, journal, state, registry, metrics: Arc::new(Metrics::new()?) }).await
    }
}

pub(crate) fn password(text: &str) -> Password {
    Password::new(text.to_owned()).unwrap()
}

/// What a caller asks for, with its passwords in clear.
pub(crate) fn wanted(kind: OperationKind, account: &str, passwords: &[&str]) -> Submission {
    let given = Label::of(kind).iter().zip(passwords);
    Submission {
        kind,
        account: Login::new(account).unwrap(),
        connector: None,
        passwords: given.map(|(label, text)| (*label, GivenPassword::Clear(password(text)))).collect(),
        options: ResetOptions::default(),
        repeat: None,
        deadline: None,
    }
}

pub(crate) fn reset(account: &str, new: &str) -> Submission {
    wanted(OperationKind::ResetPassword, account, &[new])
}

pub(crate) fn repeated(key: &str, submission: Submission) -> Submission {
    Submission { repeat: Some(Repeat(key.to_owned())), ..submission }
}

pub(crate) fn sealed(text: &str, submission: Submission) -> Submission {
    Submission { passwords: vec![(Label::New, GivenPassword::Sealed(text.parse().unwrap()))], ..submission }
}

/// Submits as the operator and waits for the end.
pub(crate) async fn ask(service: &Service, submission: Submission) -> Record {
    match service.submit(&Caller::operator(), submission, WAIT).await.unwrap() {
        Admitted::New(record) | Admitted::Same(record) => record,
    }
}

/// Whether a password is the account's, asked through the service.
pub(crate) async fn is_password(service: &Service, account: &str, text: &str) -> bool {
    let record = ask(service, wanted(OperationKind::VerifyPassword, account, &[text])).await;
    record.outcome.is_some_and(|outcome| outcome["verdict"] == "valid")
}
