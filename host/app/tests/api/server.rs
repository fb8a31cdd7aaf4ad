//! A whole service with the mock connector behind real doors, and a client that reads every byte of an answer.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use portcullis::api;
use portcullis::api::listen::{Limits, Listener};
use portcullis::config::load_service;
use portcullis::observe::Metrics;
use portcullis::service::registry::approval::{Approval, Approvals};
use portcullis::service::registry::{Registry, RegistryOptions};
use portcullis::service::{Service, ServiceOptions};
use portcullis_journal::Journal;
use portcullis_sandbox::{Cache, Sandbox, SandboxOptions};
use portcullis_tests::plugins::{plugin, root};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};
use tokio::sync::oneshot;

use crate::answer::{Answer, request};

/// May do everything but what an operator alone may.
pub(crate) const DESK: &str = "desk-token-0123456789abcdef";
/// May change passwords and see its own operations.
pub(crate) const PORTAL: &str = "portal-token-0123456789abcdef";

/// One for all tests: compiling is what takes long.
static CACHE: LazyLock<TempDir> = LazyLock::new(|| tempfile::tempdir().unwrap());

pub(crate) struct Server {
    pub(crate) service: Arc<Service>,
    pub(crate) address: SocketAddr,
    pub(crate) control: PathBuf,
    stop: Option<oneshot::Sender<()>>,
    ended: Option<tokio::task::JoinHandle<()>>,
    _config: TempDir,
    _state: TempDir,
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::with(Limits::default()).await
    }

    pub(crate) async fn with(limits: Limits) -> Self {
        let (config, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for part in ["connectors", "plugins"] {
            fs::create_dir(config.path().join(part)).unwrap();
        }
        fs::set_permissions(state.path(), fs::Permissions::from_mode(0o700)).unwrap();
        let cache = CACHE.path().join("plugins");
        fs::create_dir_all(&cache).unwrap();
        fs::set_permissions(&cache, fs::Permissions::from_mode(0o700)).unwrap();
        let sandbox = Sandbox::new(SandboxOptions { slots: 32 }, Some(Cache::open(cache).unwrap())).unwrap();
        for name in ["mock.toml", "people.ldif"] {
            fs::copy(root().join("examples/connectors-toml").join(name), config.path().join("connectors").join(name))
                .unwrap();
        }
        let wasm = config.path().join("plugins/mock.wasm");
        fs::copy(plugin("mock").unwrap_or_else(|missing| panic!("{missing}")), &wasm).unwrap();
        let loaded = sandbox.load_bytes(&wasm, &fs::read(&wasm).unwrap()).unwrap();
        Approvals::add(state.path(), Approval::of(&loaded, &wasm, "tester".into())).unwrap();

        let hash = |token: &str| -> String { Sha256::digest(token).iter().map(|byte| format!("{byte:02x}")).collect() };
        let toml = format!(
            "[callers.desk]\ntoken-sha256 = [\"{}\"]\noperations = [\"reset-password\", \"unlock-account\", \"account-status\", \"verify-password\"]\n\
             accounts = [\"*@people.example\"]\nsee = \"all\"\nmanage = true\n\
             [callers.portal]\ntoken-sha256 = [\"{}\"]\noperations = [\"change-password\"]\naccounts = [\"*@people.example\"]\n\
             except = [\"bob@people.example\"]\n[limits]\naccount-rate = \"100/h\"\n",
            hash(DESK),
            hash(PORTAL)
        );
        fs::write(config.path().join("portcullis.toml"), toml).unwrap();
        let registry = Registry::start(RegistryOptions {
            config: config.path().to_owned(),
            ceiling: None,
            state: state.path().to_owned(),
            sandbox: Arc::new(sandbox),
        });
        let options = ServiceOptions {
            config: load_service(config.path()).unwrap_or_else(|problems| panic!("{problems:?}")),
            journal: Journal::open(state.path()).unwrap(),
            state: state.path().to_owned(),
            registry: registry.await.unwrap(),
            metrics: Arc::new(Metrics::new().unwrap()),
        };
        let service = Service::start(options).await.unwrap();
        let control = state.path().join("control.sock");
        let tcp = Listener::tcp(([127, 0, 0, 1], 0).into(), None).await.unwrap();
        let address = tcp.address().unwrap();
        let listeners = vec![tcp, Listener::control(&control).unwrap()];
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = api::serve(listeners, service.clone(), limits, async { drop(stopped.await) });
        let ended = Some(tokio::spawn(serving));
        Self { service, address, control, stop: Some(stop), ended, _config: config, _state: state }
    }

    /// Tells the server to stop; [`Server::ended`] waits for it.
    pub(crate) fn stop(&mut self) {
        drop(self.stop.take());
    }

    pub(crate) async fn ended(&mut self) {
        self.ended.take().unwrap().await.unwrap();
    }

    /// One request on a connection of its own.
    pub(crate) async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        exchange(TcpStream::connect(self.address).await.unwrap(), method, path, headers, body).await
    }

    /// The same on the control socket.
    pub(crate) async fn operator(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        exchange(UnixStream::connect(&self.control).await.unwrap(), method, path, headers, body).await
    }

    pub(crate) async fn get(&self, token: &str, path: &str) -> Answer {
        self.ask("GET", path, &[("Authorization", &format!("Bearer {token}"))], "").await
    }

    pub(crate) async fn post(&self, token: &str, body: &str, more: &[(&str, &str)]) -> Answer {
        let bearer = format!("Bearer {token}");
        let mut headers = vec![("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
        headers.extend(more);
        self.ask("POST", "/v1/operations", &headers, body).await
    }
}

async fn exchange(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Answer {
    // A server that refuses early closes before everything is sent.
    drop(stream.write_all(&request(method, path, headers, body.as_bytes())).await);
    let mut answer = Vec::new();
    drop(tokio::time::timeout(Duration::from_secs(30), stream.read_to_end(&mut answer)).await.expect("no end"));
    let text = String::from_utf8(answer).unwrap();
    Answer::of(&text).unwrap_or_else(|| panic!("no answer: {text:?}"))
}
