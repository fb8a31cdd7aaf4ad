//! What the directory's policy refuses: its reason reaches the caller, and nothing changes.

use portcullis_model::{Effect, Verdict};
use portcullis_tests::Result;
use portcullis_tests::servers::{Kind, Policy};

use super::{NEW, NEWER, Scene};

pub(crate) async fn too_short(kind: Kind) -> Result<()> {
    let Some(scene) = Scene::new(kind, "short").await? else { return Ok(()) };
    let (connector, login) = (scene.connector(), &scene.account.login);
    for report in
        [connector.reset(login, "Sh0rt_one").await, connector.change(login, &scene.account.password, "Sh0rt_one").await]
    {
        let fault = report.refused("password-too-short", 10);
        // OpenLDAP does not tell how long is long enough.
        assert_eq!(fault.limit, (kind == Kind::Ds389).then_some(10), "{report}");
    }
    scene.keeps_its_password().await
}

pub(crate) async fn too_short_for_this_account(kind: Kind) -> Result<()> {
    let Some(scene) = Scene::with(kind, "long", Policy::Long).await? else { return Ok(()) };
    let (connector, login) = (scene.connector(), &scene.account.login);
    connector.reset(login, "Nineteen_Characters").await.refused("password-too-short", 10);
    scene.keeps_its_password().await?;
    connector.reset(login, "Twenty_Characters_Jq").await.confirmed();
    scene.has_the_password("Twenty_Characters_Jq").await
}

pub(crate) async fn in_history(kind: Kind) -> Result<()> {
    let Some(mut scene) = Scene::new(kind, "history").await? else { return Ok(()) };
    let (connector, login) = (scene.connector(), scene.account.login.clone());
    connector.reset(&login, NEW).await.confirmed();
    connector.reset(&login, NEWER).await.confirmed();
    scene.has_the_password(NEWER).await?;
    scene.remember().await?;
    connector.reset(&login, NEW).await.refused("password-in-history", 10);
    connector.change(&login, NEWER, NEW).await.refused("password-in-history", 10);
    scene.is_untouched().await?;
    scene.has_the_password(NEWER).await
}

pub(crate) async fn too_young(kind: Kind) -> Result<()> {
    let Some(scene) = Scene::with(kind, "young", Policy::MinimumAge).await? else { return Ok(()) };
    let (connector, login) = (scene.connector(), &scene.account.login);
    connector.change(login, &scene.account.password, NEW).await.refused("password-too-young", 10);
    // Unlike in Active Directory the minimum age is for a reset, too.
    connector.reset(login, NEW).await.refused("password-too-young", 10);
    scene.keeps_its_password().await
}

pub(crate) async fn wrong_old_password(kind: Kind) -> Result<()> {
    let Some(scene) = Scene::new(kind, "wrong-old").await? else { return Ok(()) };
    let report = scene.connector().change(&scene.account.login, "Not-The-Passw0rd", NEW).await;
    report.refused("wrong-password", 16);
    assert_eq!(scene.failures().await?, 1, "one bind and never a second one");
    scene.keeps_its_password().await
}

pub(crate) async fn locked(kind: Kind) -> Result<()> {
    let Some(mut scene) = Scene::new(kind, "locked").await? else { return Ok(()) };
    let (connector, login, old) = (scene.connector(), scene.account.login.clone(), scene.account.password.clone());
    scene.lock().await?;
    connector.change(&login, &old, NEW).await.refused("account-locked", 16);
    connector.change(&login, "Not-The-Passw0rd", NEW).await.refused("account-locked", 16);
    assert_eq!(connector.verify(&login, &old).await.verdict(), Verdict::Locked);
    scene.is_untouched().await?;
    connector.unlock(&login).await.done().effects.iter().for_each(|effect| assert_eq!(*effect, Effect::Unlocked));
    assert!(scene.server.binds(&scene.account.dn, &old).await?);
    Ok(())
}

pub(crate) async fn not_granted(kind: Kind) -> Result<()> {
    let Some(scene) = Scene::new(kind, "grant").await? else { return Ok(()) };
    let login = &scene.account.login;
    let without_password = match kind {
        Kind::Ds389 => scene.draft().unset("ldap.write.userPassword"),
        _ => scene.draft().unset("ldap.allow.set-password"),
    };
    without_password.start().reset(login, NEW).await.refused("not-granted", 12);
    let connector = scene.draft().unset("ldap.allow.as-target").unset("ldap.allow.controls").start();
    connector.change(login, &scene.account.password, NEWER).await.refused("not-granted", 12);
    connector.reset(login, NEWER).await.refused("not-granted", 12);
    let connector = scene.draft().set("operations", vec!["account-status"]).start();
    connector.reset(login, NEW).await.refused("operation-not-granted", 12);
    scene.keeps_its_password().await
}
