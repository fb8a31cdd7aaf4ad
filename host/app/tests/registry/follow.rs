//! The folders are followed while the service runs. Each test waits for what the registry says, never for a time.

use std::fs;
use std::os::unix::fs::symlink;
use std::sync::Arc;
use std::time::Duration;

use portcullis::service::registry::{ConnectorState, Following, Pace, Registry, State};
use portcullis_sandbox::Digest;

use crate::folder::{Folder, PLUGIN, TOML, mock, nobody_listens};

/// Only events count: the next look by itself is an hour away.
const PACE: Pace = Pace {
    quiet: Duration::from_millis(50),
    longest: Duration::from_secs(1),
    rescan: Duration::from_secs(3600),
    approvals: Duration::from_millis(20),
};

async fn followed(folder: &Folder) -> (Arc<Registry>, Following) {
    [0, 1].iter().for_each(|version| folder.approve(&mock(*version)));
    let registry = folder.start().await;
    let following = registry.follow(PACE);
    (registry, following)
}

/// Waits until the only connector is like that.
#[track_caller]
fn until(registry: &Registry, like: impl Fn(&ConnectorState) -> bool) -> impl Future<Output = ()> {
    let mut generation = registry.generation();
    async move {
        let waited = tokio::time::timeout(Duration::from_secs(20), async {
            while !registry.states().iter().any(&like) {
                generation.changed().await.unwrap();
            }
        });
        assert!(waited.await.is_ok(), "{:#?}", registry.states());
    }
}

fn runs(version: u32) -> impl Fn(&ConnectorState) -> bool {
    let digest = Digest::of(&mock(version)).to_string();
    move |state| state.state == State::Running && state.digest.as_deref() == Some(&digest)
}

#[tokio::test]
async fn a_plugin_that_is_replaced_by_a_rename() {
    let folder = Folder::new();
    let (registry, _following) = followed(&folder).await;
    until(&registry, runs(0)).await;
    folder.write(PLUGIN, mock(1));
    until(&registry, runs(1)).await;
}

#[tokio::test]
async fn a_plugin_that_is_copied_slowly_runs_in_the_end() {
    let folder = Folder::new();
    let (registry, _following) = followed(&folder).await;
    let (whole, path) = (mock(1), folder.path(PLUGIN));
    fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    // The copy was interrupted for so long that the half was looked at.
    until(&registry, |state| state.candidate.as_ref().is_some_and(|c| c.fault == "plugin-unusable")).await;
    until(&registry, runs(0)).await;
    fs::write(&path, &whole).unwrap();
    until(&registry, runs(1)).await;
}

#[tokio::test]
async fn a_folder_behind_a_link_that_is_changed() {
    let folder = Folder::new();
    for version in [0, 1] {
        let versions = folder.path(&format!("plugins-{version}"));
        fs::create_dir(&versions).unwrap();
        fs::write(versions.join("mock.wasm"), mock(version)).unwrap();
    }
    fs::remove_dir_all(folder.path("plugins")).unwrap();
    symlink("plugins-0", folder.path("plugins")).unwrap();
    let (registry, _following) = followed(&folder).await;
    until(&registry, runs(0)).await;
    for version in [1, 0] {
        symlink(format!("plugins-{version}"), folder.path("plugins.new")).unwrap();
        fs::rename(folder.path("plugins.new"), folder.path("plugins")).unwrap();
        until(&registry, runs(version)).await;
    }
    // In the folder that is behind the link now, a file is still seen to change.
    folder.write("plugins-0/mock.wasm", mock(1));
    until(&registry, runs(1)).await;
}

#[tokio::test]
async fn a_folder_that_is_replaced_by_a_rename() {
    let folder = Folder::new();
    let (registry, _following) = followed(&folder).await;
    fs::create_dir(folder.path("new")).unwrap();
    fs::write(folder.path("new/mock.wasm"), mock(1)).unwrap();
    fs::rename(folder.path("plugins"), folder.path("old")).unwrap();
    fs::rename(folder.path("new"), folder.path("plugins")).unwrap();
    until(&registry, runs(1)).await;
    folder.write(PLUGIN, mock(0));
    until(&registry, runs(0)).await;
}

/// As Kubernetes mounts a ConfigMap: the file is a link through `..data`, and only `..data` is replaced.
#[tokio::test]
async fn files_behind_a_link_that_is_changed() {
    let folder = Folder::new();
    let text = folder.read(TOML);
    fs::remove_file(folder.path(TOML)).unwrap();
    for (version, accounts) in [("..1", "*@people.example"), ("..2", "*@other.example")] {
        fs::create_dir(folder.path("connectors").join(version)).unwrap();
        fs::write(
            folder.path("connectors").join(version).join("mock.toml"),
            text.replace("*@people.example", accounts).replace("people.ldif", "../people.ldif"),
        )
        .unwrap();
    }
    symlink("..1", folder.path("connectors/..data")).unwrap();
    symlink("..data/mock.toml", folder.path(TOML)).unwrap();
    folder.write("people.ldif", folder.read("connectors/people.ldif"));
    let (registry, _following) = followed(&folder).await;
    until(&registry, |state| state.accounts == ["*@people.example"]).await;
    symlink("..2", folder.path("connectors/..data.new")).unwrap();
    fs::rename(folder.path("connectors/..data.new"), folder.path("connectors/..data")).unwrap();
    until(&registry, |state| state.accounts == ["*@other.example"]).await;
}

#[tokio::test]
async fn a_connector_that_goes_and_comes() {
    let folder = Folder::new();
    let (registry, _following) = followed(&folder).await;
    let text = folder.read(TOML);
    fs::remove_file(folder.path(TOML)).unwrap();
    until(&registry, |state| state.state == State::Withdrawn).await;
    folder.write(TOML, text);
    until(&registry, runs(0)).await;
}

/// In whatever order they are copied.
#[tokio::test]
async fn a_connector_that_comes_before_its_plugin() {
    let folder = Folder::new();
    fs::rename(folder.path(PLUGIN), folder.path("mock.wasm")).unwrap();
    let (registry, _following) = followed(&folder).await;
    until(&registry, |state| state.state == State::Broken).await;
    fs::rename(folder.path("mock.wasm"), folder.path(PLUGIN)).unwrap();
    until(&registry, runs(0)).await;
}

#[tokio::test]
async fn an_approval() {
    let folder = Folder::new();
    folder.write(PLUGIN, mock(2));
    let (registry, _following) = followed(&folder).await;
    until(&registry, |state| state.state == State::NotApproved).await;
    folder.approve(&mock(2));
    until(&registry, runs(2)).await;
}

/// A new secret needs new connections.
#[tokio::test]
async fn a_secret_that_is_replaced_in_another_folder() {
    let folder = Folder::new();
    fs::create_dir(folder.path("secrets")).unwrap();
    folder.write("secrets/bind", "first");
    // Nobody listens there: that there is no directory does not keep a secret from being replaced.
    let bind = "bind-dn = \"cn=service\"\nbind-password = { file = \"../secrets/bind\" }";
    folder.write(TOML, nobody_listens(&folder.read(TOML), bind));
    let (registry, _following) = followed(&folder).await;
    let directory = || registry.get("mock").unwrap().connector.context.directory.clone().unwrap();
    let before = directory();
    let first = registry.get("mock").unwrap().generation;
    folder.write("secrets/bind", "second");
    let running = || registry.get("mock").is_some_and(|running| running.generation > first);
    until(&registry, |_| running()).await;
    assert!(!Arc::ptr_eq(&before, &directory()));
}

/// In the folder of the configuration, or wherever it was named.
#[tokio::test]
async fn a_ceiling_that_is_lowered_and_raised() {
    let theirs = tempfile::tempdir().unwrap();
    let high = fs::read_to_string(portcullis_tests::plugins::root().join("examples/ceiling.toml")).unwrap();
    let low = high.replace("pwdReset = [\"TRUE\"]\n", "");
    assert_ne!(low, high);
    let folder = Folder::new();
    for named in [None, Some(theirs.path().join("named.toml"))] {
        let place = named.clone().unwrap_or_else(|| folder.path("ceiling.toml"));
        let put = |text: &str| {
            let new = place.with_file_name(".new");
            fs::write(&new, text).unwrap();
            fs::rename(new, &place).unwrap();
        };
        put(&high);
        folder.approve(&mock(0));
        let registry = folder.try_start(named.as_deref()).await.unwrap();
        let _following = registry.follow(PACE);
        until(&registry, runs(0)).await;
        put(&low);
        until(&registry, |state| {
            state.state == State::Broken && state.candidate.as_ref().is_some_and(|c| c.fault == "above-ceiling")
        })
        .await;
        put(&high);
        until(&registry, runs(0)).await;
    }
}
