//! What is asked for and done.

use portcullis_model::{Effect, ResetOptions, Verdict};
use portcullis_tests::Result;
use portcullis_tests::servers::{Kind, Policy};

use super::{NEW, NEWER, Scene};

pub(crate) async fn reset(kind: Kind) -> Result<()> {
    let Some(scene) = Scene::new(kind, "reset").await? else { return Ok(()) };
    let report = scene.connector().reset(&scene.account.login, NEW).await;
    let receipt = report.confirmed();
    assert_eq!(receipt.effects, [Effect::PasswordSet]);
    assert_eq!((receipt.notes.len(), &receipt.target), (0, &scene.account.dn));
    scene.has_the_password(NEW).await
}

pub(crate) async fn change(kind: Kind) -> Result<()> {
    let Some(scene) = Scene::new(kind, "change").await? else { return Ok(()) };
    let report = scene.connector().change(&scene.account.login, &scene.account.password, NEW).await;
    let receipt = report.confirmed();
    assert_eq!(receipt.effects, [Effect::PasswordSet]);
    assert!(receipt.notes.is_empty(), "{report}");
    scene.has_the_password(NEW).await
}

pub(crate) async fn a_reset_asks_for_a_new_password(kind: Kind) -> Result<()> {
    let Some(scene) = Scene::with(kind, "must", Policy::MustChange).await? else { return Ok(()) };
    let (connector, login) = (scene.connector(), &scene.account.login);
    assert_eq!(connector.status(login).await.status().must_change, Some(false));

    let report = connector.reset_must_change(login, NEW).await;
    let receipt = report.confirmed();
    assert_eq!(receipt.effects, [Effect::PasswordSet, Effect::ChangeRequired]);
    assert!(receipt.notes.is_empty(), "proved by a bind: {report}");
    scene.has_the_password(NEW).await?;
    let (attribute, mark) = match kind {
        Kind::Ds389 => ("passwordExpirationTime", "19700101000000Z"),
        _ => ("pwdReset", "TRUE"),
    };
    assert_eq!(scene.server.get_attr(&scene.account.dn, attribute).await?, [mark]);
    assert_eq!(connector.status(login).await.status().must_change, Some(true));
    assert_eq!(connector.verify(login, NEW).await.verdict(), Verdict::MustChange);

    // The person does what was asked for.
    connector.change(login, NEW, NEWER).await.confirmed();
    assert_eq!(connector.verify(login, NEWER).await.verdict(), Verdict::Valid);
    assert_eq!(connector.status(login).await.status().must_change, Some(false));
    Ok(())
}

/// Both directories take the mark and do not act on it: the receipt must not say that they do.
pub(crate) async fn a_policy_that_does_not_ask_is_told(kind: Kind) -> Result<()> {
    let Some(scene) = Scene::new(kind, "no-must").await? else { return Ok(()) };
    let report = scene.connector().reset_must_change(&scene.account.login, NEW).await;
    let receipt = report.in_part("misconfigured");
    assert_eq!(receipt.effects, [Effect::PasswordSet]);
    scene.has_the_password(NEW).await
}

pub(crate) async fn must_change_on_the_operators_word(kind: Kind) -> Result<()> {
    let Some(scene) = Scene::with(kind, "trust", Policy::MustChange).await? else { return Ok(()) };
    let connector = scene.draft().set("config.must-change", "trust").start();
    let report = connector.reset_must_change(&scene.account.login, NEW).await;
    assert_eq!(report.confirmed().effects, [Effect::PasswordSet, Effect::ChangeRequired]);
    scene.has_the_password(NEW).await?;
    assert_eq!(connector.verify(&scene.account.login, NEW).await.verdict(), Verdict::MustChange);
    Ok(())
}

pub(crate) async fn must_change_without_a_proof_is_noted(kind: Kind) -> Result<()> {
    let Some(scene) = Scene::with(kind, "unproved", Policy::MustChange).await? else { return Ok(()) };
    let connector = scene.draft().set("ldap.allow.try-bind", false).start();
    let report = connector.reset_must_change(&scene.account.login, NEW).await;
    let receipt = report.confirmed();
    assert_eq!(receipt.notes.iter().map(|note| note.code.as_str()).collect::<Vec<_>>(), ["change-not-proved"]);
    scene.has_the_password(NEW).await
}

pub(crate) async fn must_change_refused_by_the_operator(kind: Kind) -> Result<()> {
    let Some(scene) = Scene::with(kind, "refuse", Policy::MustChange).await? else { return Ok(()) };
    let connector = scene.draft().set("config.must-change", "refuse").start();
    connector.reset_must_change(&scene.account.login, NEW).await.refused("misconfigured", 17);
    scene.keeps_its_password().await
}

pub(crate) async fn unlock(kind: Kind) -> Result<()> {
    let Some(mut scene) = Scene::new(kind, "unlock").await? else { return Ok(()) };
    let (connector, login) = (scene.connector(), scene.account.login.clone());
    assert_eq!(connector.status(&login).await.status().locked, Some(false));
    scene.lock().await?;
    assert_eq!(connector.status(&login).await.status().locked, Some(true));

    let report = connector.unlock(&login).await;
    assert_eq!(report.done().effects, [Effect::Unlocked]);
    assert_eq!(connector.status(&login).await.status().locked, Some(false));
    assert!(scene.server.binds(&scene.account.dn, &scene.account.password).await?);
    assert_eq!(scene.failures().await?, 0, "one more wrong password must not lock the account again");
    // Where there is no lock an unlock is no failure.
    let _ = connector.unlock(&login).await.done();
    Ok(())
}

/// In both directories a password unlocks; only who asked for an unlock is told so.
pub(crate) async fn a_reset_of_a_locked_account(kind: Kind) -> Result<()> {
    let Some(mut scene) = Scene::new(kind, "locked").await? else { return Ok(()) };
    let connector = scene.connector();
    scene.lock().await?;
    let report = connector.reset(&scene.account.login, NEW).await;
    assert_eq!(report.confirmed().effects, [Effect::PasswordSet]);
    scene.has_the_password(NEW).await
}

pub(crate) async fn a_reset_that_unlocks(kind: Kind) -> Result<()> {
    let Some(mut scene) = Scene::new(kind, "locked").await? else { return Ok(()) };
    let connector = scene.connector();
    scene.lock().await?;
    let report = connector.reset_unlock(&scene.account.login, NEW).await;
    assert_eq!(report.confirmed().effects, [Effect::PasswordSet, Effect::Unlocked]);
    assert_eq!(scene.failures().await?, 0);
    scene.has_the_password(NEW).await
}

pub(crate) async fn everything_at_once(kind: Kind) -> Result<()> {
    let Some(mut scene) = Scene::with(kind, "all", Policy::MustChange).await? else { return Ok(()) };
    let connector = scene.connector();
    scene.lock().await?;
    let options = ResetOptions { must_change: true, unlock: true };
    let report = connector.reset_with(&scene.account.login, NEW, options).await;
    assert_eq!(report.confirmed().effects, [Effect::PasswordSet, Effect::ChangeRequired, Effect::Unlocked]);
    scene.has_the_password(NEW).await?;
    assert_eq!(connector.verify(&scene.account.login, NEW).await.verdict(), Verdict::MustChange);
    Ok(())
}

pub(crate) async fn verify(kind: Kind) -> Result<()> {
    let Some(mut scene) = Scene::new(kind, "verify").await? else { return Ok(()) };
    let (connector, login) = (scene.connector(), scene.account.login.clone());
    assert_eq!(connector.verify(&login, &scene.account.password).await.verdict(), Verdict::Valid);
    assert_eq!(connector.verify(&login, "Not-The-Passw0rd").await.verdict(), Verdict::Invalid);
    assert_eq!(scene.failures().await?, 1, "one bind and never a second one");
    scene.is_untouched().await?;
    scene.lock().await?;
    assert_eq!(connector.verify(&login, &scene.account.password).await.verdict(), Verdict::Locked);
    scene.is_untouched().await
}

pub(crate) async fn status(kind: Kind) -> Result<()> {
    let Some(scene) = Scene::new(kind, "status").await? else { return Ok(()) };
    let (connector, login) = (scene.connector(), &scene.account.login);
    connector.reset(login, NEW).await.confirmed();
    // 389 Directory Server writes the time only after it has answered.
    scene.has_the_password(NEW).await?;
    let report = connector.status(login).await;
    let status = report.status();
    assert_eq!((status.locked, status.must_change), (Some(false), Some(false)));
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_secs();
    let set = status.password_set.ok_or("the directory tells when a password was set")?;
    assert!(now.abs_diff(set) < 60, "set at {set}, and now it is {now}");
    assert!(!report.sent_a_write(), "{report}");
    Ok(())
}

/// A password is bytes: nothing may be trimmed, normalised, unescaped or taken for a hash.
pub(crate) async fn odd_passwords_are_set_exactly(kind: Kind) -> Result<()> {
    let Some(scene) = Scene::new(kind, "odd").await? else { return Ok(()) };
    let connector = scene.connector();
    let long = "Long and winding ".repeat(60);
    // Each with another one that is nearly the same.
    let pairs = [
        (r#""quoted' `back\slash\22 $HOME"#, r#"quoted' `back\slash\22 $HOME"#),
        ("  two spaces around  ", "two spaces around"),
        ("🦀🔑 p\u{336}assword 👩\u{200d}👩\u{200d}👧", "🦀🔑 p\u{336}assword 👩\u{200d}👩\u{200d}👦"),
        ("Cafe\u{301}_Cafe\u{301}_Jq", "Caf\u{e9}_Caf\u{e9}_Jq"),
        ("Caf\u{e9}_Caf\u{e9}_Jq", "Cafe\u{301}_Cafe\u{301}_Jq"),
        ("Straße_Straße_Jq", "STRASSE_STRASSE_Jq"),
        ("*)(uid=*)(&\\2a\\00", "*)(uid=*)(&*\\00"),
        ("cn=a,b+c=d;<e>#f=\\,g", "cn=a,b+c=d;<e>#f=,g"),
        ("Non\u{a0}breaking\u{200b}zero", "Non breaking zero"),
        (&long, &long[..1000]),
    ];
    for (password, nearly) in pairs {
        connector.reset(&scene.account.login, password).await.confirmed();
        scene.has_the_password(password).await?;
        assert!(!scene.server.binds(&scene.account.dn, nearly).await?, "{nearly:?} signs in as well");
    }
    let (old, new) = ("\" 🦀 e\u{301} \"\"\"\"\"", " \\\u{e9}🦀🦀🦀\"\"\"\" ");
    connector.reset(&scene.account.login, old).await.confirmed();
    connector.change(&scene.account.login, old, new).await.confirmed();
    scene.has_the_password(new).await
}

/// The files in `examples` are what operators copy: everything that they list works with what they grant.
pub(crate) async fn the_example_grants_what_it_lists(kind: Kind) -> Result<()> {
    let Some(mut scene) = Scene::with(kind, "example", Policy::MustChange).await? else { return Ok(()) };
    let draft = scene.draft();
    let file = draft.load().map_err(|problems| format!("{:?}", problems.all()))?;
    assert_eq!(file.operations.len(), portcullis_model::OperationKind::ALL.len());
    let (connector, login, old) = (draft.start(), scene.account.login.clone(), scene.account.password.clone());
    scene.lock().await?;
    let options = ResetOptions { must_change: true, unlock: true };
    let reports = [
        connector.status(&login).await,
        connector.unlock(&login).await,
        connector.verify(&login, &old).await,
        connector.reset_with(&login, NEW, options).await,
        connector.change(&login, NEW, NEWER).await,
    ];
    for report in &reports {
        let receipt = report.done();
        assert!(receipt.notes.is_empty(), "{report}");
        assert!(!report.events.iter().any(|event| matches!(event, portcullis_model::Event::Denied { .. })), "{report}");
    }
    assert!(file.warnings.is_empty(), "{:?}", file.warnings);
    Ok(())
}
