//! What protects the way to the server.

use portcullis_tests::Result;
use portcullis_tests::proxy::Proxy;
use portcullis_tests::servers::Kind;

use super::{NEW, NEWER, Scene};

pub(crate) async fn ldaps(kind: Kind) -> Result<()> {
    let Some(scene) = Scene::new(kind, "ldaps").await? else { return Ok(()) };
    let url = &scene.server.facts().ldaps_url;
    let report = scene.draft().urls(&[url]).start().reset(&scene.account.login, NEW).await;
    assert_eq!(&report.confirmed().server, url);
    scene.has_the_password(NEW).await
}

/// After StartTLS nothing of what is asked can be read on the way.
pub(crate) async fn start_tls(kind: Kind) -> Result<()> {
    let Some(scene) = Scene::new(kind, "start-tls").await? else { return Ok(()) };
    let proxy = Proxy::plain(scene.server.facts()).await?;
    let connector = scene.draft().urls(&[&proxy.facts().ldap_url]).start();
    let login = &scene.account.login;
    connector.reset(login, NEW).await.confirmed();
    connector.change(login, NEW, NEWER).await.confirmed();
    scene.has_the_password(NEWER).await?;
    let bytes = proxy.bytes();
    let seen = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    // The OID of StartTLS: the proxy did see what came before TLS.
    assert!(seen("1.3.6.1.4.1.1466.20037"));
    for text in [NEW, NEWER, &scene.server.facts().svc_pw, &scene.server.facts().svc_dn, &scene.account.name] {
        assert!(!seen(text), "{text} was sent in the clear");
    }
    Ok(())
}
