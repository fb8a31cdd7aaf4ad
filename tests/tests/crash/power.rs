//! The power goes in the middle of a write: the database file or its log is cut short or has a hole. The service then
//! either refuses to start, and says what to do, or starts and tells the truth.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use portcullis_journal::{Filter, Journal, PageRequest, State};
use portcullis_model::OperationKind;
use portcullis_tests::harness::Draft;
use portcullis_tests::proxy::{Proxy, Request};
use portcullis_tests::servers::{Account, OpenLdap, Server};
use portcullis_tests::service::{Folders, Wanted, start};
use portcullis_tests::{Result, or_skip};

use super::life::{Ended, live};
use super::scene::TOML;

/// How many places of each file are torn.
const PLACES: usize = 12;
/// What a disk writes at once.
const SECTOR: usize = 512;

/// What is done to a file.
#[derive(Debug, Clone)]
struct Tear {
    file: &'static str,
    at: usize,
    /// Cut there, or zeros for one sector.
    cut: bool,
}

fn tears(state: &Path) -> Result<Vec<Tear>> {
    let mut tears = Vec::new();
    for file in ["journal.db", "journal.db-wal"] {
        let length = usize::try_from(fs::metadata(state.join(file))?.len())?;
        assert!(length > SECTOR, "{file} is empty: the service was not killed in the middle");
        for place in 0..PLACES {
            // The last ones are close to the end, where a crash would cut.
            let at = if place % 2 == 0 { length * place / PLACES } else { length - SECTOR * place / 2 - 1 };
            tears.push(Tear { file, at, cut: place % 3 != 0 });
            tears.push(Tear { file, at, cut: place % 3 == 0 });
        }
    }
    Ok(tears)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            fs::create_dir(&target)?;
            fs::set_permissions(&target, entry.metadata()?.permissions())?;
            copy(&entry.path(), &target)?;
        } else if entry.file_type()?.is_file() {
            fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}

fn tear(file: &PathBuf, tear: &Tear) -> Result<()> {
    let mut bytes = fs::read(file)?;
    if tear.cut {
        bytes.truncate(tear.at);
    } else {
        let end = bytes.len().min(tear.at + SECTOR);
        bytes.get_mut(tear.at..end).ok_or("a place in the file")?.fill(0);
    }
    Ok(fs::write(file, bytes)?)
}

/// A server, what a killed service left, and on which accounts.
struct Left {
    server: Arc<Server>,
    accounts: Vec<Account>,
    folders: Folders,
}

/// Starts on a torn copy. Says whether it started.
async fn survives(left: &Left, torn: &Tear) -> Result<bool> {
    let proxy = Proxy::tls(left.server.facts()).await?;
    let folders = Folders::new(TOML).with("people", Draft::of(&left.server).through(&proxy));
    copy(left.folders.state(), folders.state())?;
    tear(&folders.state().join(torn.file), torn)?;
    let refused = |text: String| {
        assert!(text.contains("journal.db") && text.contains("portcullis restore"), "{torn:?}: {text}");
        println!("{torn:?}: {text}");
        Ok(false)
    };
    let journal = match Journal::open(folders.state()) {
        Ok(journal) => journal,
        Err(error) => return refused(error.to_string()),
    };
    let before = states(&journal).await?;
    let mut changes = journal.watch();
    let service = match start(folders.config(), folders.state(), journal.clone()).await {
        Ok(service) => service,
        Err(error) => return refused(error.to_string()),
    };
    while !journal.open_operations().await?.is_empty() {
        let changed = tokio::time::timeout(std::time::Duration::from_secs(60), changes.recv()).await;
        assert!(changed.is_ok(), "{torn:?}: nothing happens to {:?}", journal.open_operations().await?);
    }
    let after = states(&journal).await?;
    assert_eq!(before.len(), after.len(), "{torn:?}");
    for (id, (seq, state)) in &after {
        let id = portcullis_model::OperationId::parse(id).ok_or("an id")?;
        let history = journal.history(&id).await?;
        let replayed = State::replay(history.iter().map(|entry| &entry.event));
        assert_eq!(replayed, Ok(Some(*state)), "{torn:?}: {seq} {history:?}");
        assert!(matches!(state, State::Done | State::Unknown), "{torn:?}: {seq} is {state}: {history:?}");
    }
    // A second write only for what said that nothing was sent.
    let waiting = before.values().filter(|(_, state)| *state == State::Waiting).count();
    let writes = proxy.count(Request::Extended) + proxy.count(Request::Modify);
    assert!(writes <= waiting, "{torn:?}: {writes} writes for {waiting} that waited: {before:?}");
    service.stop(std::time::Duration::from_secs(10)).await;
    println!("{torn:?}: {before:?} became {after:?}");
    Ok(true)
}

type States = BTreeMap<String, (u64, State)>;

async fn states(journal: &Journal) -> Result<States> {
    let page = journal.list(Filter::default(), PageRequest::default()).await?;
    Ok(page.records.into_iter().map(|record| (record.id.to_string(), (record.seq, record.state))).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_torn_journal_is_refused_or_honest() -> Result<()> {
    let Some(server) = or_skip(OpenLdap.shared()) else { return Ok(()) };
    let mut accounts = Vec::new();
    for _ in 0..4 {
        let account = server.new_account("power").await?;
        server.lock(&account).await?;
        accounts.push(account);
    }
    let folders = Folders::new(TOML).with("people", Draft::of(&server));
    // Unlocks: the same one may be carried out by many torn journals, and looking for one never counts as a sign-in.
    let unlock = |account: &Account| vec![Wanted::new(OperationKind::UnlockAccount, &account.login, &[])];
    let wanted: Vec<_> = accounts.iter().map(unlock).collect();
    // Some accepted, some acting, and none or some done.
    assert_eq!(live(&folders, &wanted, Some(7)).await?, Ended::Killed);
    let tears = tears(folders.state())?;
    let left = Left { server, accounts, folders };
    let left = &left;
    let cases = stream::iter(tears).map(|torn| async move { survives(left, &torn).await });
    let started: Vec<bool> = cases.buffer_unordered(4).try_collect().await?;
    let count = started.iter().filter(|started| **started).count();
    println!("{count} of {} torn journals started; {} accounts", started.len(), left.accounts.len());
    assert!(count > 0 && count < started.len(), "{count} of {}", started.len());
    Ok(())
}
