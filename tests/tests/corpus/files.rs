//! Files that are offered as plugins, and files that were changed behind the host's back.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use portcullis::operation::perform;
use portcullis::service::Service;
use portcullis::service::registry::{Registry, RegistryOptions, What};
use portcullis_journal::State;
use portcullis_model::{Login, Operation, Password, ResetOptions};
use portcullis_sandbox::{Cache, Digest, Sandbox, SandboxOptions};
use portcullis_tests::harness::{Report, sandbox};
use portcullis_tests::service::{Folders, Wanted};

use crate::facts;
use crate::host::at_once;
use crate::item::{Item, corpus};
use crate::people::{LOGIN, NEW};
use crate::text::{component, component_of, module};

corpus! {
    /// Asks for every interface that there is, and for sockets, HTTP and a shell.
    a_component_that_imports_everything,
    held by "a plugin is linked with what it was granted and nothing else; some interfaces nobody is granted",
    logged ["connector-refused plugin-not-granted"] => everything;

    /// Is a core module, which has no imports that could be compared with grants.
    a_core_module,
    held by "only components are loaded",
    logged ["connector-refused plugin-unusable"] => core_module;

    /// Is native code under the name of a plugin: the engine's own form of a compiled one.
    a_precompiled_file,
    held by "native code is recognised by its first bytes, and only what the host compiled itself is mapped",
    logged ["connector-refused plugin-unusable"] => precompiled;

    /// Changes a compiled plugin in the host's cache.
    an_altered_cache_file,
    held by "every file of the cache carries a MAC; one that does not fit is deleted, and the plugin compiled again",
    logged ["cache-altered"] => altered_cache;

    /// Takes the place of a plugin after that was approved.
    a_plugin_swapped_after_approval,
    held by "an approval counts for a digest; the approved version, which runs, goes on serving",
    logged ["connector-refused plugin-not-approved"] => swapped;
}

async fn everything(item: &'static Item) {
    let plugin = component_of(&module(item.name), "everything");
    let offered = not_started(item, &plugin, "").await;
    assert!(offered.contains("writeback/reveal@0.1.0 (granted by a section [reveal])"), "{offered}");
    // With every section that there is.
    let refused = not_started(
        item,
        &plugin,
        "[log]\nlevel = \"info\"\n[reveal]\npasswords = [\"new\"]\n[config]\ncorpus = \"yes\"",
    )
    .await;
    assert!(!refused.contains("granted by a section"), "{refused}");
    for interface in ["writeback/shell@0.9.0", "wasi:http/outgoing-handler", "wasi:sockets/tcp"] {
        assert!(refused.contains(interface), "{interface} is not named: {refused}");
    }
    assert_eq!(refused.matches("(this host offers it to no connector)").count(), 3, "{refused}");
}

/// Why a service does not run a second connector, whose file pins this plugin and has this besides what the first has.
async fn not_started(item: &'static Item, plugin: &[u8], besides: &str) -> String {
    let serving = Serving::start("").await;
    let folder = serving.folders.config();
    fs::write(folder.join("plugins/offered.wasm"), plugin).unwrap();
    let text = fs::read_to_string(folder.join("connectors/mock.toml")).unwrap();
    let pinned = format!("plugin = \"offered.wasm\"\nsha256 = \"{}\"", Digest::of(plugin));
    let text = text.replace("plugin = \"mock.wasm\"", &pinned).replace("*@people.example", "*@elsewhere.example");
    fs::write(folder.join("connectors/offered.toml"), format!("{text}\n{besides}\n")).unwrap();
    let changes = serving.service.registry().reload().await;
    let [change] = &changes[..] else { panic!("{changes:?}") };
    let What::Refused(fault) = &change.what else { panic!("{change:?}") };
    item.is_told_by(&facts::of_connector(serving.folders.state(), "offered"));
    serving.goes_on(item).await;
    fault.detail.clone()
}

async fn core_module(item: &'static Item) {
    let why = not_started(item, &module("endless_loop_in_start"), "").await;
    assert!(why.contains("is a core module, not a component"), "{why}");
}

async fn precompiled(item: &'static Item) {
    let native = sandbox().engine().precompile_component(&component("endless_loop_in_start")).unwrap();
    let why = not_started(item, &native, "").await;
    assert!(why.contains("native code"), "{why}");
}

async fn altered_cache(item: &'static Item) {
    let (folders, cache) = (Folders::new("").with_mock(&[0]), tempfile::tempdir().unwrap());
    let cache = cache.path().join("cache");
    let sandbox = || Sandbox::new(SandboxOptions { slots: 2 }, Some(Cache::open(&cache).unwrap())).unwrap();
    sandbox().load(&folders.config().join("plugins/mock.wasm")).unwrap();
    let kept = fs::read_dir(&cache).unwrap().map(|entry| entry.unwrap().path());
    let kept = kept.into_iter().find(|path| path.file_name().unwrap() != "key").unwrap();
    // A byte of the native code, far behind the headers.
    let mut altered = fs::read(&kept).unwrap();
    let middle = altered.len() / 2;
    altered[middle] ^= 0xff;
    fs::write(&kept, &altered).unwrap();
    let (config, state) = (folders.config().to_owned(), folders.state().to_owned());
    let registry =
        Registry::start(RegistryOptions { config, ceiling: None, state, sandbox: Arc::new(sandbox()) }).await.unwrap();
    item.is_told_by(&facts::of_host(folders.state()));
    assert_ne!(fs::read(&kept).unwrap(), altered, "the file was taken as it was");
    let running = registry.get("mock").unwrap();
    let mut times = Vec::new();
    for _ in 0..3 {
        let (login, new) = (Login::new(LOGIN).unwrap(), Password::new(NEW.to_owned()).unwrap());
        let operation = Operation::reset(login, new, ResetOptions::default()).unwrap();
        let started = Instant::now();
        let report = Report::from(perform(&running.connector, &operation).await);
        times.push(started.elapsed());
        report.confirmed();
    }
    at_once(item, &times);
}

async fn swapped(item: &'static Item) {
    let serving = Serving::start("").await;
    serving.folders.write_mock(1);
    let changes = serving.service.registry().reload().await;
    assert!(matches!(&changes[..], [change] if matches!(change.what, What::Refused(_))), "{changes:?}");
    item.is_told_by(&facts::of_connector(serving.folders.state(), "mock"));
    serving.goes_on(item).await;
}

/// A service with one connector, which works.
pub(crate) struct Serving {
    pub(crate) folders: Folders,
    pub(crate) service: Arc<Service>,
}

impl Serving {
    /// The connector's file has this besides what the example has.
    pub(crate) async fn start(besides: &str) -> Self {
        let folders = Folders::new("").with_mock(&[0]);
        let file = folders.config().join("connectors/mock.toml");
        let text = fs::read_to_string(&file).unwrap();
        fs::write(&file, format!("{text}\n{besides}\n")).unwrap();
        let service = folders.start().await.unwrap();
        Self { folders, service }
    }

    /// Where the connector's plugin lies.
    pub(crate) fn plugin(&self) -> PathBuf {
        self.folders.config().join("plugins/mock.wasm")
    }

    /// The connector that ran goes on, at once.
    pub(crate) async fn goes_on(&self, item: &Item) {
        let mut times = Vec::new();
        for _ in 0..3 {
            let started = Instant::now();
            let record = Wanted::reset(LOGIN, NEW).submit(&self.service, Duration::from_secs(20)).await.unwrap();
            times.push(started.elapsed());
            assert_eq!(record.state, State::Done, "{record:?}");
        }
        at_once(item, &times);
    }
}
