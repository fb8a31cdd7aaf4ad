//! Who gets in, and to what: refusals first.

use crate::server::{DESK, PORTAL, Server};

const ROUTES: [(&str, &str); 9] = [
    ("GET", "/v1/operations"),
    ("POST", "/v1/operations"),
    ("GET", "/v1/operations/00112233445566778899aabbccddeeff"),
    ("POST", "/v1/operations/00112233445566778899aabbccddeeff/cancel"),
    ("POST", "/v1/operations/00112233445566778899aabbccddeeff/retry"),
    ("GET", "/v1/events"),
    ("GET", "/v1/connectors"),
    ("GET", "/v1/keys"),
    ("GET", "/metrics"),
];

#[tokio::test(flavor = "multi_thread")]
async fn nobody_without_a_credential_gets_anything() {
    let server = Server::start().await;
    for (method, path) in ROUTES {
        let answer = server.ask(method, path, &[], "").await;
        assert_eq!((answer.status, answer.problem().as_str()), (401, "caller-unknown"), "{method} {path}");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer realm=\"portcullis\""));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_credential_is_told_from_none_and_helps_nobody() {
    let server = Server::start().await;
    let invalid = "Bearer realm=\"portcullis\", error=\"invalid_token\"";
    let malformed = "Bearer realm=\"portcullis\", error=\"invalid_request\"";
    for (value, challenge) in [
        (format!("Bearer {DESK}x"), invalid),
        (format!("Bearer {}", &DESK[1..]), invalid),
        (format!("Bearer {}", DESK.to_uppercase()), invalid),
        ("Bearer ".to_owned(), malformed),
        ("Bearer".to_owned(), malformed),
        (DESK.to_owned(), malformed),
        (format!("Basic {DESK}"), malformed),
        (format!("Bearer {DESK} {DESK}"), malformed),
    ] {
        let answer = server.ask("GET", "/v1/keys", &[("Authorization", &value)], "").await;
        assert_eq!((answer.status, answer.header("www-authenticate")), (401, Some(challenge)), "{value}");
        assert!(!answer.body.contains(DESK));
    }
    let bearer = format!("Bearer {DESK}");
    let twice = [("Authorization", bearer.as_str()), ("Authorization", bearer.as_str())];
    assert_eq!(server.ask("GET", "/v1/keys", &twice, "").await.status, 401);
    let in_query = server.ask("GET", &format!("/v1/keys?access_token={DESK}"), &[], "").await;
    assert_eq!(in_query.status, 401, "queries end up in logs");
    // What a proxy could say of somebody counts for nothing.
    let said = [("X-Forwarded-For", "127.0.0.1"), ("X-Client-Cert", "desk"), ("X-Portcullis-Caller", "desk")];
    assert_eq!(server.ask("GET", "/v1/keys", &said, "").await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_has_to_wait_at_last_and_a_caller_beside_it_does_not() {
    let server = Server::start().await;
    let mut last = 0;
    for _ in 0..60 {
        let answer = server.ask("GET", "/v1/keys", &[("Authorization", "Bearer guess")], "").await;
        last = answer.status;
        if last == 429 {
            assert_eq!(answer.problem(), "too-many-requests");
            assert!(answer.header("retry-after").unwrap().parse::<u32>().unwrap() >= 1);
            break;
        }
    }
    assert_eq!(last, 429);
    assert_eq!(server.get(DESK, "/v1/keys").await.status, 200, "a proxy on this machine brings both");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_right_credential_gets_what_its_section_says() {
    let server = Server::start().await;
    for token in [DESK, &DESK[..0]] {
        let expected = if token.is_empty() { 401 } else { 200 };
        assert_eq!(server.get(token, "/v1/connectors").await.status, expected);
    }
    let lower = format!("bearer {DESK}");
    assert_eq!(server.ask("GET", "/v1/keys", &[("authorization", &lower)], "").await.status, 200);
    let metrics = server.get(DESK, "/metrics").await.body;
    assert!(metrics.contains("portcullis_requests_total{route=\"/v1/connectors\",status=\"401\"} 1"), "{metrics}");
    assert_eq!(server.get(PORTAL, "/metrics").await.problem(), "caller-not-allowed");
    let keys = server.get(PORTAL, "/v1/keys").await.json();
    assert_eq!((&keys["caller"], &keys["keys"][0]["accepted_until"]), (&"portal".into(), &serde_json::Value::Null));
    let connectors = server.get(PORTAL, "/v1/connectors").await;
    assert_eq!(connectors.json()["connectors"][0]["state"], "running", "{connectors:?}");
    assert!(!connectors.body.contains("mock.wasm") && !connectors.body.contains("people.example"), "{connectors:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_control_socket_is_the_operator_and_reads_more() {
    let server = Server::start().await;
    let connectors = server.operator("GET", "/v1/connectors", &[], "").await;
    let state: portcullis::service::registry::ConnectorState =
        serde_json::from_value(connectors.json()["connectors"][0].clone()).unwrap();
    assert!(state.file.ends_with("mock.toml") && !state.accounts.is_empty());
    let missing = server.operator("GET", "/v1/operations/00112233445566778899aabbccddeeff", &[], "").await;
    assert!(missing.json()["operator"].is_string(), "{missing:?}");
    assert!(server.get(DESK, "/v1/operations/00112233445566778899aabbccddeeff").await.json()["operator"].is_null());
    assert_eq!(server.operator("GET", "/metrics", &[], "").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn health_needs_no_credential_and_says_nothing_else() {
    let server = Server::start().await;
    assert_eq!(server.ask("GET", "/health/live", &[], "").await.body, "{\"status\":\"live\"}");
    assert_eq!(server.ask("GET", "/health/ready", &[], "").await.body, "{\"status\":\"ready\"}");
    server.service.stop(std::time::Duration::from_secs(1)).await;
    let stopping = server.ask("GET", "/health/ready", &[], "").await;
    assert_eq!((stopping.status, stopping.problem().as_str()), (503, "stopping"));
    assert!(stopping.header("retry-after").is_some());
    assert_eq!(server.ask("GET", "/health/live", &[], "").await.status, 200);
}
