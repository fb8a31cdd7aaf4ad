//! Many who ask, and what must be true of all that they asked for.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use portcullis::service::Service;
use portcullis_journal::{Event, Record, State};
use portcullis_tests::Result;
use portcullis_tests::servers::{Account, Server};
use portcullis_tests::service::Wanted;

use super::WAIT;

/// How many ask side by side.
const SUBMITTERS: usize = 8;

pub(crate) fn password(account: usize, round: usize) -> String {
    format!("Qu1z-{account:02}-{round:02}-Jumps")
}

/// Resets, one for each round and account, by several who ask at once: each has accounts of its own, so that it knows the order in which it asked. The
/// records are those of the acceptance, by account.
pub(crate) async fn submit_all(
    service: &Arc<Service>,
    accounts: &[Account],
    rounds: Range<usize>,
) -> Result<BTreeMap<usize, Vec<Record>>> {
    let submitters = (0..SUBMITTERS).map(|submitter| {
        let service = Arc::clone(service);
        let mine = accounts.iter().map(|account| account.login.clone()).enumerate();
        let mine: Vec<_> = mine.filter(|(number, _)| number % SUBMITTERS == submitter).collect();
        let rounds = rounds.clone();
        tokio::spawn(async move {
            let mut records: BTreeMap<usize, Vec<Record>> = BTreeMap::new();
            for round in rounds {
                for (number, login) in &mine {
                    let wanted = Wanted::reset(login, &password(*number, round));
                    records.entry(*number).or_default().push(wanted.submit(&service, Duration::ZERO).await?);
                }
            }
            Result::Ok(records)
        })
    });
    let mut all = BTreeMap::new();
    for submitter in submitters.collect::<Vec<_>>() {
        all.extend(submitter.await??);
    }
    Ok(all)
}

/// The ends of all, by account, in the order in which they were asked for.
pub(crate) async fn ends(
    service: &Service,
    accepted: BTreeMap<usize, Vec<Record>>,
) -> Result<BTreeMap<usize, Vec<Record>>> {
    let mut ends = BTreeMap::new();
    for (account, records) in accepted {
        let mut of_account = Vec::new();
        for record in records {
            let ended = service.wait(&record.id, WAIT).await?.ok_or("lost")?;
            assert!(ended.state.has_ended(), "{ended:?}\n{:?}", service.journal().history(&ended.id).await?);
            of_account.push(ended);
        }
        ends.insert(account, of_account);
    }
    Ok(ends)
}

/// Each was done, or overtaken by a newer one that was; the directory has the password of the last round.
pub(crate) async fn in_order(
    service: &Service,
    server: &Server,
    accounts: &[Account],
    ends: &BTreeMap<usize, Vec<Record>>,
    last_round: usize,
) -> Result<()> {
    assert_eq!(ends.len(), accounts.len());
    for (number, records) in ends {
        for record in records {
            let history = service.journal().history(&record.id).await?;
            match record.state {
                State::Done | State::Unknown => {}
                State::Superseded => {
                    let Some(Event::Superseded { by }) = history.last().map(|entry| &entry.event) else {
                        panic!("{history:?}")
                    };
                    let by = records.iter().find(|other| other.id == *by).ok_or("of the same account")?;
                    assert!(by.seq > record.seq, "{record:?} by {by:?}");
                    assert!(matches!(by.state, State::Done | State::Unknown), "{record:?} by {by:?}");
                }
                other => panic!("{other}: {history:?}"),
            }
        }
        let last = records.last().ok_or("none")?;
        let account = accounts.get(*number).ok_or("no account")?;
        if last.state == State::Done {
            let text = password(*number, last_round);
            assert!(server.binds(&account.dn, &text).await?, "{}: {records:?}", account.login);
        } else {
            assert_eq!(last.state, State::Unknown, "the last one is overtaken by nothing: {last:?}");
        }
    }
    Ok(())
}
