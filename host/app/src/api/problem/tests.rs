//! The table of faults, and who reads what.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, in its helpers too")]

use axum::body::to_bytes;
use portcullis_model::Retry;
use serde_json::Value;

use super::*;

async fn written(problem: Problem, operator: bool) -> (Response, Value) {
    let (parts, body) = problem.write(operator).into_parts();
    let body = serde_json::from_slice(&to_bytes(body, 1 << 20).await.unwrap()).unwrap();
    (Response::from_parts(parts, axum::body::Body::empty()), body)
}

#[tokio::test]
async fn every_fault_has_a_status_that_fits_its_blame() {
    for code in FaultCode::ALL {
        let (response, body) = written(Fault::new(*code, "ou=secret").into(), false).await;
        let status = response.status();
        assert!(status.is_client_error() || status.is_server_error(), "{code}: {status}");
        assert_eq!(body["status"], status.as_u16(), "{code}");
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
        let shown = seen_by_callers(*code);
        assert_eq!(body["type"], format!("urn:portcullis:fault:{shown}"));
        // A caller that has to change its request must not be told to come back, and the other way round.
        if shown.blame() == Blame::Caller {
            assert!(status.is_client_error(), "{code}: {status}");
        }
        if matches!(shown.blame(), Blame::Directory | Blame::Host | Blame::Plugin) {
            assert!(status.is_server_error(), "{code}: {status}");
        }
        if status == StatusCode::SERVICE_UNAVAILABLE || status == StatusCode::TOO_MANY_REQUESTS {
            assert!(response.headers().contains_key(header::RETRY_AFTER), "{code}");
            assert_eq!(shown.retry(), Retry::Later, "{code}");
        }
    }
}

#[tokio::test]
async fn a_caller_never_reads_the_operators_text() {
    for code in FaultCode::ALL {
        let problem = Problem::from(Fault::new(*code, "CN=secret-place").with_limit(Some(12)));
        let (_, body) = written(problem.clone(), false).await;
        assert!(!body.to_string().contains("secret-place"), "{code}: {body}");
        assert!(body["detail"].is_null() || body["blame"] == "caller", "{code}: {body}");
        let (_, body) = written(problem, true).await;
        assert_eq!(body["operator"], "CN=secret-place", "{code}");
    }
}

#[tokio::test]
async fn an_excluded_account_is_to_the_caller_like_none() {
    let written = async |code, operator| written(Fault::new(code, "x").into(), operator).await.1;
    assert_eq!(
        written(FaultCode::AccountExcluded, false).await,
        written(FaultCode::NoSuchAccount, false).await,
        "not one byte may differ"
    );
    assert_eq!(written(FaultCode::AccountExcluded, true).await["code"], "account-excluded");
}

#[tokio::test]
async fn a_document_as_a_caller_reads_it() {
    let id = OperationId::parse("00112233445566778899aabbccddeeff").unwrap();
    let fault = Fault::new(FaultCode::PasswordTooShort, "19 constraint violation").with_limit(Some(12));
    let (_, body) = written(Problem::from(fault).about(&id), false).await;
    insta::assert_snapshot!(format!("{body:#}"), @r#"
    {
      "blame": "caller",
      "code": "password-too-short",
      "detail": "Choose a longer password.",
      "limit": 12,
      "operation": "00112233445566778899aabbccddeeff",
      "retry": "never",
      "status": 422,
      "title": "The password is too short for this account. It needs at least 12 characters.",
      "type": "urn:portcullis:fault:password-too-short"
    }
    "#);
}

#[tokio::test]
async fn the_wait_is_said_where_there_is_one() {
    let after = async |code, limit| {
        let (response, _) = written(Fault::new(code, "x").with_limit(limit).into(), false).await;
        response.headers().get(header::RETRY_AFTER).map(|value| value.to_str().unwrap().to_owned())
    };
    assert_eq!(after(FaultCode::TooManyRequests, Some(42)).await.as_deref(), Some("42"));
    assert_eq!(after(FaultCode::TooManyRequests, Some(0)).await.as_deref(), Some("1"));
    assert_eq!(after(FaultCode::Stopping, None).await.as_deref(), Some("5"));
    assert_eq!(after(FaultCode::PasswordTooYoung, Some(3600)).await.as_deref(), Some("3600"));
    assert_eq!(after(FaultCode::PasswordTooShort, Some(12)).await, None, "not every number is a time");
}
