//! Which certificates are taken, and in which words others are refused.

use portcullis_directory::Failure;
use portcullis_directory::ldap::{LdapDirectory, Settings, SetupError};

use crate::ber::BIND;
use crate::certificates::Authority;
use crate::fake::{Fake, Tls};
use crate::{password, search, settings, unavailable, works};

fn trusting(authority: &Authority, url: &str) -> LdapDirectory {
    let bind = Some(("cn=service".to_owned(), password("service secret")));
    LdapDirectory::new(Settings { bind, ca_pem: Some(authority.pem()), ..settings(&[url.to_owned()]) }).unwrap()
}

async fn tls(config: std::sync::Arc<tokio_rustls::rustls::ServerConfig>) -> Fake {
    Fake::start("127.0.0.1:0", Tls::First(config)).await
}

#[tokio::test]
async fn a_certificate_that_cannot_be_trusted_is_refused_in_words() {
    let (authority, other) = (Authority::new("ca"), Authority::new("other"));
    for (config, words) in [
        (Authority::new("ca").server(&["127.0.0.1"]), "issued by a CA that is not trusted here"),
        (other.server(&["127.0.0.1"]), "issued by a CA that is not trusted here"),
        (authority.server_until(&["127.0.0.1"], 2001), "its certificate has expired"),
        (authority.server(&["dc1.corp.example"]), "its certificate is for another name"),
        (authority.server(&["127.0.0.2"]), "its certificate is for another name"),
    ] {
        let fake = tls(config).await;
        let text = unavailable(search(&trusting(&authority, &fake.url())).await);
        assert!(text.contains(words) && text.contains(&fake.url()), "{text}");
        assert!(fake.requests(BIND).is_empty());
    }
}

#[tokio::test]
async fn a_certificate_for_the_address_or_the_name_is_taken() {
    let authority = Authority::new("ca");
    let fake = tls(authority.server(&["127.0.0.1", "localhost"])).await;
    works(&trusting(&authority, &fake.url())).await;
    works(&trusting(&authority, &format!("ldaps://localhost:{}", fake.port))).await;
    assert_eq!(fake.requests(BIND).len(), 2);
}

#[tokio::test]
async fn an_ipv6_address_is_verified_like_any_other() {
    let authority = Authority::new("ca");
    for (names, works_with_it) in [(["::1"], true), (["::2"], false), (["ipv6.invalid"], false)] {
        let fake = Fake::start("[::1]:0", Tls::First(authority.server(&names))).await;
        let directory = trusting(&authority, &format!("ldaps://[::1]:{}", fake.port));
        if works_with_it {
            works(&directory).await;
        } else {
            let text = unavailable(search(&directory).await);
            assert!(text.contains("its certificate is for another name"), "{text}");
        }
    }
    let fake = Fake::start("[::1]:0", Tls::First(Authority::new("other").server(&["::1"]))).await;
    let text = unavailable(search(&trusting(&authority, &format!("ldaps://[::1]:{}", fake.port))).await);
    assert!(text.contains("not trusted here"), "{text}");
}

#[tokio::test]
async fn a_port_without_tls_is_named_as_such() {
    let authority = Authority::new("ca");
    let fake = Fake::plain().await;
    let text = unavailable(search(&trusting(&authority, &format!("ldaps://127.0.0.1:{}", fake.port))).await);
    assert!(text.contains("the TLS handshake failed"), "{text}");
}

#[tokio::test]
async fn the_systems_certificates_are_used_without_a_ca_file() {
    let authority = Authority::new("ca");
    let fake = tls(authority.server(&["127.0.0.1"])).await;
    match LdapDirectory::new(settings(&[fake.url()])) {
        Ok(directory) => match search(&directory).await {
            Err(Failure::Unavailable(text)) => assert!(text.contains("not trusted here"), "{text}"),
            other => panic!("{other:?}"),
        },
        // A machine without any.
        Err(error) => assert!(matches!(error, SetupError::SystemCa(_)), "{error}"),
    }
}
