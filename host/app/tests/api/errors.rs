//! Every error is a problem document, and tells nothing of what was sent.

use std::time::Duration;

use portcullis::api::listen::Limits;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::server::{DESK, Server};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_and_what_is_not_allowed_are_problems_too() {
    let server = Server::start().await;
    for path in ["/", "/v1", "/v1/", "/v2/operations", "/docs/none", "/v1/operations/", "/%00", "/v1/operations/a/b/c"]
    {
        let answer = server.get(DESK, path).await;
        assert_eq!((answer.status, answer.problem().as_str()), (404, "request-malformed"), "{path}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert!(answer.header("content-security-policy").unwrap().contains("default-src 'none'"));
    }
    for (method, path, allow) in [
        ("DELETE", "/v1/operations", "GET,HEAD,POST"),
        ("GET", "/v1/operations/00112233445566778899aabbccddeeff/cancel", "POST"),
        ("POST", "/health/live", "GET,HEAD"),
    ] {
        let answer = server.ask(method, path, &[], "").await;
        assert_eq!((answer.status, answer.problem().as_str()), (405, "request-malformed"), "{path}");
        let mut allowed: Vec<_> = answer.header("allow").unwrap().split(',').collect();
        allowed.sort_unstable();
        assert_eq!(allowed.join(","), allow, "{path}");
    }
    let unknown = server.get(DESK, "/v1/operations/../../etc/passwd").await;
    assert_eq!(unknown.status, 404);
    assert_eq!(server.get(DESK, "/v1/operations/%ff").await.problem(), "request-malformed");
}

#[tokio::test(flavor = "multi_thread")]
async fn queries_that_make_no_sense_are_told_by_name_and_never_by_value() {
    let server = Server::start().await;
    for (query, says) in [
        ("state=done,gone-SECRET", "`state` must be: waiting"),
        ("kind=SECRET", "`kind` must be: reset-password"),
        ("limit=0", "`limit` must be: a number from 1 to 500"),
        ("limit=501", "`limit` must be"),
        ("limit=SECRET", "`limit` must be"),
        ("since=SECRET", "`since` must be: a moment like 2027-01-15T08:00:00Z"),
        ("until=2027-01-15", "`until` must be"),
        ("account=", "`account` must be"),
        ("cursor=SECRET", "`cursor` is taken from `next`"),
        ("SECRET=1", "The query may have `state`"),
        ("limit=1&limit=2", "The query may have `state`"),
    ] {
        let answer = server.get(DESK, &format!("/v1/operations?{query}")).await;
        assert_eq!((answer.status, answer.problem().as_str()), (400, "request-malformed"), "{query}");
        assert!(answer.json()["detail"].as_str().unwrap().starts_with(says), "{query}: {answer:?}");
        assert!(!answer.body.contains("SECRET"), "{answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_make_no_sense_write_nothing() {
    let server = Server::start().await;
    let json = ("Content-Type", "application/json");
    let auth = format!("Bearer {DESK}");
    let auth = ("Authorization", auth.as_str());
    let large = format!("{{\"kind\":\"{}\"}}", "x".repeat(70_000));
    for (headers, body, status) in [
        (vec![auth], "{}", 415),
        (vec![auth, ("Content-Type", "text/plain")], "{}", 415),
        (vec![auth, json], large.as_str(), 413),
        (vec![auth, json], "{\"kind\":", 400),
        (
            vec![auth, json, ("Idempotency-Key", "a b")],
            "{\"kind\":\"account-status\",\"account\":\"alice@people.example\"}",
            400,
        ),
        (vec![auth, json], "", 400),
    ] {
        let answer = server.ask("POST", "/v1/operations", &headers, body).await;
        assert_eq!((answer.status, answer.problem().as_str()), (status, "request-malformed"), "{answer:?}");
    }
    assert!(server.service.journal().counts().await.unwrap().values().all(|count| *count == 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_drips_is_given_up() {
    let server = Server::with(Limits { body: Duration::from_millis(200), ..Limits::default() }).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let head = format!(
        "POST /v1/operations HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {DESK}\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{{"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    let read = tokio::time::timeout(Duration::from_secs(5), stream.read_to_string(&mut answer));
    read.await.expect("the connection stays open").unwrap();
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
}
