//! The description of the interface, and the page to read it.

use serde_json::Value;

use crate::server::Server;

const OPEN: [&str; 3] = ["/health/live", "/health/ready", "/v1/openapi.json"];

#[tokio::test(flavor = "multi_thread")]
async fn every_route_is_described_with_its_credential_and_its_errors() {
    let server = Server::start().await;
    let answer = server.ask("GET", "/v1/openapi.json", &[], "").await;
    let document = answer.json();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1."));
    let mut routes = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            routes.push(format!("{} {path} {}", method.to_uppercase(), operation["operationId"].as_str().unwrap()));
            let responses = operation["responses"].as_object().unwrap();
            let open = OPEN.contains(&path.as_str());
            assert_eq!(responses.contains_key("401"), !open, "{path}");
            let schemes = operation["security"].as_array().unwrap();
            assert_eq!(schemes[0].as_object().unwrap().contains_key("token"), !open, "{path}: {schemes:?}");
            assert!(responses.contains_key("default"), "{path}");
            for (status, response) in responses {
                if status == "default" || status.starts_with(['4', '5']) {
                    let schema = &response["content"]["application/problem+json"]["schema"]["$ref"];
                    assert_eq!(schema, "#/components/schemas/Problem", "{method} {path} {status}");
                }
            }
            assert!(operation["summary"].as_str().is_some_and(|summary| !summary.is_empty()), "{path}");
            // What is described is there: a route that is not gives 404 without a credential.
            let there = server.ask(&method.to_uppercase(), &path.replace("{id}", "x"), &[], "").await;
            assert_eq!(there.status, if open { 200 } else { 401 }, "{method} {path}");
        }
    }
    routes.sort();
    insta::assert_snapshot!(routes.join("\n"), @r#"
    GET /health/live live
    GET /health/ready ready
    GET /metrics metrics
    GET /v1/connectors connectors
    GET /v1/events events
    GET /v1/keys keys
    GET /v1/openapi.json openapi
    GET /v1/operations list
    GET /v1/operations/{id} read
    POST /v1/operations create
    POST /v1/operations/{id}/cancel cancel
    POST /v1/operations/{id}/retry retry
    "#);
    references(&document, &document);
}

/// Every reference leads somewhere, and no name of a Rust type is left over.
fn references(document: &Value, part: &Value) {
    match part {
        Value::Object(members) => {
            if let Some(path) = members.get("$ref").and_then(Value::as_str) {
                assert!(document.pointer(path.trim_start_matches('#')).is_some(), "{path} leads nowhere");
                assert!(!path.ends_with("Document"), "{path}");
            }
            members.values().for_each(|part| references(document, part));
        }
        Value::Array(parts) => parts.iter().for_each(|part| references(document, part)),
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shapes_of_requests_and_answers_are_these() {
    let document = Server::start().await.ask("GET", "/v1/openapi.json", &[], "").await.json();
    let shapes: Vec<String> = document["components"]["schemas"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, schema)| {
            let members = schema["properties"].as_object().map(|m| m.keys().cloned().collect::<Vec<_>>().join(" "));
            format!("{name}: {}", members.unwrap_or_default())
        })
        .collect();
    insta::assert_snapshot!(shapes.join("\n"), @r#"
    AccountStatus: enabled locked must_change password_expires password_set
    Connector: accounts candidate digest fault file last_fault name operations plugin since state version
    Connectors: ceiling connectors
    Event: at event fault number operation state superseded_by until
    Fault: blame code limit remedy retry text
    GivenPassword: clear sealed
    Health: status
    Key: accepted_until created id key
    Keys: caller info keys
    LastFault: at code over
    Milliseconds: confirm connector locate total
    Note: code text
    Operation: accepted_at account attempts caller connector deadline ended_at fault id kind must_change next_attempt receipt state superseded_by unlock
    OperationRequest: account candidate connector deadline kind must_change new_password old_password unlock
    Operations: next operations
    Problem: blame code detail limit operation operator retry status superseded_by title type
    Receipt: confirmation confirmed effects milliseconds notes server shortfall status target verdict
    "#);
    for closed in ["OperationRequest", "GivenPassword"] {
        assert_eq!(document["components"]["schemas"][closed]["additionalProperties"], false);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_asks_no_other_host() {
    let server = Server::start().await;
    assert_eq!(server.ask("GET", "/docs", &[], "").await.header("location"), Some("/docs/"));
    let page = server.ask("GET", "/docs/", &[], "").await;
    let policy = page.header("content-security-policy").unwrap().to_owned();
    assert!(policy.contains("default-src 'none'") && policy.contains("connect-src 'self'"), "{policy}");
    assert!(!policy.contains("http") && !policy.contains('*') && !policy.contains("unsafe-eval"), "{policy}");
    let start = server.ask("GET", "/docs/swagger-initializer.js", &[], "").await;
    assert!(start.body.contains("/v1/openapi.json") && start.body.contains("\"validatorUrl\": \"none\""), "{start:?}");
    for text in [&page.body, &start.body] {
        assert!(!text.contains("http://") && !text.contains("https://") && !text.contains("\"//"), "{text}");
    }
    // What the page loads is its own.
    let loads = page.body.split(['"', '\'']).filter(|part| part.ends_with(".js") || part.ends_with(".css"));
    for file in loads {
        let path = format!("/docs/{}", file.trim_start_matches("./"));
        assert_eq!(server.ask("HEAD", &path, &[], "").await.status, 200, "{path}");
    }
}
