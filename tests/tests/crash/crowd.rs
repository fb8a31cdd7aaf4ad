//! Killed in the middle of delivering two hundred operations, ten times in a row.

use std::collections::BTreeMap;
use std::sync::Arc;

use portcullis_journal::{Entry, Event, Filter, Journal, PageRequest, Record, State};
use portcullis_model::OperationKind::{ResetPassword, UnlockAccount, VerifyPassword};
use portcullis_tests::harness::Draft;
use portcullis_tests::proxy::{Proxy, Request};
use portcullis_tests::servers::{Account, OpenLdap, Server};
use portcullis_tests::service::{Folders, Wanted};
use portcullis_tests::{Result, or_skip};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use super::life::{Ended, begin, live};
use super::scene::TOML;

const ACCOUNTS: usize = 40;
/// Of each account.
const OPERATIONS: usize = 5;
const LIVES: usize = 10;

fn password(account: usize, operation: usize) -> String {
    format!("Qu1z-{account:02}-{operation}-Jumps")
}

/// Questions in between, so that not all resets but one are overtaken.
fn wanted(number: usize, account: &Account) -> Vec<Wanted> {
    let reset = |operation| Wanted::reset(&account.login, &password(number, operation));
    vec![
        reset(0),
        Wanted::new(VerifyPassword, &account.login, &[&password(number, 0)]),
        reset(2),
        Wanted::new(UnlockAccount, &account.login, &[]),
        reset(4),
    ]
}

async fn everything(folders: &Folders) -> Result<Vec<(Record, Vec<Entry>)>> {
    let reader = Journal::read_only(folders.state())?;
    let page = reader.list(Filter::default(), PageRequest { limit: PageRequest::MAX, cursor: None }).await?;
    let mut all = Vec::new();
    for record in page.records.into_iter().rev() {
        let history = reader.history(&record.id).await?;
        all.push((record, history));
    }
    Ok(all)
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_times_in_a_row() -> Result<()> {
    let Some(server) = or_skip(OpenLdap.shared()) else { return Ok(()) };
    let mut accounts = Vec::new();
    for _ in 0..ACCOUNTS {
        accounts.push(server.new_account("crowd").await?);
    }
    let proxy = Proxy::tls(server.facts()).await?;
    let folders = Folders::new(TOML).with("people", Draft::of(&server).through(&proxy));
    let asked: Vec<_> = accounts.iter().enumerate().map(|(number, account)| wanted(number, account)).collect();
    let seed = rand::random();
    println!("seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);

    // The first life may die while it still accepts: what it did not accept is nobody's.
    let first = ACCOUNTS * OPERATIONS + random.random_range(0..30);
    let (mut killed, printed) = begin(&folders, &asked, Some(first))?.end().await?;
    let accepted: Vec<&str> = printed.lines().collect();
    assert_eq!(killed, Ended::Killed, "after {first} entries");
    let mut kills = 1;
    while killed == Ended::Killed && kills < LIVES {
        killed = live(&folders, &[], Some(random.random_range(1..30))).await?;
        kills += usize::from(killed == Ended::Killed);
    }
    assert_eq!(live(&folders, &[], None).await?, Ended::Finished);
    println!("{kills} lives were killed");
    assert!(kills >= LIVES / 2, "only {kills} kills came in time");

    let all = everything(&folders).await?;
    for id in accepted {
        assert!(all.iter().any(|(record, _)| record.id.as_str() == id), "{id} was accepted and is lost");
    }
    let mut states: BTreeMap<State, usize> = BTreeMap::new();
    let (mut sent, mut last) = (0, BTreeMap::new());
    for (record, history) in &all {
        *states.entry(record.state).or_default() += 1;
        assert_eq!(State::replay(history.iter().map(|entry| &entry.event)), Ok(Some(record.state)), "{history:?}");
        assert!(record.state.has_ended(), "{record:?}");
        let count = |wanted: &str| history.iter().filter(|entry| entry.event.name() == wanted).count();
        // Sent again only after it was certain that nothing took effect.
        assert!(count("acting") <= 1 + count("postponed"), "{history:?}");
        assert!(count("done") <= 1, "{history:?}");
        sent += if record.kind == VerifyPassword { 0 } else { count("acting") };
        if record.kind == ResetPassword && record.state == State::Done {
            last.insert(record.account.as_str().to_owned(), record.seq);
        }
        if let Some(Event::Superseded { by }) = history.last().map(|entry| &entry.event) {
            let newer = all.iter().find(|(newer, _)| newer.id == *by).map(|(newer, _)| newer);
            assert!(newer.is_some_and(|newer| newer.seq > record.seq && newer.state != State::Refused), "{record:?}");
        }
    }
    println!("{states:?}");
    assert!(!states.contains_key(&State::Refused), "nothing here is to be refused: {states:?}");
    let writes = proxy.count(Request::Extended) + proxy.count(Request::Modify);
    assert!(writes <= sent, "{writes} writes for {sent} operations that said they would write");
    newest_done_is_set(&server, &accounts, &all, &last).await?;
    let secrets: Vec<String> = (0..ACCOUNTS).flat_map(|a| (0..OPERATIONS).map(move |o| password(a, o))).collect();
    assert_eq!(folders.files_with(&secrets), Vec::<std::path::PathBuf>::new());
    Ok(())
}

/// The password of each account is the one of its newest reset that was done, unless a newer one is unknown.
async fn newest_done_is_set(
    server: &Arc<Server>,
    accounts: &[Account],
    all: &[(Record, Vec<Entry>)],
    last: &BTreeMap<String, u64>,
) -> Result<()> {
    for (number, account) in accounts.iter().enumerate() {
        let of_account = |record: &&Record| record.account.as_str() == account.login && record.kind == ResetPassword;
        let resets: Vec<&Record> = all.iter().map(|(record, _)| record).filter(of_account).collect();
        let done = last.get(&account.login).copied();
        let unknown_later =
            resets.iter().any(|record| record.state == State::Unknown && done.is_none_or(|done| record.seq > done));
        if unknown_later {
            continue;
        }
        let at = resets.iter().position(|record| Some(record.seq) == done);
        let text = at.map_or(account.password.clone(), |at| password(number, at * 2));
        server.set_attr(&account.dn, "pwdAccountLockedTime", &[]).await?;
        assert!(server.binds(&account.dn, &text).await?, "{}: {resets:?}", account.login);
    }
    Ok(())
}
