//! A connector takes the place of another while operations run.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use portcullis::service::registry::{Registry, State, What};
use portcullis_capabilities::{Ledger, OperationState};
use portcullis_model::{OperationId, Outcome, Trace};
use portcullis_sandbox::Ended;

use crate::folder::{Folder, PLUGIN, TOML, mock, only, works};

/// Operations one after the other until the end; how many there were, and each that was not done.
async fn load(registry: Arc<Registry>, end: Arc<AtomicBool>, done: Arc<AtomicU32>) -> Vec<String> {
    let mut failed = Vec::new();
    while !end.load(Ordering::SeqCst) {
        match works(&registry.get("mock").unwrap()).await {
            Outcome::Done(_) => drop(done.fetch_add(1, Ordering::SeqCst)),
            other => failed.push(format!("{other:?}")),
        }
    }
    failed
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_swaps_under_load_without_one_failed_operation() {
    let folder = Folder::new();
    let versions = [mock(0), mock(1)];
    versions.iter().for_each(|bytes| folder.approve(bytes));
    let registry = folder.start().await;
    let (end, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
    let loads: Vec<_> =
        (0..4).map(|_| tokio::spawn(load(Arc::clone(&registry), Arc::clone(&end), Arc::clone(&done)))).collect();
    for swap in 1..=100 {
        folder.write(PLUGIN, &versions[swap % 2]);
        let before = done.load(Ordering::SeqCst);
        let changes = registry.reload().await;
        assert!(matches!(&changes[..], [change] if change.what == What::Swapped), "{swap}: {changes:?}");
        // Operations went on during each of them.
        while done.load(Ordering::SeqCst) < before + 4 {
            tokio::task::yield_now().await;
        }
    }
    end.store(true, Ordering::SeqCst);
    for load in loads {
        assert_eq!(load.await.unwrap(), Vec::<String>::new());
    }
    assert!(done.load(Ordering::SeqCst) >= 400);
}

#[tokio::test]
async fn whoever_began_on_the_former_ends_on_it() {
    let folder = Folder::new();
    [0, 1].iter().for_each(|version| folder.approve(&mock(*version)));
    let registry = folder.start().await;
    let former = registry.get("mock").unwrap();
    folder.write(PLUGIN, mock(1));
    registry.reload().await;
    let new = registry.get("mock").unwrap();
    assert_ne!(former.connector.plugin.digest(), new.connector.plugin.digest());
    assert!(new.generation > former.generation && *registry.generation().borrow() >= new.generation);
    for running in [former, new] {
        assert!(matches!(works(&running).await, Outcome::Done(_)));
    }
}

/// The check needs a slot of the sandbox for a moment: it waits for one.
#[tokio::test]
async fn a_busy_host_delays_a_swap_and_does_not_refuse_it() {
    let folder = Folder::with_slots(1);
    [0, 1].iter().for_each(|version| folder.approve(&mock(*version)));
    let registry = folder.start().await;
    let former = registry.get("mock").unwrap();
    let (entered, mut occupied) = tokio::sync::mpsc::channel(1);
    let occupying = tokio::spawn(async move {
        loop {
            let id = OperationId::new().unwrap();
            let state = OperationState::for_check(
                Arc::clone(&former.connector.context),
                &id,
                Trace::default(),
                Ledger::default(),
            );
            let stay = async |_: &mut _, _: &_| {
                entered.send(()).await.unwrap();
                tokio::time::sleep(Duration::from_millis(500)).await;
                Ok(())
            };
            // After the start the directory is looked at, which needs the slot as well.
            match former.connector.prepared.run(state, stay).await {
                Err(Ended::Busy(_)) => tokio::task::yield_now().await,
                ended => return ended.unwrap(),
            }
        }
    });
    occupied.recv().await.unwrap();
    folder.write(PLUGIN, mock(1));
    let changes = registry.reload().await;
    assert!(matches!(&changes[..], [change] if change.what == What::Swapped), "{changes:?}");
    occupying.await.unwrap();
}

#[tokio::test]
async fn what_was_not_changed_is_left_alone() {
    let folder = Folder::new();
    folder.approve(&mock(0));
    let registry = folder.start().await;
    let before = registry.get("mock").unwrap();
    // Written anew with the same content: that is no change.
    folder.write(PLUGIN, mock(0));
    folder.write(TOML, folder.read(TOML));
    assert_eq!(registry.reload().await, []);
    assert!(Arc::ptr_eq(&before, &registry.get("mock").unwrap()));
}

#[tokio::test]
async fn a_directory_in_memory_keeps_its_content_over_a_swap() {
    let folder = Folder::new();
    folder.approve(&mock(0));
    let registry = folder.start().await;
    let directory = |registry: &Registry| registry.get("mock").unwrap().connector.context.directory.clone().unwrap();
    let before = directory(&registry);
    folder.edit(TOML, ", \"account-status\"]", "]");
    registry.reload().await;
    assert!(Arc::ptr_eq(&before, &directory(&registry)), "another plugin or grant is no other directory");
    folder.edit(TOML, "min-length = 8", "min-length = 9");
    registry.reload().await;
    assert!(!Arc::ptr_eq(&before, &directory(&registry)), "with other settings it is another one");
}

#[tokio::test]
async fn a_connector_whose_file_is_gone_is_withdrawn_and_comes_back() {
    let folder = Folder::new();
    folder.approve(&mock(0));
    let registry = folder.start().await;
    let running = registry.get("mock").unwrap();
    let text = folder.read(TOML);
    std::fs::remove_file(folder.path(TOML)).unwrap();
    let changes = registry.reload().await;
    assert!(matches!(&changes[..], [change] if change.what == What::Withdrawn), "{changes:?}");
    assert_eq!(only(&registry).state, State::Withdrawn);
    assert!(registry.get("mock").is_none());
    assert!(matches!(works(&running).await, Outcome::Done(_)), "what had begun is finished");
    folder.write(TOML, text);
    registry.reload().await;
    assert_eq!(only(&registry).state, State::Running);
}

#[tokio::test]
async fn a_folder_that_is_away_for_a_moment_changes_nothing() {
    let folder = Folder::new();
    folder.approve(&mock(0));
    let registry = folder.start().await;
    std::fs::rename(folder.path("connectors"), folder.path("elsewhere")).unwrap();
    assert_eq!(registry.reload().await, []);
    assert!(registry.get("mock").is_some());
}
