//! Handing in, reading, listing, cancelling.

use std::time::{Duration, SystemTime};

use portcullis_journal::{Accepted, Event, NewOperation};
use portcullis_model::{Fault, FaultCode, Login, OperationId, OperationKind, ResetOptions};

use crate::server::{DESK, PORTAL, Server};

const SECRET: &str = "a much better phrase 7";

fn reset(account: &str, password: &str) -> String {
    format!("{{\"kind\":\"reset-password\",\"account\":\"{account}\",\"new_password\":{{\"clear\":\"{password}\"}}}}")
}

/// An operation of a caller that nobody delivers: it is written behind the service's back.
async fn written(server: &Server, caller: &str, events: Vec<Event>) -> OperationId {
    let id = OperationId::new().unwrap();
    let new = NewOperation {
        id: id.clone(),
        caller: caller.to_owned(),
        idempotency: None,
        kind: OperationKind::UnlockAccount,
        account: Login::new(format!("secret-of-{caller}@people.example")).unwrap(),
        connector: "mock".to_owned(),
        options: ResetOptions::default(),
        sealed: Vec::new(),
        envelopes: Vec::new(),
        deadline: SystemTime::now() + Duration::from_secs(60),
    };
    assert!(matches!(server.service.journal().accept(new).await.unwrap(), Accepted::New(_)));
    for event in events {
        server.service.journal().record(&id, event).await.unwrap();
    }
    id
}

fn fault(code: FaultCode) -> Fault {
    Fault::new(code, "ou=secret-place").with_limit(Some(12))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_caller_may_not_ask_for_is_refused_and_not_written() {
    let server = Server::start().await;
    let answer = server.post(PORTAL, &reset("alice@people.example", SECRET), &[]).await;
    assert_eq!((answer.status, answer.problem().as_str()), (403, "caller-not-allowed"));
    assert!(!answer.body.contains("alice") && !answer.body.contains("callers.portal"), "{answer:?}");
    let body = format!(
        "{{\"kind\":\"change-password\",\"account\":\"BOB@people.example\",\"old_password\":{{\"clear\":\"x\"}},\"new_password\":{{\"clear\":\"{SECRET}\"}}}}"
    );
    assert_eq!(server.post(PORTAL, &body, &[]).await.problem(), "caller-not-allowed");
    assert_eq!(server.post(DESK, &reset("alice@elsewhere.example", SECRET), &[]).await.problem(), "no-connector");
    assert!(server.service.journal().counts().await.unwrap().values().all(|count| *count == 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_is_done_and_read_again() {
    let server = Server::start().await;
    let answer = server.post(DESK, &reset("alice@people.example", SECRET), &[("Prefer", "wait=30")]).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    assert_eq!(answer.header("preference-applied"), Some("wait=30"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let done = answer.json();
    let location = answer.header("location").unwrap();
    assert_eq!(location, format!("/v1/operations/{}", done["id"].as_str().unwrap()));
    assert_eq!((&done["state"], &done["receipt"]["confirmed"]), (&"done".into(), &true.into()), "{done:#}");
    assert_eq!(done["receipt"]["effects"][0], "password-set");
    // Where it was done is the operator's.
    assert!(!answer.body.contains("ou=people") && !answer.body.contains(SECRET), "{answer:?}");
    assert_eq!(server.get(DESK, location).await.json(), done);
    assert_eq!(server.get(DESK, &format!("{location}?wait=5")).await.status, 200);
    let operators = server.operator("GET", location, &[], "").await.json();
    assert!(operators["receipt"]["target"].as_str().unwrap().contains("ou=people"), "{operators:#}");
    // Of another caller it looks like none.
    let others = server.get(PORTAL, location).await;
    let nobodys = server.get(PORTAL, "/v1/operations/00112233445566778899aabbccddeeff").await;
    assert_eq!((others.status, others.body), (404, nobodys.body));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_a_problem_with_the_operations_id() {
    let server = Server::start().await;
    let answer = server.post(DESK, &reset("alice@people.example", "short"), &[]).await;
    assert_eq!((answer.status, answer.problem().as_str()), (422, "password-too-short"), "{answer:?}");
    let problem = answer.json();
    let id = problem["operation"].as_str().unwrap();
    assert_eq!(answer.header("location").unwrap(), format!("/v1/operations/{id}"));
    let read = server.get(DESK, &format!("/v1/operations/{id}")).await.json();
    assert_eq!((&read["state"], &read["fault"]["code"]), (&"refused".into(), &"password-too-short".into()));
    // Excluded, and not there: not one byte differs but the id.
    let alike = async |account: &str| {
        let mut problem = server.post(DESK, &reset(account, SECRET), &[]).await.json();
        problem.as_object_mut().unwrap().remove("operation").unwrap();
        problem
    };
    assert_eq!(alike("root@people.example").await, alike("nobody@people.example").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_wait_gets_the_place_to_ask() {
    let server = Server::start().await;
    let answer = server.post(DESK, &reset("alice@people.example", SECRET), &[("Prefer", "respond-async")]).await;
    assert_eq!(answer.header("preference-applied"), Some("respond-async"));
    // It may have ended in the very moment.
    assert!([201, 202].contains(&answer.status), "{answer:?}");
    let done = server.get(DESK, &format!("{}?wait=30", answer.header("location").unwrap())).await.json();
    assert_eq!(done["state"], "done");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_request_is_the_same_operation_and_another_body_is_refused() {
    let server = Server::start().await;
    let key = ("Idempotency-Key", "8e03978e-40d5");
    let first = server.post(DESK, &reset("alice@people.example", SECRET), &[key]).await;
    assert_eq!((first.status, first.header("idempotency-replayed")), (201, None), "{first:?}");
    let again = server.post(DESK, &reset("alice@people.example", SECRET), &[key]).await;
    assert_eq!((again.status, again.header("idempotency-replayed")), (201, Some("true")));
    assert_eq!(first.json(), again.json());
    let other = server.post(DESK, &reset("alice@people.example", "another phrase 8"), &[key]).await;
    assert_eq!((other.status, other.problem().as_str()), (422, "idempotency-key-reused"));
    assert!(other.json()["operation"].is_null());
    let refused = ("Idempotency-Key", "refused");
    let first = server.post(DESK, &reset("alice@people.example", "short"), &[refused]).await;
    let again = server.post(DESK, &reset("alice@people.example", "short"), &[refused]).await;
    assert_eq!((first.json(), again.header("idempotency-replayed")), (again.json(), Some("true")));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_number_of_a_fault_is_told_and_its_detail_is_not() {
    let server = Server::start().await;
    let id = written(&server, "desk", vec![Event::Refused { fault: fault(FaultCode::PasswordTooShort) }]).await;
    let read = server.get(DESK, &format!("/v1/operations/{id}")).await;
    assert_eq!((&read.json()["fault"]["limit"], &read.json()["state"]), (&12.into(), &"refused".into()), "{read:?}");
    assert!(!read.body.contains("secret-place"), "{read:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outcome_that_is_not_known_never_looks_like_success() {
    let server = Server::start().await;
    let doubted = fault(FaultCode::OperationTimeout);
    let id = written(&server, "desk", vec![Event::Acting, Event::Unknown { fault: doubted }]).await;
    let read = server.get(DESK, &format!("/v1/operations/{id}")).await;
    assert_eq!((&read.json()["state"], &read.json()["fault"]["code"]), (&"unknown".into(), &"outcome-unknown".into()));
    assert!(!read.body.contains("secret-place"), "{read:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_shows_each_caller_its_own_and_goes_on_page_by_page() {
    let server = Server::start().await;
    for caller in ["desk", "portal", "desk", "portal", "other"] {
        written(&server, caller, vec![Event::Cancelled { by: "operator".into() }]).await;
    }
    let own = server.get(PORTAL, "/v1/operations").await;
    assert_eq!(own.json()["operations"].as_array().unwrap().len(), 2);
    assert!(!own.body.contains("secret-of-desk"), "{own:?}");
    let others = server.get(PORTAL, "/v1/operations?caller=desk").await.json();
    assert_eq!(others, serde_json::json!({"operations": []}));
    let (mut path, mut seen) = ("/v1/operations?limit=2&state=cancelled,done".to_owned(), Vec::new());
    loop {
        let page = server.get(DESK, &path).await.json();
        seen.extend(page["operations"].as_array().unwrap().iter().map(|o| o["caller"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        path = next.to_owned();
    }
    assert_eq!(seen, ["other", "portal", "desk", "portal", "desk"]);
    let none = server.get(DESK, "/v1/operations?state=done&since=2027-01-15T08:00:00Z").await.json();
    assert_eq!(none["operations"].as_array().unwrap().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_manages_cancels_and_only_what_waits() {
    let server = Server::start().await;
    let own = written(&server, "portal", Vec::new()).await;
    for what in ["cancel", "retry"] {
        let path = format!("/v1/operations/{own}/{what}");
        let answer = server.ask("POST", &path, &[("Authorization", &format!("Bearer {PORTAL}"))], "").await;
        assert_eq!(answer.problem(), "caller-not-allowed", "its own, and yet `manage` is not there");
        let others = written(&server, "desk", Vec::new()).await;
        let path = format!("/v1/operations/{others}/{what}");
        let answer = server.ask("POST", &path, &[("Authorization", &format!("Bearer {PORTAL}"))], "").await;
        assert_eq!(answer.problem(), "no-such-operation", "what it may not read looks like none");
    }
    let ended = written(&server, "portal", vec![Event::Cancelled { by: "operator".into() }]).await;
    let path = format!("/v1/operations/{ended}/cancel");
    let answer = server.ask("POST", &path, &[("Authorization", &format!("Bearer {DESK}"))], "").await;
    assert_eq!((answer.status, answer.problem().as_str()), (409, "not-possible-now"));
}
