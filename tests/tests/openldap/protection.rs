//! The way to the server: what protects it, and that nothing goes where nothing does.

use std::sync::Arc;
use std::time::Duration;

use portcullis_directory::ldap::{LdapDirectory, MinTls, Settings};
use portcullis_directory::{Directory as _, Failure, Performer, Scope, Search, SetPassword};
use portcullis_model::Password;
use portcullis_tests::proxy::Proxy;
use portcullis_tests::servers::{Certificate, OpenLdap, Policy, Variant};
use portcullis_tests::{Result, or_skip};

use crate::both::{NEW, NEWER, Scene};

#[tokio::test]
async fn a_local_socket() -> Result<()> {
    let Some(scene) = Scene::new(OpenLdap, "ldapi").await? else { return Ok(()) };
    let path = scene.server.folder().join("ldapi").display().to_string();
    let url = format!("ldapi://{}", path.replace('/', "%2F"));
    let connector = scene.draft().urls(&[&url]).unset("ldap.ca-file").start();
    let report = connector.reset(&scene.account.login, NEW).await;
    assert_eq!(report.confirmed().server, url);
    connector.change(&scene.account.login, NEW, NEWER).await.confirmed();
    scene.has_the_password(NEWER).await
}

/// The server would take it: it is the host that does not.
#[tokio::test]
async fn nothing_in_the_clear() -> Result<()> {
    let variant = Variant { plaintext: true, ..Variant::default() };
    let Some(server) = or_skip(OpenLdap.start_variant(&variant)) else { return Ok(()) };
    let scene = Scene::on(Arc::new(server), "clear", Policy::Usual).await?;
    let (facts, dn) = (scene.server.facts(), &scene.account.dn);
    let proxy = Proxy::plain(facts).await?;
    let (connection, mut ldap) = ldap3::LdapConnAsync::new(&proxy.facts().ldap_url).await?;
    tokio::spawn(connection.drive());
    ldap.simple_bind(dn, &scene.account.password).await?.success()?;
    let before = proxy.bytes().len();

    let draft = scene.draft().urls(&[&proxy.facts().ldap_url]).set("ldap.start-tls", false);
    let Err(problems) = draft.load() else { return Err("the file was taken".into()) };
    assert_eq!(problems.all().iter().map(|problem| problem.name()).collect::<Vec<_>>(), ["clear-text"]);

    // Below the configuration, too: whoever builds a directory by hand sends no password either.
    let password = |text: &str| Password::new(text.to_owned()).map(Arc::new);
    let bind = (facts.svc_dn.clone(), password(&facts.svc_pw)?);
    let reset = SetPassword { dn: dn.clone(), new: password(NEW)?, controls: Vec::new() };
    let search = Search {
        base: facts.people_dn.clone(),
        scope: Scope::Subtree,
        filter: "(objectClass=*)".into(),
        attributes: Vec::new(),
        limit: 1,
    };
    for bind in [None, Some(bind)] {
        let anonymous = bind.is_none();
        let second = Duration::from_secs(1);
        let directory = LdapDirectory::new(Settings {
            urls: vec![proxy.facts().ldap_url.clone()],
            start_tls: false,
            min_tls: MinTls::Tls12,
            ca_pem: None,
            bind,
            connections: 1,
            connect_timeout: second,
            request_timeout: second,
            idle_timeout: second,
        })?;
        let target = Performer::Target { dn: dn.clone(), password: password(&scene.account.password)? };
        let refusals = [
            directory.set_password(&Performer::Service, &reset).await.err(),
            directory.set_password(&target, &reset).await.err(),
            directory.bind(dn, &*password(&scene.account.password)?, &[]).await.err(),
            if anonymous { None } else { directory.search(&search).await.err() },
        ];
        for (index, refusal) in refusals.iter().enumerate() {
            let unprotected = matches!(refusal, Some(Failure::Unprotected(_)));
            assert!(unprotected || (anonymous && index == 3), "{index}: {refusal:?}");
        }
    }
    assert_eq!(proxy.bytes().len(), before, "something was sent");
    scene.keeps_its_password().await
}

#[tokio::test]
async fn a_certificate_that_is_not_right() -> Result<()> {
    for (certificate, words) in [(Certificate::OtherHost, "for another name"), (Certificate::Expired, "has expired")] {
        let variant = Variant { certificate, ..Variant::default() };
        let Some(server) = or_skip(OpenLdap.start_variant(&variant)) else { return Ok(()) };
        let scene = Scene::on(Arc::new(server), "cert", Policy::Usual).await?;
        let facts = scene.server.facts();
        for url in [&facts.ldaps_url, &facts.ldap_url] {
            let report = scene.draft().urls(&[url]).start().reset(&scene.account.login, NEW).await;
            let fault = report.refused("directory-unavailable", 13);
            assert!(fault.detail.contains("its certificate") && fault.detail.contains(words), "{report}");
        }
        scene.keeps_its_password().await?;
    }
    Ok(())
}
