//! Requests, answers and servers that get lost: the caller learns what is true, and never "refused" for a password
//! that was set.

use portcullis_model::{Confirmation, Effect};
use portcullis_tests::harness::Draft;
use portcullis_tests::proxy::{Loss, Proxy, Request};
use portcullis_tests::servers::{Kind, Policy};
use portcullis_tests::{Result, or_skip};

use super::{NEW, NEWER, Scene};

/// The server did it, its answer was lost, and one bind finds out.
pub(crate) async fn the_answer_is_lost(kind: Kind) -> Result<()> {
    let Some(scene) = Scene::new(kind, "answer").await? else { return Ok(()) };
    let proxy = Proxy::tls(scene.server.facts()).await?;
    let connector = scene.draft().through(&proxy).start();
    proxy.lose(scene.write(), Loss::Answer);
    let report = connector.reset(&scene.account.login, NEW).await;
    assert_eq!(report.confirmed().effects, [Effect::PasswordSet]);
    assert!(report.was_in_doubt(), "{report}");
    assert_eq!(proxy.count(scene.write()), 1, "a write is never sent twice");
    scene.has_the_password(NEW).await?;

    proxy.lose(scene.write(), Loss::Answer);
    let report = connector.change(&scene.account.login, NEW, NEWER).await;
    assert_eq!(report.confirmed().effects, [Effect::PasswordSet]);
    assert!(report.was_in_doubt(), "{report}");
    scene.has_the_password(NEWER).await
}

/// The server did it, and then nobody can be asked.
pub(crate) async fn the_answer_and_the_server_are_lost(kind: Kind) -> Result<()> {
    let Some(scene) = Scene::new(kind, "both").await? else { return Ok(()) };
    let proxy = Proxy::tls(scene.server.facts()).await?;
    let connector = scene.draft().through(&proxy).start();
    proxy.lose(scene.write(), Loss::AnswerAndServer);
    let report = connector.reset(&scene.account.login, NEW).await;
    let fault = report.unknown();
    assert!(fault.detail.contains("could not look"), "{report}");
    assert!(report.was_in_doubt(), "{report}");
    scene.has_the_password(NEW).await
}

/// The server never saw it; for the host that is the same, until it looks.
pub(crate) async fn the_request_is_lost(kind: Kind) -> Result<()> {
    let Some(scene) = Scene::new(kind, "request").await? else { return Ok(()) };
    let proxy = Proxy::tls(scene.server.facts()).await?;
    let connector = scene.draft().through(&proxy).start();
    proxy.lose(scene.write(), Loss::Request);
    let report = connector.reset(&scene.account.login, NEW).await;
    let fault = report.unknown();
    assert!(fault.detail.contains("not seen"), "{report}");
    assert_eq!(proxy.count(scene.write()), 1, "a write is never sent twice");
    scene.keeps_its_password().await
}

pub(crate) async fn the_answer_is_lost_and_nobody_looks(kind: Kind) -> Result<()> {
    let Some(scene) = Scene::new(kind, "no-look").await? else { return Ok(()) };
    let proxy = Proxy::tls(scene.server.facts()).await?;
    let connector = scene.draft().through(&proxy).set("ldap.confirm.by", "none").start();
    proxy.lose(scene.write(), Loss::Answer);
    let report = connector.reset(&scene.account.login, NEW).await;
    assert!(report.unknown().detail.contains("nobody looked"), "{report}");
    scene.has_the_password(NEW).await
}

/// Nobody can look whether an account was unlocked without trying its password.
pub(crate) async fn the_answer_to_an_unlock_is_lost(kind: Kind) -> Result<()> {
    let Some(mut scene) = Scene::new(kind, "unlock").await? else { return Ok(()) };
    let proxy = Proxy::tls(scene.server.facts()).await?;
    let connector = scene.draft().through(&proxy).start();
    scene.lock().await?;
    proxy.lose(Request::Modify, Loss::Answer);
    let report = connector.unlock(&scene.account.login).await;
    report.unknown();
    assert!(scene.server.binds(&scene.account.dn, &scene.account.password).await?);
    Ok(())
}

/// The password was taken; what follows it was lost: done, and the rest is in doubt.
pub(crate) async fn what_follows_the_password_is_lost(kind: Kind) -> Result<()> {
    let Some(scene) = Scene::with(kind, "follows", Policy::MustChange).await? else { return Ok(()) };
    let proxy = Proxy::tls(scene.server.facts()).await?;
    let connector = scene.draft().through(&proxy).start();
    if scene.write() == Request::Modify {
        proxy.spare(Request::Modify);
    }
    proxy.lose(Request::Modify, Loss::Request);
    let report = connector.reset_must_change(&scene.account.login, NEW).await;
    let receipt = report.in_part("outcome-unknown");
    assert_eq!(receipt.effects, [Effect::PasswordSet]);
    assert!(matches!(receipt.confirmation, Confirmation::Confirmed(_)), "{report}");
    scene.has_the_password(NEW).await
}

/// A read has no effect: it is asked again.
pub(crate) async fn the_answer_to_a_search_is_lost(kind: Kind) -> Result<()> {
    let Some(scene) = Scene::new(kind, "search").await? else { return Ok(()) };
    let proxy = Proxy::tls(scene.server.facts()).await?;
    let connector = scene.draft().through(&proxy).start();
    proxy.lose(Request::Search, Loss::Answer);
    connector.reset(&scene.account.login, NEW).await.confirmed();
    assert_eq!(proxy.count(scene.write()), 1);
    scene.has_the_password(NEW).await
}

/// A bind without an answer may have counted as a failed sign-in, and says nothing about a password.
pub(crate) async fn the_answer_to_a_bind_is_lost(kind: Kind) -> Result<()> {
    let Some(scene) = Scene::new(kind, "bind").await? else { return Ok(()) };
    let proxy = Proxy::tls(scene.server.facts()).await?;
    let connector = scene.draft().through(&proxy).start();
    let _ = connector.status(&scene.account.login).await.status();
    let binds = proxy.count(Request::Bind);
    proxy.lose(Request::Bind, Loss::Answer);
    connector.verify(&scene.account.login, "Not-The-Passw0rd").await.refused("directory-unavailable", 13);
    assert_eq!((proxy.count(Request::Bind) - binds, scene.failures().await?), (1, 1), "one bind and never a second");
    proxy.lose(Request::Bind, Loss::Answer);
    let report = connector.change(&scene.account.login, &scene.account.password, NEW).await;
    report.refused("directory-unavailable", 13);
    scene.keeps_its_password().await
}

/// Nobody can look, and the directory has said yes: done, and the receipt says that nobody looked.
pub(crate) async fn the_confirmation_is_lost(kind: Kind) -> Result<()> {
    let Some(scene) = Scene::new(kind, "confirm").await? else { return Ok(()) };
    let proxy = Proxy::tls(scene.server.facts()).await?;
    let connector = scene.draft().through(&proxy).start();
    let _ = connector.status(&scene.account.login).await.status();
    let binds = proxy.count(Request::Bind);
    proxy.lose(Request::Bind, Loss::Answer);
    let report = connector.reset(&scene.account.login, NEW).await;
    assert!(matches!(report.done().confirmation, Confirmation::AcceptedOnly(_)), "{report}");
    assert_eq!(proxy.count(Request::Bind) - binds, 1, "one bind and never a second");
    scene.has_the_password(NEW).await
}

pub(crate) async fn the_server_ends_and_comes_back(kind: Kind) -> Result<()> {
    let Some(mut server) = or_skip(kind.start()) else { return Ok(()) };
    let account = server.new_account("ended").await?;
    let before = server.entry(&account.dn).await?;
    let (warm, cold) = (Draft::of(&server).start(), Draft::of(&server).start());
    let _ = warm.status(&account.login).await.status();
    server.stop()?;
    for connector in [&warm, &cold] {
        let reports = [
            connector.reset(&account.login, NEW).await,
            connector.change(&account.login, &account.password, NEW).await,
            connector.unlock(&account.login).await,
            connector.verify(&account.login, &account.password).await,
        ];
        for report in reports {
            report.refused("directory-unavailable", 13);
            assert!(!report.sent_a_write(), "{report}");
        }
    }
    server.restart()?;
    assert_eq!(server.entry(&account.dn).await?, before);
    // At once: a server that is back is not held off where there is no other one.
    warm.reset(&account.login, NEW).await.confirmed();
    cold.change(&account.login, NEW, NEWER).await.confirmed();
    assert!(server.binds(&account.dn, NEWER).await?);
    Ok(())
}
