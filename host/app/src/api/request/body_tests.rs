//! Bodies: what is refused, in which words, and that nothing of a body comes back.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, in its helpers too")]

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use proptest::prelude::*;

use super::*;
use crate::api::request::{MOST_BODY, body};

const SECRET: &str = "Tr0ub4dor&3";

/// The code and the caller's text of a refusal.
fn refused(text: &str) -> String {
    let problem = Asked::parse(text.as_bytes()).unwrap_err();
    let shown = format!("{problem:?}");
    assert!(!shown.contains(SECRET), "{shown}");
    let code = problem.fault().code;
    format!("{code}: {}", problem.fault().detail)
}

#[test]
fn what_is_not_as_described_is_refused_with_its_place_and_nothing_else() {
    let reset = |rest: &str| format!("{{\"kind\":\"reset-password\",\"account\":\"a\"{rest}}}");
    let shown: Vec<String> = [
        String::new(),
        "{".into(),
        "[]".into(),
        format!("\"{SECRET}\""),
        format!("{{\"kind\": {SECRET}}}"),
        "{\"kind\":\"reset\",\"account\":\"a\"}".into(),
        "{\"account\":\"a\"}".into(),
        "{\"kind\":\"reset-password\"}".into(),
        reset(""),
        reset(",\"new_password\":\"Tr0ub4dor&3\""),
        reset(",\"new_password\":{}"),
        reset(",\"new_password\":null"),
        reset(",\"new_password\":{\"clear\":\"Tr0ub4dor&3\",\"sealed\":\"pcs1\"}"),
        reset(",\"new_password\":{\"clear\":\"Tr0ub4dor&3\",\"clear\":\"Tr0ub4dor&3\"}"),
        reset(",\"new_password\":{\"clear\":[\"Tr0ub4dor&3\"]}"),
        reset(",\"new_password\":{\"clear\":\"\"}"),
        reset(",\"new_password\":{\"clear\":\"Tr0ub4dor&3\\n\"}"),
        reset(",\"new_password\":{\"sealed\":\"Tr0ub4dor&3\"}"),
        reset(",\"new_password\":{\"clear\":\"Tr0ub4dor&3\"},\"Tr0ub4dor&3\":1"),
        reset(",\"new_password\":{\"clear\":\"Tr0ub4dor&3\"},\"old_password\":{\"clear\":\"Tr0ub4dor&3\"}"),
        reset(",\n \"kind\":\"reset-password\""),
        reset(",\"new_password\":{\"clear\":\"Tr0ub4dor&3\"},\"deadline\":-1"),
        reset(",\"new_password\":{\"clear\":\"Tr0ub4dor&3\"},\"deadline\":0"),
        reset(",\"new_password\":{\"clear\":\"Tr0ub4dor&3\"},\"connector\":\"\""),
        "{\"kind\":\"account-status\",\"account\":\"\"}".into(),
        "{\"kind\":\"account-status\",\"account\":\"a\",\"unlock\":true}".into(),
        "{\"kind\":\"account-status\",\"account\":\"a\"} x".into(),
    ]
    .iter()
    .map(|text| refused(text))
    .collect();
    insta::assert_snapshot!(shown.join("\n"), @r##"
    request-malformed: Line 1, column 0: the body ends too early.
    request-malformed: Line 1, column 1: the body ends too early.
    request-malformed: Line 1, column 2: a value of another type is wanted here.
    request-malformed: Line 1, column 13: a value of another type is wanted here.
    request-malformed: Line 1, column 10: this is not JSON in UTF-8.
    request-malformed: Line 1, column 15: the kind is unknown; there are reset-password, change-password, unlock-account, verify-password, account-status.
    request-malformed: Line 1, column 15: the member `kind` is missing.
    request-malformed: Line 1, column 25: the member `account` is missing.
    password-missing: new_password
    request-malformed: Line 1, column 68: a password is {"clear": "..."} or {"sealed": "pcs1..."}.
    request-malformed: Line 1, column 57: a password is {"clear": "..."} or {"sealed": "pcs1..."}.
    password-missing: new_password
    request-malformed: Line 1, column 94: a password is {"clear": "..."} or {"sealed": "pcs1..."}.
    request-malformed: Line 1, column 100: a password is {"clear": "..."} or {"sealed": "pcs1..."}.
    request-malformed: Line 1, column 80: a password is {"clear": "..."} or {"sealed": "pcs1..."}.
    password-unusable: `new_password`: the password is empty.
    password-unusable: `new_password`: the password holds a control character (such as NUL or a line break).
    seal-unopened: `new_password`: a sealed password begins with `pcs1.`.
    request-malformed: Line 1, column 91: a member is unknown; there are kind, account, connector, new_password, old_password, candidate, must_change, unlock, deadline.
    request-malformed: `old_password` does not belong to reset-password.
    request-malformed: Line 2, column 7: the member `kind` is there twice.
    request-malformed: Line 1, column 91: a value of another type is wanted here.
    request-malformed: `deadline` is a number of seconds, at least 1.
    unknown-connector: not a name
    account-unusable: the account name is empty
    request-malformed: `must_change` and `unlock` do not belong to account-status.
    request-malformed: Line 1, column 41: this is not JSON in UTF-8.
    "##);
}

#[test]
fn bytes_that_are_no_text_and_nests_without_an_end_are_refused() {
    let status = b"{\"kind\":\"account-status\",\"account\":\"\xff\"}";
    assert_eq!(Asked::parse(status).unwrap_err().status(), StatusCode::BAD_REQUEST);
    for open in ["[", "{\"a\":", "{\"new_password\":{\"clear\":", "{\"new_password\":"] {
        let deep = open.repeat(60_000 / open.len());
        assert_eq!(Asked::parse(deep.as_bytes()).unwrap_err().status(), StatusCode::BAD_REQUEST, "{open}");
    }
}

#[test]
fn each_kind_is_read_with_its_passwords_in_order() {
    let clear = |asked: &Asked| -> Vec<(Label, String)> {
        let text = |secret: &GivenPassword| match secret {
            GivenPassword::Clear(password) => password.expose_secret().to_owned(),
            GivenPassword::Sealed(envelope) => envelope.to_string(),
        };
        asked.passwords.iter().map(|(label, secret)| (*label, text(secret))).collect()
    };
    let asked = Asked::parse(
        br#"{"kind":"reset-password","account":"alice","new_password":{"clear":"a\"\u00e9"},"must_change":true,"deadline":60}"#,
    )
    .unwrap();
    assert_eq!(clear(&asked), [(Label::New, "a\"é".to_owned())]);
    assert_eq!((asked.options.must_change, asked.options.unlock), (true, false));
    assert_eq!((asked.deadline, asked.account.as_str()), (Some(Duration::from_secs(60)), "alice"));
    let asked = Asked::parse(
        br#"{"new_password":{"clear":"n"},"old_password":{"clear":"o"},"account":"alice","kind":"change-password","connector":"corp"}"#,
    )
    .unwrap();
    assert_eq!(clear(&asked), [(Label::Old, "o".to_owned()), (Label::New, "n".to_owned())]);
    assert_eq!(asked.connector.as_deref(), Some("corp"));
    let asked = Asked::parse(br#"{"kind":"unlock-account","account":"alice"}"#).unwrap();
    assert!(asked.passwords.is_empty());
}

fn json() -> HeaderMap {
    HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"))])
}

async fn read(headers: &HeaderMap, bytes: Vec<u8>) -> Result<usize, StatusCode> {
    let read = body(headers, Body::from(bytes), Duration::from_secs(10)).await;
    read.map(|body| body.len()).map_err(|problem| problem.status())
}

#[tokio::test]
async fn a_body_of_another_type_or_size_is_not_taken() {
    assert_eq!(read(&HeaderMap::new(), vec![0; 2]).await, Err(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    for other in ["text/plain", "application/jsonx", "application/x-www-form-urlencoded", "multipart/form-data"] {
        let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(other))]);
        assert_eq!(read(&headers, vec![0; 2]).await, Err(StatusCode::UNSUPPORTED_MEDIA_TYPE), "{other}");
    }
    assert_eq!(read(&json(), vec![b' '; MOST_BODY + 1]).await, Err(StatusCode::PAYLOAD_TOO_LARGE));
    assert_eq!(read(&json(), vec![b' '; MOST_BODY]).await, Ok(MOST_BODY));
    // In pieces, without an announced length.
    let pieces = futures_util::stream::repeat_with(|| Ok::<_, std::io::Error>(vec![b' '; 1000]));
    let endless = body(&json(), Body::from_stream(pieces), Duration::from_secs(10)).await;
    assert_eq!(endless.unwrap_err().status(), StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn a_body_that_drips_is_given_up() {
    let never = Body::from_stream(futures_util::stream::pending::<Result<Vec<u8>, std::io::Error>>());
    let given_up = body(&json(), never, Duration::from_millis(20)).await.unwrap_err();
    assert_eq!(given_up.status(), StatusCode::REQUEST_TIMEOUT);
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused_without_coming_back(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        drop(Asked::parse(&bytes));
    }

    #[test]
    fn a_word_of_a_malformed_body_is_in_no_refusal(at in 0_usize..200, junk in "[\\[\\]{}:,\"0-9]{1,3}") {
        let mut text = format!(
            "{{\"kind\":\"change-password\",\"account\":\"a\",\"old_password\":{{\"clear\":\"{SECRET}\"}},\"new_password\":{{\"clear\":\"{SECRET}\"}}}}"
        );
        text.insert_str(at.min(text.len()), &junk);
        if let Err(problem) = Asked::parse(text.as_bytes()) {
            let shown = format!("{problem:?}");
            prop_assert!(!shown.contains(SECRET), "{}", shown);
        }
    }
}
