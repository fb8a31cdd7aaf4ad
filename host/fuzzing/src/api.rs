//! What a caller of the service sends: headers about the request, and the body of an operation.
//!
//! Whatever comes, it is read or refused, and no refusal repeats the password. What is read is what a JSON library reads,
//! with exactly the passwords that belong to the kind.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use portcullis::api::request::{Asked, Preferences, key};
use portcullis::service::GivenPassword;
use portcullis_seal::Label;
use serde_json::Value;
use std::time::Duration;

/// The password of the seeds. It is looked for in every refusal.
const CANARY: &str = "Qu1etC4nary";

pub(crate) fn run(data: &[u8]) {
    let (head, body) = match data.windows(2).position(|pair| pair == b"\n\n") {
        // A body begins with what JSON may begin with; anything else is headers, up to an empty line.
        Some(end) if !data.starts_with(b"{") => (&data[..end], &data[end + 2..]),
        _ => (&[][..], data),
    };
    headers(head);
    match Asked::parse(body) {
        Ok(asked) => read(&asked, body),
        Err(problem) => {
            let status = problem.status().as_u16();
            assert!((400..500).contains(&status), "a caller's mistake was answered with {status}");
            silent(body, &format!("{problem:?}"));
        }
    }
}

fn headers(head: &[u8]) {
    let mut headers = HeaderMap::new();
    for line in head.split(|byte| *byte == b'\n').take(64) {
        let mut parts = line.splitn(2, |byte| *byte == b':');
        let (name, value) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name), HeaderValue::from_bytes(value)) {
            headers.append(name, value);
        }
    }
    if let Ok(Some(key)) = key(&headers) {
        assert!((1..=255).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic()), "{key:?}");
    }
    let most = Duration::from_secs(60);
    let (wait, _) = Preferences::of(&headers).wait(Duration::from_secs(20), most);
    assert!(wait <= most, "a caller waits longer than the service wants");
}

/// The canary does not come back, however it was written. (Names of members are no passwords: a seed has it as a value.)
fn silent(body: &[u8], said: &str) {
    assert!(!said.contains(CANARY), "{said} repeats what {} holds", String::from_utf8_lossy(body));
}

fn read(asked: &Asked, body: &[u8]) {
    let Ok(Value::Object(members)) = serde_json::from_slice::<Value>(body) else {
        panic!("this is no JSON object: {}", String::from_utf8_lossy(body));
    };
    let text = |name: &str| members.get(name).and_then(Value::as_str);
    assert_eq!(text("kind"), Some(asked.kind.name()));
    assert_eq!(text("account"), Some(asked.account.as_str()));
    assert_eq!(text("connector"), asked.connector.as_deref());
    let flag = |name: &str| members.get(name).and_then(Value::as_bool).unwrap_or_default();
    assert_eq!((flag("must_change"), flag("unlock")), (asked.options.must_change, asked.options.unlock));
    let deadline = members.get("deadline").and_then(Value::as_u64).map(Duration::from_secs);
    assert_eq!(deadline, asked.deadline);
    let labels: Vec<Label> = asked.passwords.iter().map(|(label, _)| *label).collect();
    assert_eq!(labels, Label::of(asked.kind), "not the passwords that belong to {}", asked.kind);
    for (label, given) in &asked.passwords {
        let member = match label {
            Label::New => "new_password",
            Label::Old => "old_password",
            Label::Candidate => "candidate",
        };
        let Some(Value::Object(written)) = members.get(member) else { panic!("{member} came from nowhere") };
        assert_eq!(written.len(), 1, "{member} was given in two ways");
        let written = |name: &str| written.get(name).and_then(Value::as_str).map(str::to_owned);
        match given {
            GivenPassword::Clear(password) => assert_eq!(written("clear").as_deref(), Some(password.expose_secret())),
            GivenPassword::Sealed(envelope) => assert_eq!(written("sealed"), Some(envelope.to_string())),
        }
    }
}
