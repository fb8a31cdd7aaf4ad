//! Servers that restart, stop, are one of two, or take no writes.

use std::sync::{Arc, Mutex};

use portcullis_tests::harness::Draft;
use portcullis_tests::proxy::{Proxy, Request};
use portcullis_tests::servers::{OpenLdap, Policy, Server, Variant};
use portcullis_tests::{Result, or_skip};

use crate::both::{NEW, NEWER, Scene};

/// A second server with the data of the first, as it is now. What is written to one does not reach the other.
fn copy(of: &Server) -> Option<Server> {
    or_skip(OpenLdap.start_variant(&Variant { copy_of: Some(of.folder().to_owned()), ..Variant::default() }))
}

/// Connections in the pool that died while nothing was asked cost no operation, whatever is asked first.
#[tokio::test]
async fn restarted_between_two_operations() -> Result<()> {
    let Some(mut server) = or_skip(OpenLdap.start()) else { return Ok(()) };
    let account = server.new_account("restarted").await?;
    let connector = Draft::of(&server).start();
    let _ = connector.status(&account.login).await.status();
    server.restart()?;
    connector.reset(&account.login, NEW).await.confirmed();
    server.kill()?;
    server.restart()?;
    connector.change(&account.login, NEW, NEWER).await.confirmed();
    assert!(server.binds(&account.dn, NEWER).await?);
    assert!(!server.binds(&account.dn, NEW).await?);
    Ok(())
}

#[tokio::test]
async fn the_first_of_two_is_dead() -> Result<()> {
    let Some(scene) = Scene::new(OpenLdap, "second").await? else { return Ok(()) };
    let url = &scene.server.facts().ldaps_url;
    // Nothing listens there: the fixture's addresses begin with 127.20.
    let connector = scene.draft().urls(&["ldaps://127.0.0.2:1", url]).start();
    let report = connector.reset(&scene.account.login, NEW).await;
    assert_eq!(&report.confirmed().server, url);
    scene.has_the_password(NEW).await
}

#[tokio::test]
async fn the_first_of_two_ends_between_two_operations() -> Result<()> {
    let Some(mut first) = or_skip(OpenLdap.start()) else { return Ok(()) };
    let account = first.new_account("failover").await?;
    let Some(second) = copy(&first) else { return Ok(()) };
    let urls = [first.facts().ldaps_url.clone(), second.facts().ldaps_url.clone()];
    let connector = Draft::of(&first).urls(&[&urls[0], &urls[1]]).start();
    assert_eq!(connector.status(&account.login).await.done().server, urls[0]);
    first.kill()?;
    let report = connector.reset(&account.login, NEW).await;
    let receipt = report.confirmed();
    assert_eq!(receipt.server, urls[1]);
    assert!(second.binds(&account.dn, NEW).await?);
    first.restart()?;
    assert!(first.binds(&account.dn, &account.password).await?, "the first one was not there to take it");
    Ok(())
}

/// The server stops in the middle: it has the request and answers nothing, neither yes nor no.
#[tokio::test]
async fn stopped_before_it_answers() -> Result<()> {
    let Some(server) = or_skip(OpenLdap.start()) else { return Ok(()) };
    let account = server.new_account("stopped").await?;
    let proxy = Proxy::tls(server.facts()).await?;
    let draft = Draft::of(&server).through(&proxy);
    let connector = draft.set("ldap.request-timeout", "1s").set("ldap.connect-timeout", "1s").start();
    let server = Arc::new(Mutex::new(server));
    let pausing = Arc::clone(&server);
    proxy.before(Request::Extended, move || pausing.lock().unwrap().pause().unwrap());
    let report = connector.reset(&account.login, NEW).await;
    assert!(report.was_in_doubt(), "{report}");
    assert!(report.unknown().detail.contains("could not look"), "{report}");
    drop(connector);
    drop(proxy);
    let mut server = Arc::into_inner(server).ok_or("nobody else holds it")?.into_inner()?;
    server.resume()?;
    // Which one it is nobody could know; that is what the host said.
    let (old, new) = (server.binds(&account.dn, &account.password).await?, server.binds(&account.dn, NEW).await?);
    assert!(old != new, "the old password signs in: {old}, the new one: {new}");
    Ok(())
}

/// A referral is not followed: it would take a password to a server that the operator never named.
#[tokio::test]
async fn a_replica_takes_no_writes() -> Result<()> {
    let Some(scene) = Scene::new(OpenLdap, "replica").await? else { return Ok(()) };
    let somewhere = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let variant = Variant {
        copy_of: Some(scene.server.folder().to_owned()),
        referral: Some(format!("ldap://{}", somewhere.local_addr()?)),
        ..Variant::default()
    };
    let Some(replica) = or_skip(OpenLdap.start_variant(&variant)) else { return Ok(()) };
    let scene = Scene { server: Arc::new(replica), ..scene };
    let (connector, login) = (scene.connector(), &scene.account.login);
    for report in [connector.reset(login, NEW).await, connector.unlock(login).await] {
        let fault = report.refused("misconfigured", 17);
        assert!(fault.detail.contains("referral"), "{report}");
    }
    let visitor = tokio::time::timeout(std::time::Duration::ZERO, somewhere.accept()).await;
    assert!(visitor.is_err(), "the referral was followed");
    scene.keeps_its_password().await
}

#[tokio::test]
async fn the_same_account_many_times_at_once() -> Result<()> {
    let Some(server) = or_skip(OpenLdap.shared()) else { return Ok(()) };
    let scene = Scene::on(server, "crowd", Policy::Usual).await?;
    let connector = Arc::new(scene.connector());
    let passwords: Vec<String> = (0..8).map(|n| format!("{NEW}-{n}")).collect();
    let resets = passwords.iter().cloned().map(|password| {
        let (connector, login) = (Arc::clone(&connector), scene.account.login.clone());
        tokio::spawn(async move { connector.reset(&login, &password).await })
    });
    let mut won = 0;
    for reset in resets.collect::<Vec<_>>() {
        // Overtaken before it was confirmed, a reset is unknown; it is never refused, for the server took it.
        won += usize::from(reset.await?.outcome.word() == "done");
    }
    let mut binding = 0;
    for password in &passwords {
        // Overtaken resets were confirmed by binds that failed.
        scene.server.set_attr(&scene.account.dn, "pwdAccountLockedTime", &[]).await?;
        binding += usize::from(scene.server.binds(&scene.account.dn, password).await?);
    }
    assert_eq!(binding, 1);
    assert!(won >= 1, "the last one was never overtaken");
    Ok(())
}
