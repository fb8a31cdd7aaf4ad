//! A whole service under test: the folders of an operator, and a `Service` on them, in this process or in one of its own
//! that can be killed (`victim`).
#![expect(clippy::panic, clippy::expect_used, reason = "called by tests alone, which fail by panicking")]

mod wanted;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use portcullis::config::load_service;
use portcullis::observe::Metrics;
use portcullis::service::registry::approval::{Approval, Approvals};
use portcullis::service::registry::{Registry, RegistryOptions};
use portcullis::service::{Service, ServiceOptions};
use portcullis_journal::Journal;
use portcullis_sandbox::{Cache, Digest, Sandbox, SandboxOptions};
use tempfile::TempDir;

pub use wanted::Wanted;

use crate::Result;
use crate::harness::{Draft, plugins};
use crate::plugins::root;

/// What an operator has: a folder of configuration, and one of state.
#[derive(Debug)]
pub struct Folders {
    config: TempDir,
    state: TempDir,
    drafts: Vec<Draft>,
}

impl Folders {
    /// With this portcullis.toml and no connector.
    ///
    /// # Panics
    /// If the folders cannot be made.
    #[must_use]
    pub fn new(toml: &str) -> Self {
        let (config, state) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        for part in ["connectors", "plugins"] {
            fs::create_dir(config.path().join(part)).expect("a folder");
        }
        fs::write(config.path().join("portcullis.toml"), toml).expect("portcullis.toml");
        fs::set_permissions(state.path(), fs::Permissions::from_mode(0o700)).expect("a folder of our own");
        Self { config, state, drafts: Vec::new() }
    }

    /// With a connector of this name, whose plugin its file pins.
    ///
    /// # Panics
    /// If its plugin was not built.
    #[must_use]
    pub fn with(mut self, name: &str, draft: Draft) -> Self {
        let plugin = draft.text("plugin");
        let bytes = fs::read(plugins(&plugin).join(&plugin)).expect("a plugin that was built");
        fs::write(self.config.path().join("plugins").join(&plugin), &bytes).expect("a plugin");
        let draft = draft.set("sha256", Digest::of(&bytes).to_string());
        draft.write_to(&self.config.path().join("connectors").join(name).with_extension("toml"));
        self.drafts.push(draft);
        self
    }

    /// With the connector of the example on a directory in the host's memory, and these versions of its plugin approved;
    /// the first one is there.
    ///
    /// # Panics
    /// If the plugin was not built.
    #[must_use]
    pub fn with_mock(self, versions: &[u8]) -> Self {
        let examples = root().join("examples/connectors-toml");
        let connectors = self.config.path().join("connectors");
        fs::copy(examples.join("people.ldif"), connectors.join("people.ldif")).expect("the example");
        let toml = fs::read_to_string(examples.join("mock.toml")).expect("the example");
        fs::write(connectors.join("mock.toml"), toml.replace("history = 3", "history = 0")).expect("the example");
        for version in versions.iter().rev() {
            self.write_mock(*version);
            let place = self.config.path().join("plugins/mock.wasm");
            let loaded = sandbox().load(&place).expect("a plugin");
            Approvals::add(self.state(), Approval::of(&loaded, &place, "tester".into())).expect("an approval");
        }
        self
    }

    /// Puts a version of the mock plugin there. They differ in a custom section, which no engine looks at.
    ///
    /// # Panics
    /// If the plugin was not built.
    pub fn write_mock(&self, version: u8) {
        let mut bytes = fs::read(plugins("mock.wasm").join("mock.wasm")).expect("a plugin that was built");
        // Binary format of WebAssembly, section 0: its size, the length of its name, the name, anything.
        bytes.extend([0, 6, 4, b't', b'e', b's', b't', version]);
        let temporary = self.config.path().join("plugins/.new");
        fs::write(&temporary, bytes).expect("a plugin");
        fs::rename(temporary, self.config.path().join("plugins/mock.wasm")).expect("a plugin");
    }

    /// The folder with portcullis.toml.
    #[must_use]
    pub fn config(&self) -> &Path {
        self.config.path()
    }

    /// The folder with the journal.
    #[must_use]
    pub fn state(&self) -> &Path {
        self.state.path()
    }

    /// A service on them, in this process.
    ///
    /// # Errors
    /// What keeps it from starting.
    pub async fn start(&self) -> Result<Arc<Service>> {
        start(self.config(), self.state(), Journal::open(self.state())?).await
    }

    /// The files of the state folder that hold any of these texts, in the encodings in which a password could be there.
    ///
    /// # Panics
    /// If the folder cannot be read.
    #[must_use]
    pub fn files_with(&self, secrets: &[String]) -> Vec<PathBuf> {
        let needles: Vec<Vec<u8>> = secrets
            .iter()
            .flat_map(|text| [text.as_bytes().to_vec(), text.encode_utf16().flat_map(u16::to_le_bytes).collect()])
            .collect();
        let holds = |path: &PathBuf| {
            let bytes = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            needles.iter().any(|needle| bytes.windows(needle.len()).any(|window| window == needle))
        };
        files(self.state()).into_iter().filter(holds).collect()
    }
}

/// Starts a service on a journal that somebody may be watching already.
///
/// # Errors
/// What keeps it from starting.
pub async fn start(config: &Path, state: &Path, journal: Journal) -> Result<Arc<Service>> {
    let service = load_service(config).map_err(|problems| format!("{problems:?}"))?;
    let sandbox = Arc::clone(sandbox());
    let options = RegistryOptions { config: config.to_owned(), ceiling: None, state: state.to_owned(), sandbox };
    let registry = Registry::start(options).await?;
    let options = ServiceOptions {
        config: service,
        journal,
        state: state.to_owned(),
        registry,
        metrics: Arc::new(Metrics::new()?),
    };
    Ok(Service::start(options).await?)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths = entries.map(|entry| entry.expect("an entry of a folder").path());
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// One for the process. Plugins are compiled once for all processes.
fn sandbox() -> &'static Arc<Sandbox> {
    static SANDBOX: OnceLock<Arc<Sandbox>> = OnceLock::new();
    SANDBOX.get_or_init(|| {
        let cache = Cache::open(root().join("target/test-cache")).expect("a folder for compiled plugins");
        Arc::new(Sandbox::new(SandboxOptions { slots: 32 }, Some(cache)).expect("a sandbox"))
    })
}
