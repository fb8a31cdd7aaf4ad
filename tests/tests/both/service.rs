//! The connector's own side: its service account, its way to the server, its plugin.

use portcullis_model::Verdict;
use portcullis_tests::Result;
use portcullis_tests::harness::Draft;
use portcullis_tests::servers::Kind;

use super::{NEW, Scene};

pub(crate) async fn without_the_right(kind: Kind) -> Result<()> {
    let Some(mut scene) = Scene::new(kind, "no-right").await? else { return Ok(()) };
    let facts = scene.server.facts();
    let connector = scene.draft().bind(&facts.readonly_dn, &facts.readonly_pw).start();
    let login = scene.account.login.clone();
    connector.reset(&login, NEW).await.refused("directory-denied", 19);
    connector.reset_unlock(&login, NEW).await.refused("directory-denied", 19);
    connector.reset_must_change(&login, NEW).await.refused("directory-denied", 19);
    scene.keeps_its_password().await?;
    scene.lock().await?;
    connector.unlock(&login).await.refused("directory-denied", 19);
    scene.is_untouched().await?;
    assert_eq!(connector.verify(&login, &scene.account.password).await.verdict(), Verdict::Locked);
    Ok(())
}

/// A change is the person's own: it needs no right of the service account's.
pub(crate) async fn a_change_needs_no_right(kind: Kind) -> Result<()> {
    let Some(scene) = Scene::new(kind, "own").await? else { return Ok(()) };
    let facts = scene.server.facts();
    let connector = scene.draft().bind(&facts.readonly_dn, &facts.readonly_pw).start();
    connector.change(&scene.account.login, &scene.account.password, NEW).await.confirmed();
    scene.has_the_password(NEW).await
}

pub(crate) async fn wrong_service_password(kind: Kind) -> Result<()> {
    let Some(scene) = Scene::new(kind, "svc-pw").await? else { return Ok(()) };
    let facts = scene.server.facts();
    for (dn, password) in
        [(&*facts.svc_dn, "Not-The-Service-Passw0rd"), ("cn=nobody,dc=example,dc=org", facts.svc_pw.as_str())]
    {
        let connector = scene.draft().bind(dn, password).start();
        for _ in 0..2 {
            let report = connector.reset(&scene.account.login, NEW).await;
            let fault = report.refused("service-account-refused", 17);
            assert!(fault.detail.contains(dn) && !report.to_string().contains(password), "{report}");
        }
        connector
            .change(&scene.account.login, &scene.account.password, NEW)
            .await
            .refused("service-account-refused", 17);
    }
    scene.keeps_its_password().await
}

pub(crate) async fn wrong_authority(kind: Kind) -> Result<()> {
    let Some(scene) = Scene::new(kind, "wrong-ca").await? else { return Ok(()) };
    let connector = scene.draft().set("ldap.ca-file", scene.server.facts().other_ca_file.display().to_string()).start();
    let report = connector.reset(&scene.account.login, NEW).await;
    let fault = report.refused("directory-unavailable", 13);
    assert!(fault.detail.contains("certificate"), "{report}");
    scene.keeps_its_password().await
}

/// A plugin for another kind of directory finds out before it writes.
pub(crate) async fn a_connector_for_another_directory(kind: Kind) -> Result<()> {
    let Some(scene) = Scene::new(kind, "kind").await? else { return Ok(()) };
    let facts = scene.server.facts();
    let active_directory = Draft::example("active-directory")
        .about(facts)
        .set("ldap.locate.filter", "(mail={account.login})")
        .set("ldap.locate.exclude", "(employeeType=admin)");
    let of_server = || scene.draft().set("ldap.write.userPassword", "password");
    let other = match kind {
        Kind::Ds389 => "openldap",
        _ => "389ds",
    };
    let drafts = [
        active_directory,
        of_server().set("plugin", "mock.wasm"),
        of_server().set("plugin", "active-directory.wasm").unset("config.variant").unset("config.lockout"),
        of_server().set("config.variant", other),
    ];
    for draft in drafts {
        let connector = draft.start();
        let login = &scene.account.login;
        let reports = [
            connector.reset(login, NEW).await,
            connector.change(login, &scene.account.password, NEW).await,
            connector.unlock(login).await,
        ];
        for report in reports {
            report.refused("wrong-directory", 17);
            assert!(!report.sent_a_write(), "{report}");
        }
    }
    assert_eq!(scene.failures().await?, 0);
    scene.keeps_its_password().await
}

/// The server says itself which one it is; the setting is for one that does not.
pub(crate) async fn the_kind_of_server_by_its_own_word(kind: Kind) -> Result<()> {
    let Some(scene) = Scene::new(kind, "variant").await? else { return Ok(()) };
    scene.draft().set("config.variant", "auto").start().reset(&scene.account.login, NEW).await.confirmed();
    scene.has_the_password(NEW).await?;
    let connector = scene.draft().unset("config").set("config.must-change", "prove").start();
    connector.reset(&scene.account.login, super::NEWER).await.confirmed();
    scene.has_the_password(super::NEWER).await
}
