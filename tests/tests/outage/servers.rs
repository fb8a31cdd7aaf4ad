//! A server that stops and comes back; two servers of which one stops.

use std::sync::Arc;

use portcullis_journal::State;
use portcullis_tests::harness::Draft;
use portcullis_tests::proxy::Proxy;
use portcullis_tests::servers::OpenLdap;
use portcullis_tests::service::Folders;
use portcullis_tests::{Result, or_skip};

use super::TOML;
use super::crowd::{ends, in_order, submit_all};

#[tokio::test(flavor = "multi_thread")]
async fn stopped_and_started_again_under_load() -> Result<()> {
    let Some(mut server) = or_skip(OpenLdap.start()) else { return Ok(()) };
    let mut accounts = Vec::new();
    for _ in 0..30 {
        accounts.push(server.new_account("outage").await?);
    }
    let folders = Folders::new(TOML).with("people", Draft::of(&server));
    let service = folders.start().await?;
    let before = submit_all(&service, &accounts, 0..2).await?;
    server.stop()?;
    println!("stopped");
    let during = submit_all(&service, &accounts, 2..8).await?;
    // It is the breaker that says so, not the clock: enough came back in vain.
    let people = || service.load().get("people").copied().unwrap_or_default();
    let mut changes = service.journal().watch();
    while !people().breaker_open {
        tokio::time::timeout(super::WAIT, changes.recv()).await.map_err(|_| "the breaker does not open")?.ok();
    }
    println!("the breaker is open");
    server.restart()?;
    println!("started");
    let after = submit_all(&service, &accounts, 8..10).await?;
    let mut all = before;
    for (account, records) in during.into_iter().chain(after) {
        all.entry(account).or_default().extend(records);
    }
    let ends = ends(&service, all).await?;
    assert!(!people().breaker_open && people().waiting == 0, "{:?}", people());
    let states = service.journal().counts().await?;
    println!("{states:?}");
    assert_eq!(states.values().sum::<u64>(), 300);
    assert_eq!(states.get(&State::Refused).copied().unwrap_or_default(), 0, "{states:?}");
    in_order(&service, &server, &accounts, &ends, 9).await
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_two_stops() -> Result<()> {
    let Some(server) = or_skip(OpenLdap.shared()) else { return Ok(()) };
    let mut accounts = Vec::new();
    for _ in 0..8 {
        accounts.push(server.new_account("failover").await?);
    }
    // One directory, two ways to it: what is written through one is there through the other.
    let first = Proxy::tls(server.facts()).await?;
    let second = server.facts().ldaps_url.clone();
    let both = folder_of_authorities(&[&first.facts().ca_file, &server.facts().ca_file])?;
    let draft = Draft::of(&server)
        .urls(&[&first.facts().ldaps_url, &second])
        .set("ldap.ca-file", both.path().join("both.pem").display().to_string());
    let folders = Folders::new(TOML).with("people", draft);
    let service = folders.start().await?;
    let before = submit_all(&service, &accounts, 0..1).await?;
    let before = ends(&service, before).await?;
    first.stop();
    let after = submit_all(&service, &accounts, 1..4).await?;
    let after = ends(&service, after).await?;
    for record in before.values().chain(after.values()).flatten() {
        assert!(matches!(record.state, State::Done | State::Superseded), "{record:?}");
    }
    in_order(&service, &Arc::clone(&server), &accounts, &after, 3).await
}

fn folder_of_authorities(files: &[&std::path::Path]) -> Result<tempfile::TempDir> {
    let folder = tempfile::tempdir()?;
    let mut all = String::new();
    for file in files {
        all.push_str(&std::fs::read_to_string(file)?);
    }
    std::fs::write(folder.path().join("both.pem"), all)?;
    Ok(folder)
}
