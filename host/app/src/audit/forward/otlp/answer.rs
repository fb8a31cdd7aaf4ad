//! What a collector's answer means (OTLP 1, "OTLP/HTTP Response"): whether it has the lines, and when to try again if not.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{HeaderMap, StatusCode, header};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceResponse;
use portcullis_capabilities::clean;
use prost::Message as _;

use super::super::way::{Again, Note, Trouble};

/// The longest time that a collector is waited for because it asks to.
const LONGEST_ASKED: Duration = Duration::from_secs(3_600);

/// How much of a collector's words is told, in bytes.
const MOST_WORDS: usize = 300;

/// `google.rpc.Status`, which OTLP wants as the body of a refusal; its details are passed over.
#[derive(Clone, PartialEq, prost::Message)]
struct Status {
    #[prost(string, tag = "2")]
    message: String,
}

/// It accepted a request of so many lines; what it has to say about them.
///
/// # Errors
/// It has nothing of the request, as far as it says.
pub(super) fn judge(
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
    lines: usize,
) -> Result<Option<Note>, Trouble> {
    if status.is_success() {
        return accepted(status, body, lines);
    }
    let said = Status::decode(body).map(|status| clean(&status.message, MOST_WORDS, &[])).unwrap_or_default();
    let said = if said.is_empty() { said } else { format!(" and says: {said}") };
    let answers = format!("it answers {status}{said}");
    Err(match status.as_u16() {
        429 | 502 | 503 | 504 => {
            Trouble { why: answers, again: after(headers, SystemTime::now()).map_or(Again::Soon, Again::After) }
        }
        // OTLP: not to be tried again. An audit log is not thrown away for it: somebody sets it right.
        _ => Trouble { why: format!("{answers}, which no repetition changes"), again: Again::MuchLater },
    })
}

fn accepted(status: StatusCode, body: &[u8], lines: usize) -> Result<Option<Note>, Trouble> {
    let Ok(answer) = ExportLogsServiceResponse::decode(body) else {
        let why = format!("it answers {status}, and not as a collector of OTLP does: is this its address?");
        return Err(Trouble { why, again: Again::MuchLater });
    };
    let Some(part) = answer.partial_success else { return Ok(None) };
    let words = clean(&part.error_message, MOST_WORDS, &[]);
    let rejected = part.rejected_log_records.unsigned_abs().min(lines as u64);
    Ok((rejected > 0 || !words.is_empty()).then_some(Note { rejected, words }))
}

/// `Retry-After` (RFC 9110 section 10.2.3): seconds, or a date.
fn after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let value = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    let asked = match value.parse().map(Duration::from_secs) {
        Ok(seconds) => seconds,
        Err(_) if value.bytes().all(|byte| byte.is_ascii_digit()) && !value.is_empty() => LONGEST_ASKED,
        Err(_) => {
            let date = jiff::fmt::rfc2822::parse(value).ok()?;
            let seconds = u64::try_from(date.timestamp().as_second()).ok()?;
            (UNIX_EPOCH + Duration::from_secs(seconds)).duration_since(now).unwrap_or_default()
        }
    };
    Some(asked.min(LONGEST_ASKED))
}
