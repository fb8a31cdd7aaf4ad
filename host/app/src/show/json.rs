//! Outcomes for programs: one JSON object, its shape documented in README.md. Fields are added, never renamed.

use miette::Diagnostic as _;
use portcullis_model::{Confirmation, Event, Fault, Outcome, Receipt, Result as Answer};
use serde_json::{Map, Value, json};

use crate::config::Diagnostic;

/// An outcome; with `events`, what was asked, allowed, denied and done as well.
#[must_use]
pub fn outcome(outcome: &Outcome, operation: &str, events: Option<&[Event]>) -> Value {
    let mut object = Map::new();
    object.insert("outcome".into(), outcome.word().into());
    object.insert("operation".into(), operation.into());
    match outcome {
        Outcome::Done(receipt) => {
            object.insert("receipt".into(), self::receipt(receipt));
            if let Some(shortfall) = &receipt.shortfall {
                object.insert("shortfall".into(), fault(shortfall));
            }
        }
        Outcome::Refused(why) | Outcome::Unknown(why) => {
            object.insert("fault".into(), fault(why));
        }
    }
    if let Some(events) = events {
        object.insert("events".into(), json!(events));
    }
    Value::Object(object)
}

/// One mistake in a connector's file, with its place if it has one.
#[must_use]
pub fn problem(problem: &Diagnostic) -> Value {
    let label = problem.labels().and_then(|mut labels| labels.next());
    let place = label.zip(problem.source_code()).and_then(|(label, source)| {
        source.read_span(label.inner(), 0, 0).ok().map(|read| (read.name().map(str::to_owned), read.line() + 1))
    });
    let (file, line) = place.unzip();
    json!({
        "code": problem.name(),
        "text": problem.to_string(),
        "remedy": problem.help().map(|help| help.to_string()),
        "file": file.flatten(),
        "line": line,
    })
}

/// Pretty JSON with a line break at the end.
#[must_use]
pub fn to_text(value: &Value) -> String {
    format!("{value:#}\n")
}

/// A receipt.
#[must_use]
pub fn receipt(receipt: &Receipt) -> Value {
    let (confirmed, how) = match &receipt.confirmation {
        Confirmation::Confirmed(how) => (json!(true), json!(how)),
        Confirmation::AcceptedOnly(why) => (json!(false), json!(why)),
        Confirmation::NotNeeded => (Value::Null, Value::Null),
    };
    let ms = |duration: std::time::Duration| json!((duration.as_secs_f64() * 1e6).round() / 1e3);
    let mut object = json!({
        "kind": receipt.kind,
        "account": receipt.account,
        "connector": receipt.connector,
        "target": receipt.target,
        "server": receipt.server,
        "effects": receipt.effects,
        "notes": receipt.notes,
        "confirmed": confirmed,
        "confirmation": how,
        "milliseconds": {
            "total": ms(receipt.timings.total),
            "locate": ms(receipt.timings.locate),
            "connector": ms(receipt.timings.connector),
            "directory": ms(receipt.timings.directory),
            "confirm": ms(receipt.timings.confirm),
        },
    });
    match &receipt.result {
        Answer::Nothing => {}
        Answer::Status(status) => object["status"] = json!(status),
        Answer::Verdict(verdict) => object["verdict"] = json!(verdict),
    }
    object
}

/// The two texts apart: `text` may be shown to anybody who asked, `detail` is the operator's.
#[must_use]
pub fn fault(fault: &Fault) -> Value {
    json!({
        "code": fault.code,
        "blame": fault.code.blame(),
        "retry": fault.code.retry(),
        "text": fault.caller_text(),
        "detail": fault.detail,
        "remedy": fault.code.remedy(),
        "limit": fault.limit,
    })
}
