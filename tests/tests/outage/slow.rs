//! A server whose answers drip: what waits for it waits, and nobody else does.

use std::time::{Duration, Instant};

use portcullis::service::Service;
use portcullis_journal::State;
use portcullis_model::OperationKind::AccountStatus;
use portcullis_tests::harness::Draft;
use portcullis_tests::proxy::Proxy;
use portcullis_tests::servers::{Account, OpenLdap};
use portcullis_tests::service::{Folders, Wanted};
use portcullis_tests::{Result, or_skip};

use super::{TOML, WAIT};

/// How long so many questions to a healthy directory take, one after the other.
async fn healthy(service: &Service, account: &Account) -> Result<Duration> {
    let started = Instant::now();
    for _ in 0..20 {
        let record = Wanted::new(AccountStatus, &account.login, &[]).submit(service, WAIT).await?;
        assert_eq!(record.state, State::Done, "{record:?}");
    }
    Ok(started.elapsed())
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_drip_slow_nobody_else() -> Result<()> {
    let Some(server) = or_skip(OpenLdap.shared()) else { return Ok(()) };
    let proxy = Proxy::tls(server.facts()).await?;
    let pattern = |prefix: &str| vec![format!("{prefix}-*@{}", server.facts().domain)];
    let sick = Draft::of(&server).through(&proxy).set("accounts", pattern("sick")).set("ldap.request-timeout", "1s");
    let folders =
        Folders::new(TOML).with("sick", sick).with("healthy", Draft::of(&server).set("accounts", pattern("healthy")));
    let service = folders.start().await?;
    let account = server.new_account("healthy").await?;
    healthy(&service, &account).await?;
    let without = healthy(&service, &account).await?;

    proxy.drip(Some(Duration::from_millis(50)));
    let mut sick = Vec::new();
    for number in 0..20 {
        let account = server.new_account("sick").await?;
        let password = format!("Qu1z-{number:02}-Jumps");
        let record = Wanted::reset(&account.login, &password).submit(&service, Duration::ZERO).await?;
        sick.push((account, password, record.id));
    }
    let with = healthy(&service, &account).await?;
    println!("20 questions: {without:?} without, {with:?} with a directory that drips");
    assert!(with < without * 10 + Duration::from_secs(2), "{without:?} without, {with:?} with");
    let counts = service.journal().counts().await?;
    assert!(counts.keys().any(|state| !state.has_ended()), "nothing drips: {counts:?}");

    proxy.drip(None);
    for (account, password, id) in sick {
        let record = service.wait(&id, WAIT).await?.ok_or("lost")?;
        let shows = server.binds(&account.dn, &password).await?;
        match record.state {
            State::Done => assert!(shows, "{record:?}"),
            State::Unknown => {}
            other => panic!("{other}: {record:?}"),
        }
    }
    Ok(())
}
