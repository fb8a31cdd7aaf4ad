//! Whom an operation is about: nobody, one, or more than one.

use portcullis_tests::Result;
use portcullis_tests::harness::{Report, Running};
use portcullis_tests::servers::{Kind, Policy};

use super::{NEW, Scene};

async fn everything(connector: &Running, login: &str, old: &str) -> [Report; 5] {
    [
        connector.reset(login, NEW).await,
        connector.change(login, old, NEW).await,
        connector.unlock(login).await,
        connector.verify(login, old).await,
        connector.status(login).await,
    ]
}

pub(crate) async fn unknown(kind: Kind) -> Result<()> {
    let Some(scene) = Scene::new(kind, "known").await? else { return Ok(()) };
    // `oscar` is a person, and lives outside of the base.
    for login in ["nobody@example.org".to_owned(), "oscar@example.org".into(), scene.account.login.replace('-', "")] {
        for report in everything(&scene.connector(), &login, &scene.account.password).await {
            report.refused("no-such-account", 11);
        }
    }
    scene.keeps_its_password().await
}

pub(crate) async fn excluded(kind: Kind) -> Result<()> {
    let Some(mut scene) = Scene::new(kind, "excluded").await? else { return Ok(()) };
    scene.server.set_attr(&scene.account.dn, "employeeType", &["admin"]).await?;
    scene.remember().await?;
    for report in everything(&scene.connector(), &scene.account.login, &scene.account.password).await {
        let fault = report.refused("account-excluded", 11);
        assert_eq!(fault.caller_text(), "There is no such account here.");
    }
    assert_eq!(scene.failures().await?, 0);
    scene.keeps_its_password().await
}

pub(crate) async fn ambiguous(kind: Kind) -> Result<()> {
    let Some(mut scene) = Scene::new(kind, "twin").await? else { return Ok(()) };
    let mut other = Scene::on(scene.server.clone(), "other", Policy::Usual).await?;
    let name = |scene: &Scene| scene.account.name.clone();
    scene.server.set_attr(&other.account.dn, "uid", &[&name(&other), &name(&scene)]).await?;
    scene.server.set_attr(&other.account.dn, "mail", &[&other.account.login, &scene.account.login]).await?;
    scene.remember().await?;
    other.remember().await?;
    for report in everything(&scene.connector(), &scene.account.login, &scene.account.password).await {
        report.refused("account-ambiguous", 11);
    }
    scene.keeps_its_password().await?;
    other.keeps_its_password().await
}

/// What means something in a filter or a DN means nothing in a name.
pub(crate) async fn names_that_try_to_be_more(kind: Kind) -> Result<()> {
    let Some(scene) = Scene::new(kind, "names").await? else { return Ok(()) };
    let (connector, name) = (scene.connector(), &scene.account.name);
    let names = [
        "*)(uid=*".to_owned(),
        "*".into(),
        format!("{name})(objectClass=*"),
        format!("{}*", &name[..name.len() - 1]),
        format!("{name}\\2a"),
        format!("\\{:02x}{}", name.as_bytes()[0], &name[1..]),
        scene.account.dn.clone(),
        format!("uid={name}"),
    ];
    for name in names {
        for login in [name.clone(), format!("{name}@{}", scene.server.facts().domain)] {
            connector.reset(&login, NEW).await.refused("no-such-account", 11);
            connector.unlock(&login).await.refused("no-such-account", 11);
        }
    }
    scene.keeps_its_password().await
}

/// Names that look like an attack, of people who are really called so: each means its own entry and no other.
pub(crate) async fn names_with_a_meaning_elsewhere(kind: Kind) -> Result<()> {
    let Some(bystander) = Scene::new(kind, "bystander").await? else { return Ok(()) };
    let unique = bystander.account.name.rsplit('-').next().unwrap_or_default().to_owned();
    for odd in ["*)(uid=*", "uid=\"x\", ou=p+q;<r>#", " \\2a back\\slash ", "Zoë 🦀 O'Neil"] {
        let mut scene = Scene::on(bystander.server.clone(), "odd-name", Policy::Usual).await?;
        let name = format!("{odd}-{unique}");
        let login = format!("{name}@{}", scene.server.facts().domain);
        // A `mail` or a `uid` may have to be ASCII.
        scene.server.set_attr(&scene.account.dn, "cn", &[&name]).await?;
        scene.remember().await?;
        let connector = scene.draft().set("ldap.locate.filter", "(cn={account.name})").start();
        let report = connector.reset(&login, NEW).await;
        assert_eq!(report.confirmed().target, scene.account.dn);
        scene.has_the_password(NEW).await?;
    }
    bystander.keeps_its_password().await
}

/// A DN in which nearly everything has to be escaped comes back from the server and is written to as it is.
pub(crate) async fn a_dn_full_of_escapes(kind: Kind) -> Result<()> {
    let Some(mut scene) = Scene::new(kind, "escapes").await? else { return Ok(()) };
    let rdn = r#"cn=Doe\2C \22Jane\22 \2B \3Cj\3E\3B \23 \5C Zo\C3\AB+uid="#.to_owned() + &scene.account.name;
    scene.server.rename(&scene.account.dn, &rdn).await?;
    scene.account.dn = format!("{rdn},{}", scene.server.facts().people_dn);
    scene.remember().await?;
    let (connector, login) = (scene.connector(), &scene.account.login);
    connector.reset_unlock(login, NEW).await.confirmed();
    scene.has_the_password(NEW).await?;
    connector.change(login, NEW, super::NEWER).await.confirmed();
    scene.has_the_password(super::NEWER).await
}
