//! How the host makes sure, as the operator chose.

use portcullis_model::Confirmation;
use portcullis_tests::harness::Draft;
use portcullis_tests::proxy::{Loss, Proxy, Request};
use portcullis_tests::servers::OpenLdap;
use portcullis_tests::{Result, or_skip};

use crate::both::{NEW, NEWER, Scene};

fn read_back(draft: Draft) -> Draft {
    draft.set("ldap.confirm.by", "read-back").set("ldap.confirm.attribute", "pwdChangedTime")
}

/// An account that the administrator made has no `pwdChangedTime`, so that it changes although it counts in seconds.
#[tokio::test]
async fn by_reading_back() -> Result<()> {
    let Some(server) = or_skip(OpenLdap.shared()) else { return Ok(()) };
    let (one, other) = (server.new_account("read-back").await?, server.new_account("read-back").await?);
    let connector = read_back(Draft::of(&server)).start();
    assert!(server.get_attr(&one.dn, "pwdChangedTime").await?.is_empty());
    let report = connector.reset(&one.login, NEW).await;
    let Confirmation::Confirmed(how) = &report.confirmed().confirmation else { return Err("confirmed".into()) };
    assert!(how.starts_with("pwdChangedTime changed"), "{how}");
    assert!(server.binds(&one.dn, NEW).await?);

    // The answer is lost: what is read back tells that the server did it.
    let proxy = Proxy::tls(server.facts()).await?;
    let connector = read_back(Draft::of(&server)).through(&proxy).start();
    proxy.lose(Request::Extended, Loss::Answer);
    let report = connector.reset(&other.login, NEW).await;
    report.confirmed();
    assert!(report.was_in_doubt(), "{report}");
    assert!(server.binds(&other.dn, NEW).await?);

    // The request is lost: the same value as before proves nothing.
    proxy.lose(Request::Extended, Loss::Request);
    let report = connector.reset(&other.login, NEWER).await;
    assert!(report.unknown().detail.contains("the same as before"), "{report}");
    assert!(server.binds(&other.dn, NEW).await?);
    Ok(())
}

#[tokio::test]
async fn not_at_all() -> Result<()> {
    let Some(scene) = Scene::new(OpenLdap, "none").await? else { return Ok(()) };
    let connector = scene.draft().set("ldap.confirm.by", "none").start();
    let report = connector.reset(&scene.account.login, NEW).await;
    assert!(matches!(report.done().confirmation, Confirmation::AcceptedOnly(_)), "{report}");
    scene.has_the_password(NEW).await
}

/// What is to be read back has to be readable: said when the file is read, not after the first password.
#[tokio::test]
async fn an_attribute_that_may_not_be_read() -> Result<()> {
    let Some(scene) = Scene::new(OpenLdap, "unread").await? else { return Ok(()) };
    let draft = read_back(scene.draft()).set("ldap.read.attributes", vec!["pwdReset"]);
    let Err(problems) = draft.load() else { return Err("the file was taken".into()) };
    assert_eq!(problems.all().iter().map(|problem| problem.name()).collect::<Vec<_>>(), ["confirm-not-readable"]);
    Ok(())
}
