//! A connector is swapped again and again under a service that goes on taking operations; in between it is broken.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use portcullis::service::Service;
use portcullis::service::registry::What;
use portcullis_journal::State;
use portcullis_model::OperationKind::AccountStatus;
use portcullis_tests::Result;
use portcullis_tests::service::{Folders, Wanted};

use super::{TOML, WAIT};

const ACCOUNTS: [&str; 2] = ["alice", "bob"];

/// Resets and questions until the end, each waited for. Whatever is not done is an error.
async fn load(service: Arc<Service>, account: &'static str, end: Arc<AtomicBool>, done: Arc<AtomicU32>) -> Result<()> {
    let login = format!("{account}@people.example");
    let mut round = 0;
    while !end.load(Ordering::SeqCst) {
        for wanted in
            [Wanted::reset(&login, &format!("password number {round}")), Wanted::new(AccountStatus, &login, &[])]
        {
            let record = wanted.submit(&service, WAIT).await?;
            if record.state != State::Done {
                return Err(format!("{record:?}").into());
            }
            done.fetch_add(1, Ordering::SeqCst);
        }
        round += 1;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_swaps_and_broken_ones_in_between() -> Result<()> {
    let folders = Folders::new(TOML).with_mock(&[0, 1]);
    let service = folders.start().await?;
    let (end, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
    let loads: Vec<_> = ACCOUNTS
        .into_iter()
        .map(|account| tokio::spawn(load(Arc::clone(&service), account, Arc::clone(&end), Arc::clone(&done))))
        .collect();
    let went_on = async |before: u32| {
        while done.load(Ordering::SeqCst) < before + 2 {
            if loads.iter().any(tokio::task::JoinHandle::is_finished) {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    let plugin = folders.config().join("plugins/mock.wasm");
    for swap in 1..=100 {
        let before = done.load(Ordering::SeqCst);
        folders.write_mock(swap % 2);
        let changes = service.registry().reload().await;
        assert!(matches!(&changes[..], [change] if change.what == What::Swapped), "{swap}: {changes:?}");
        went_on(before).await;
        if swap % 20 == 0 {
            let good = fs::read(&plugin)?;
            fs::write(&plugin, &good[..good.len() / 2])?;
            let changes = service.registry().reload().await;
            assert!(matches!(&changes[..], [change] if matches!(change.what, What::Refused(_))), "{changes:?}");
            went_on(done.load(Ordering::SeqCst)).await;
        }
    }
    end.store(true, Ordering::SeqCst);
    for load in loads {
        load.await??;
    }
    let counts = service.journal().counts().await?;
    assert_eq!(counts.get(&State::Done).copied(), Some(counts.values().sum()), "{counts:?}");
    Ok(())
}
