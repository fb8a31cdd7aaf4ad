//! A line of the audit log as a message of syslog (RFC 5424).
//!
//! The message is the line itself, byte by byte; its number and its hash stand in the structured data, so that whoever
//! keeps messages has places to compare the log with.

use portcullis_audit::follow::Found;
use serde::Deserialize;

/// The facility "log audit" (RFC 5424 section 6.2.1).
const FACILITY: u8 = 13;
const WARNING: u8 = 4;
const INFORMATIONAL: u8 = 6;

/// The structured data's name. Portcullis has no enterprise number; this one is for examples (RFC 5612).
const DATA: &str = "portcullis@32473";

/// What fits into a datagram with some room for what carries it (RFC 5426 section 3.2).
const MOST_OF_A_DATAGRAM: usize = 60_000;

#[derive(Deserialize)]
struct Named {
    at: String,
    fact: String,
}

/// The message of a line. `host` is the machine's name.
pub(super) fn message(found: &Found, host: &str) -> Vec<u8> {
    with(found, host, &found.text, "")
}

/// The same, cut to what a datagram holds; what was cut says how long the line is.
pub(super) fn datagram(found: &Found, host: &str) -> Vec<u8> {
    let whole = message(found, host);
    if whole.len() <= MOST_OF_A_DATAGRAM {
        return whole;
    }
    let cut = format!(" length=\"{}\"", found.text.len());
    let room = MOST_OF_A_DATAGRAM - (whole.len() - found.text.len()) - cut.len();
    let mut end = room.min(found.text.len());
    // Not within a character.
    while end > 0 && found.text.get(end).is_some_and(|byte| byte & 0xc0 == 0x80) {
        end -= 1;
    }
    with(found, host, found.text.get(..end).unwrap_or_default(), &cut)
}

/// For a stream: the number of bytes before the message (RFC 6587 section 3.4.1), so that no byte in it ends it.
pub(super) fn framed(message: &[u8]) -> Vec<u8> {
    [format!("{} ", message.len()).as_bytes(), message].concat()
}

fn with(found: &Found, host: &str, text: &[u8], more: &str) -> Vec<u8> {
    let named: Option<Named> = serde_json::from_slice(&found.text).ok();
    let (at, fact) = named.map_or_else(|| ("-".into(), "-".into()), |named| (time(named.at), name(&named.fact, 32)));
    let severity = match fact.as_str() {
        "alarm" | "cache-altered" | "ceiling-gone" | "ceiling-kept" | "denied" | "connector-refused" | "repaired"
        | "begun-anew" | "-" => WARNING,
        _ => INFORMATIONAL,
    };
    let (priority, host, process) = (FACILITY * 8 + severity, name(host, 255), std::process::id());
    let seq = found.seq.map(|seq| format!(" seq=\"{seq}\"")).unwrap_or_default();
    let hash = found.hash;
    let head = format!("<{priority}>1 {at} {host} portcullis {process} {fact} [{DATA}{seq} hash=\"{hash}\"{more}] ");
    [head.as_bytes(), text].concat()
}

/// A time as the log writes it, which is one of RFC 5424 as well; nothing else goes into the head of a message.
fn time(at: String) -> String {
    let fits = at.len() <= 27 && at.is_ascii() && humantime::parse_rfc3339(&at).is_ok();
    if fits { at } else { "-".to_owned() }
}

/// A word of the head, of the letters that names of hosts and of facts have; `-` for nothing. RFC 5424 allows more, and
/// collectors stumble over it.
fn name(text: &str, most: usize) -> String {
    let word: String = text.chars().filter(|c| c.is_ascii_alphanumeric() || "-._".contains(*c)).take(most).collect();
    if word.is_empty() { "-".to_owned() } else { word }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, in its helpers too")]

    use portcullis_audit::Hash;
    use portcullis_audit::follow::Position;
    use proptest::prelude::*;
    use syslog_loose::{Message, ProcId, Protocol, SyslogFacility, SyslogSeverity, Variant, parse_message};

    use super::*;

    fn found(text: &str, seq: Option<u64>) -> Found {
        let hash = Hash::of(text.as_bytes());
        Found { text: text.as_bytes().to_vec(), seq, hash, position: Position::START }
    }

    fn parsed(bytes: &[u8]) -> Message<String> {
        parse_message(str::from_utf8(bytes).unwrap(), Variant::RFC5424).into()
    }

    const LINE: &str =
        r#"{"v":1,"seq":7,"at":"2026-01-02T03:04:05.678Z","prev":"00","fact":"denied","call":"m]\" \n="}"#;

    #[test]
    fn another_parser_reads_what_was_written() {
        let found = found(LINE, Some(7));
        let message = parsed(&message(&found, "host one"));
        assert_eq!(message.protocol, Protocol::RFC5424(1));
        assert_eq!(message.facility, Some(SyslogFacility::LOG_AUDIT));
        assert_eq!(message.severity, Some(SyslogSeverity::SEV_WARNING));
        assert_eq!(message.timestamp.unwrap().timestamp_millis(), 1_767_323_045_678);
        assert_eq!((message.hostname.as_deref(), message.appname.as_deref()), (Some("hostone"), Some("portcullis")));
        assert_eq!(message.procid, Some(ProcId::PID(std::process::id().try_into().unwrap())));
        assert_eq!(message.msgid.as_deref(), Some("denied"));
        let [data] = &message.structured_data[..] else { panic!("{message:?}") };
        assert_eq!(data.id, "portcullis@32473");
        let hash = Hash::of(LINE.as_bytes()).to_string();
        assert_eq!(data.params, [("seq".to_owned(), "7".to_owned()), ("hash".to_owned(), hash)]);
        assert_eq!(message.msg, LINE);
    }

    #[test]
    fn what_is_no_line_is_forwarded_as_it_stands() {
        let message = parsed(&message(&found("someone wrote this", None), "h"));
        assert_eq!((message.msg.as_str(), message.msgid.as_deref()), ("someone wrote this", None));
        assert!(message.timestamp.is_none());
    }

    #[test]
    fn what_no_datagram_holds_is_cut_and_says_so() {
        let text = LINE.replace("m]", &"é".repeat(40_000));
        let found = found(&text, Some(7));
        let bytes = datagram(&found, "h");
        assert!(bytes.len() <= MOST_OF_A_DATAGRAM && bytes.len() > MOST_OF_A_DATAGRAM - 4);
        let message = parsed(&bytes);
        assert!(text.starts_with(&message.msg));
        let params = &message.structured_data[0].params;
        assert_eq!(params[1], ("hash".to_owned(), Hash::of(text.as_bytes()).to_string()), "of the whole line");
        assert_eq!(params[2], ("length".to_owned(), text.len().to_string()));
        assert_eq!(parsed(&super::message(&found, "h")).msg, text, "a stream takes it whole");
    }

    proptest! {
        /// Whatever stands in the fields, the head is not left.
        #[test]
        fn no_text_leaves_its_place(fact in ".{0,40}", at in ".{0,40}", host in ".{0,300}") {
            let text = serde_json::json!({ "at": at, "fact": fact }).to_string();
            let found = found(&text, Some(1));
            let bytes = message(&found, &host);
            let message = parsed(&bytes);
            prop_assert_eq!(&message.msg, &text);
            prop_assert_eq!(message.appname.as_deref(), Some("portcullis"));
            prop_assert_eq!(message.structured_data.len(), 1);
        }
    }
}
