//! What waited out an outage is delivered in order, and only the newest of several passwords is set.

use std::time::Duration;

use portcullis_journal::{Event, Record, State};
use portcullis_model::FaultCode;
use portcullis_tests::harness::Draft;
use portcullis_tests::servers::{Account, OpenLdap, Server};
use portcullis_tests::service::{Folders, Wanted};
use portcullis_tests::{Result, or_skip};

use super::{TOML, WAIT};

struct Ended {
    record: Record,
    /// Who took its place.
    by: Option<usize>,
}

/// Asks for these passwords, one after the other, while the server is away; their ends once it is back.
async fn waited_out(server: &mut Server, account: &Account, passwords: &[&str]) -> Result<Vec<Ended>> {
    let folders = Folders::new(TOML).with("people", Draft::of(server));
    let service = folders.start().await?;
    server.stop()?;
    let mut accepted = Vec::new();
    for password in passwords {
        accepted.push(Wanted::reset(&account.login, password).submit(&service, Duration::ZERO).await?.id);
    }
    // One has come back in vain before the server is there again.
    let mut changes = service.journal().watch();
    loop {
        let tried = service.journal().list(Default::default(), Default::default()).await?;
        if tried.records.iter().any(|record| record.attempts > 0) {
            break;
        }
        tokio::time::timeout(WAIT, changes.recv()).await.map_err(|_| "nothing is tried")?.ok();
    }
    server.restart()?;
    let mut ended = Vec::new();
    for id in &accepted {
        let record = service.wait(id, WAIT).await?.ok_or("lost")?;
        let history = service.journal().history(id).await?;
        let by = match history.last().map(|entry| &entry.event) {
            Some(Event::Superseded { by }) => accepted.iter().position(|other| other == by),
            _ => None,
        };
        ended.push(Ended { record, by });
    }
    Ok(ended)
}

fn states(ended: &[Ended]) -> Vec<(State, Option<usize>)> {
    ended.iter().map(|ended| (ended.record.state, ended.by)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_supersedes_the_older() -> Result<()> {
    let Some(mut server) = or_skip(OpenLdap.start()) else { return Ok(()) };
    let account = server.new_account("newest").await?;
    let passwords = ["Qu1z-00-Jumps", "Qu1z-01-Jumps", "Qu1z-02-Jumps"];
    let ended = waited_out(&mut server, &account, &passwords).await?;
    let superseded = (State::Superseded, Some(2));
    assert_eq!(states(&ended), [superseded, superseded, (State::Done, None)]);
    assert!(server.binds(&account.dn, "Qu1z-02-Jumps").await?);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newest_that_is_refused_supersedes_nothing() -> Result<()> {
    let Some(mut server) = or_skip(OpenLdap.start()) else { return Ok(()) };
    let account = server.new_account("refused").await?;
    let ended = waited_out(&mut server, &account, &["Qu1z-00-Jumps", "Qu1z-01-Jumps", "Qu1z"]).await?;
    assert_eq!(states(&ended), [(State::Superseded, Some(1)), (State::Done, None), (State::Refused, None)]);
    assert_eq!(ended.last().and_then(|last| last.record.fault), Some(FaultCode::PasswordTooShort));
    assert!(server.binds(&account.dn, "Qu1z-01-Jumps").await?);
    Ok(())
}
