//! TLS: who gets in with which certificate.

use std::sync::Arc;

use tokio_rustls::TlsConnector;

use super::*;
use crate::api::listen::tls::{ClientCa, config};
use certificates::{Authority, Identity};

#[path = "../../../../tests/shared/certificates.rs"]
mod certificates;

async fn tls_server(server: &Identity, client_ca: Option<(&Authority, bool)>) -> (Server, Tls) {
    let pem = client_ca.map(|(ca, _)| ca.pem()).unwrap_or_default();
    let client_ca = client_ca.map(|(_, require)| ClientCa { pem: pem.as_bytes(), require });
    let tls = Tls::new(config(server.certificate.as_bytes(), server.key.as_bytes(), client_ca).unwrap());
    let listener = Listener::tcp(([127, 0, 0, 1], 0).into(), Some(tls.clone())).await.unwrap();
    (start(listener, short()), tls)
}

fn client(authority: &Authority, identity: Option<&Identity>, alpn: &[&str]) -> TlsConnector {
    let mut config = certificates::client(authority, identity);
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    TlsConnector::from(Arc::new(config))
}

/// What a client gets: an error of the handshake (in TLS 1.3 it may come with the first read), or the answer.
async fn try_ask(server: &Server, client: &TlsConnector) -> Result<String, String> {
    let stream = TcpStream::connect(server.address).await.unwrap();
    let mut stream =
        client.connect("localhost".try_into().unwrap(), stream).await.map_err(|error| error.to_string())?;
    let request = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    stream.write_all(request).await.map_err(|error| error.to_string())?;
    let mut answer = String::new();
    let read = tokio::time::timeout(Duration::from_secs(5), stream.read_to_string(&mut answer)).await.unwrap();
    read.map_err(|error| error.to_string())?;
    Ok(answer)
}

#[tokio::test]
async fn a_caller_without_the_certificate_that_is_required_is_turned_away() {
    let (servers, callers) = (Authority::new(), Authority::new());
    let (server, _) = tls_server(&servers.issue("localhost"), Some((&callers, true))).await;
    let error = try_ask(&server, &client(&servers, None, &[])).await.unwrap_err();
    assert!(error.contains("ertificateRequired"), "{error}");
    let stranger = Authority::new().issue("portal");
    let error = try_ask(&server, &client(&servers, Some(&stranger), &[])).await.unwrap_err();
    assert!(error.contains("UnknownCA") || error.contains("DecryptError"), "{error}");
    let answer = try_ask(&server, &client(&servers, Some(&callers.issue("portal")), &[])).await.unwrap();
    assert!(answer.contains("certificate=") && !answer.contains("certificate=0"), "{answer}");
}

#[tokio::test]
async fn a_certificate_that_is_not_required_is_still_verified() {
    let (servers, callers) = (Authority::new(), Authority::new());
    let (server, _) = tls_server(&servers.issue("localhost"), Some((&callers, false))).await;
    let stranger = Authority::new().issue("portal");
    assert!(try_ask(&server, &client(&servers, Some(&stranger), &[])).await.is_err());
    let answer = try_ask(&server, &client(&servers, None, &[])).await.unwrap();
    assert!(answer.ends_with("certificate=0"), "{answer}");
}

#[tokio::test]
async fn a_client_that_does_not_believe_the_servers_authority_stays_away() {
    let (server, _) = tls_server(&Authority::new().issue("localhost"), None).await;
    let error = try_ask(&server, &client(&Authority::new(), None, &[])).await.unwrap_err();
    assert!(error.contains("UnknownIssuer") || error.contains("BadSignature"), "{error}");
}

#[tokio::test]
async fn alpn_chooses_http_2() {
    let authority = Authority::new();
    let (server, _) = tls_server(&authority.issue("localhost"), None).await;
    let stream = TcpStream::connect(server.address).await.unwrap();
    let client = client(&authority, None, &["h2", "http/1.1"]);
    let stream = client.connect("localhost".try_into().unwrap(), stream).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(b"h2".as_slice()));
    let handshake = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await;
    let (mut sender, connection) = handshake.unwrap();
    tokio::spawn(connection);
    let request = hyper::Request::get("https://localhost/").body(Empty::<axum::body::Bytes>::new()).unwrap();
    assert!(sender.send_request(request).await.unwrap().status().is_success());
}

#[tokio::test]
async fn plain_http_at_a_tls_door_gets_no_answer() {
    let (server, _) = tls_server(&Authority::new().issue("localhost"), None).await;
    let answer = ask(&mut TcpStream::connect(server.address).await.unwrap(), "/").await;
    assert!(!answer.contains("HTTP/"), "{answer}");
}

#[tokio::test]
async fn one_who_never_shakes_hands_is_closed_and_holds_up_nobody() {
    let authority = Authority::new();
    let (server, _) = tls_server(&authority.issue("localhost"), None).await;
    let mut silent = TcpStream::connect(server.address).await.unwrap();
    assert!(try_ask(&server, &client(&authority, None, &[])).await.unwrap().starts_with("HTTP/1.1 200"));
    assert_eq!(rest(&mut silent).await, "");
}

#[tokio::test]
async fn a_new_certificate_counts_from_the_next_connection_on() {
    let (old, new) = (Authority::new(), Authority::new());
    let (server, tls) = tls_server(&old.issue("localhost"), None).await;
    assert!(try_ask(&server, &client(&new, None, &[])).await.is_err());
    let identity = new.issue("localhost");
    tls.replace(config(identity.certificate.as_bytes(), identity.key.as_bytes(), None).unwrap());
    assert!(try_ask(&server, &client(&new, None, &[])).await.is_ok());
}

#[test]
fn files_that_hold_something_else_are_named() {
    let authority = Authority::new();
    let (one, other) = (authority.issue("localhost"), authority.issue("localhost"));
    let say = |certificate: &str, key: &str, ca: Option<&str>| {
        let ca = ca.map(|pem| ClientCa { pem: pem.as_bytes(), require: false });
        config(certificate.as_bytes(), key.as_bytes(), ca).unwrap_err().to_string()
    };
    assert!(say("", &one.key, None).contains("`certificate` holds no certificate chain"));
    assert!(say(&one.certificate, "secret-key", None).contains("`key` holds no private key"));
    assert!(!say(&one.certificate, "secret-key", None).contains("secret-key"));
    assert!(say(&one.certificate, &other.key, None).contains("do not fit together"));
    assert!(say(&one.certificate, &one.key, Some("no PEM")).contains("`client-ca` holds no certificates"));
}
