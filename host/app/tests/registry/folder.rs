//! A configuration and a state folder, as an operator and the service would have them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use portcullis::operation::perform;
use portcullis::service::registry::approval::{Approval, Approvals};
use portcullis::service::registry::{ConnectorState, Registry, RegistryOptions, Running};
use portcullis_model::{Fault, Login, Operation, Outcome};
use portcullis_sandbox::{Cache, Sandbox, SandboxOptions};
use portcullis_tests::plugins::{plugin, root};
use tempfile::TempDir;

pub(crate) const ALICE: &str = "alice@people.example";
pub(crate) const TOML: &str = "connectors/mock.toml";
pub(crate) const PLUGIN: &str = "plugins/mock.wasm";

/// One for all tests: compiling is what takes long.
static CACHE: LazyLock<TempDir> = LazyLock::new(|| tempfile::tempdir().unwrap());

pub(crate) struct Folder {
    config: TempDir,
    state: TempDir,
    sandbox: Arc<Sandbox>,
}

impl Folder {
    /// With the mock connector of `examples/connectors-toml`; nobody approved anything.
    pub(crate) fn new() -> Self {
        Self::with_slots(32)
    }

    /// With room for so many operations at once.
    pub(crate) fn with_slots(slots: u32) -> Self {
        let config = tempfile::tempdir().unwrap();
        for part in ["connectors", "plugins"] {
            fs::create_dir(config.path().join(part)).unwrap();
        }
        fs::create_dir_all(CACHE.path().join("plugins")).unwrap();
        fs::set_permissions(CACHE.path().join("plugins"), std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
        let cache = Cache::open(CACHE.path().join("plugins")).unwrap();
        let sandbox = Arc::new(Sandbox::new(SandboxOptions { slots }, Some(cache)).unwrap());
        let this = Self { config, state: tempfile::tempdir().unwrap(), sandbox };
        let examples = root().join("examples/connectors-toml");
        for name in ["mock.toml", "people.ldif"] {
            this.write(&format!("connectors/{name}"), fs::read(examples.join(name)).unwrap());
        }
        this.write(PLUGIN, mock(0));
        this
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.config.path().join(name)
    }

    pub(crate) fn state(&self) -> &Path {
        self.state.path()
    }

    /// Writes as careful programs do: a file beside it, then a rename.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        let temporary = path.with_file_name(".new");
        fs::write(&temporary, content).unwrap();
        fs::rename(temporary, path).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// Replaces a text in a file, which must be there.
    pub(crate) fn edit(&self, name: &str, old: &str, new: &str) {
        let text = self.read(name);
        assert!(text.contains(old), "{old} is not in:\n{text}");
        self.write(name, text.replace(old, new));
    }

    /// Approves these bytes, whether they lie in the folder or not.
    pub(crate) fn approve(&self, bytes: &[u8]) {
        let path = self.path(PLUGIN);
        let plugin = self.sandbox.load_bytes(&path, bytes).unwrap();
        Approvals::add(self.state(), Approval::of(&plugin, &path, "tester".into())).unwrap();
    }

    pub(crate) async fn start(&self) -> Arc<Registry> {
        self.try_start(None).await.unwrap()
    }

    /// With a ceiling that is named.
    pub(crate) async fn try_start(&self, ceiling: Option<&Path>) -> Result<Arc<Registry>, Fault> {
        Registry::start(RegistryOptions {
            config: self.config.path().to_owned(),
            ceiling: ceiling.map(Path::to_owned),
            state: self.state.path().to_owned(),
            sandbox: Arc::clone(&self.sandbox),
        })
        .await
    }
}

/// The mock plugin in versions that differ only in a custom section, which no engine looks at.
pub(crate) fn mock(version: u32) -> Vec<u8> {
    let mut bytes = fs::read(plugin("mock").unwrap_or_else(|missing| panic!("{missing}"))).unwrap();
    // Binary format of WebAssembly, section 0: its size, the length of its name, the name, anything.
    let content = [&[4][..], b"test", &version.to_le_bytes()].concat();
    bytes.extend([0, u8::try_from(content.len()).unwrap()]);
    bytes.extend(content);
    bytes
}

/// What the only connector is.
pub(crate) fn only(registry: &Registry) -> ConnectorState {
    let [state] = <[ConnectorState; 1]>::try_from(registry.states()).unwrap();
    state
}

/// Whether an operation comes through.
pub(crate) async fn works(running: &Running) -> Outcome {
    let operation = Operation::status(Login::new(ALICE).unwrap()).unwrap();
    perform(&running.connector, &operation).await.outcome
}

/// A connector's file with a server that does not answer, in place of the directory in memory.
pub(crate) fn nobody_listens(toml: &str, more: &str) -> String {
    let (head, rest) = toml.split_once("[ldap.embedded]").unwrap();
    let (_, rest) = rest.split_once("[ldap.locate]").unwrap();
    let servers = "[ldap]\nurls = [\"ldaps://127.0.0.1:9\"]\nconnect-timeout = \"1s\"";
    format!("{head}{servers}\n{more}\n[ldap.locate]{rest}")
}
