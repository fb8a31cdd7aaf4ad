#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, in its helpers too")]

use std::time::UNIX_EPOCH;

use http::HeaderValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::logs::v1::SeverityNumber;
use portcullis_audit::Hash;
use portcullis_audit::follow::Position;
use proptest::prelude::*;

use super::super::way::Again;
use super::*;

fn found(text: &[u8], seq: Option<u64>) -> Found {
    Found { text: text.to_vec(), seq, hash: Hash::of(text), position: Position::START }
}

#[test]
fn what_is_no_line_is_a_record_as_well_and_a_warning() {
    for text in [&b"someone wrote this"[..], b"\xff\xfe not even text", br#"{"v":1,"at":"yesterday","fact":""}"#] {
        let request = records::request(&[found(text, None)], &records::resource("h"), UNIX_EPOCH);
        let record = &request.resource_logs[0].scope_logs[0].log_records[0];
        let body = match record.body.clone().unwrap().value.unwrap() {
            Value::StringValue(text) => text.into_bytes(),
            Value::BytesValue(bytes) => bytes,
            other => panic!("{other:?}"),
        };
        assert_eq!(body, text);
        assert_eq!((record.severity_number(), record.time_unix_nano), (SeverityNumber::Warn, 0));
        assert!(record.attributes.iter().all(|attribute| attribute.key != "portcullis.audit.seq"));
    }
}

fn asked(value: &str) -> Option<Duration> {
    let headers = [(header::RETRY_AFTER, HeaderValue::from_str(value).unwrap())].into_iter().collect();
    let Err(Trouble { again, .. }) = answer::judge(StatusCode::SERVICE_UNAVAILABLE, &headers, &[], 1) else {
        panic!("accepted")
    };
    match again {
        Again::After(time) => Some(time),
        Again::Soon => None,
        Again::MuchLater => panic!("{value}"),
    }
}

#[test]
fn a_time_to_wait_is_seconds_or_a_date_and_has_an_end() {
    assert_eq!(asked("120"), Some(Duration::from_secs(120)));
    assert_eq!(asked("0"), Some(Duration::ZERO));
    assert_eq!(asked("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::ZERO), "which is over");
    let hour = Some(Duration::from_secs(3_600));
    assert_eq!(asked("Fri, 31 Dec 2100 23:59:59 GMT"), hour);
    assert_eq!(asked("99999999"), hour);
    assert_eq!(asked("99999999999999999999999999"), hour);
    for none in ["", "soon", "-1", "1.5", "Sun, 06 Nov 94 at noon"] {
        assert_eq!(asked(none), None, "{none}");
    }
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() + 100;
    let date = jiff::Timestamp::from_second(seconds.try_into().unwrap()).unwrap();
    let date = date.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    assert!(asked(&date).is_some_and(|time| (95..=100).contains(&time.as_secs())), "{date}");
}

#[test]
fn only_what_otlp_says_is_tried_again_soon() {
    for status in 100..=599 {
        let status = StatusCode::from_u16(status).unwrap();
        let judged = answer::judge(status, &HeaderMap::new(), &[], 1).map_err(|trouble| trouble.again);
        let expected = match status.as_u16() {
            200..=299 => Ok(None),
            429 | 502 | 503 | 504 => Err(Again::Soon),
            _ => Err(Again::MuchLater),
        };
        assert_eq!(judged, expected, "{status}");
    }
}

proptest! {
    /// What a collector says goes into a line of the log, and into no other one.
    #[test]
    fn no_answer_breaks_out(status in 100..=599u16, body: Vec<u8>, words in ".{0,600}", rejected: i64) {
        use opentelemetry_proto::tonic::collector::logs::v1::{ExportLogsPartialSuccess, ExportLogsServiceResponse};
        let status = StatusCode::from_u16(status).unwrap();
        let part = ExportLogsPartialSuccess { rejected_log_records: rejected, error_message: words };
        let part = ExportLogsServiceResponse { partial_success: Some(part) }.encode_to_vec();
        for body in [body, part] {
            let (said, rejected) = match answer::judge(status, &HeaderMap::new(), &body, 3) {
                Ok(note) => note.map_or((String::new(), 0), |note| (note.words, note.rejected)),
                Err(trouble) => (trouble.why, 0),
            };
            prop_assert!(said.len() < 500 && !said.chars().any(char::is_control) && rejected <= 3, "{said:?}");
        }
    }
}
