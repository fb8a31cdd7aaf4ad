//! OTLP: what a collector says that it has counts as sent, and nothing else does.

use std::net::TcpListener;
use std::time::{Duration, Instant, SystemTime};

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::logs::v1::SeverityNumber;
use portcullis::config::Collector;
use portcullis_audit::fact::{Confirmed, Denied};
use portcullis_audit::{About, Entry, Hash};

use super::receiver::{Answer, Receiver, attribute};
use super::syslog::{accepted, counted, seqs};
use super::{Host, PACE, until, written};
use crate::authority::Authority;

const FILE: &str = "forwarded-otlp.json";

fn up_to(last: i64) -> Vec<i64> {
    (1..=last).collect()
}

#[test]
fn every_line_is_the_body_of_a_record_that_says_what_it_is() {
    let host = Host::new();
    let about =
        About { operation: Some("0197".into()), connector: Some("corp-ad".into()), caller: Some("portal".into()) };
    let denied = Denied {
        capability: "ldap".into(),
        call: "modify".into(),
        subject: "line\nbreak \u{0} é".into(),
        reason: "not granted".into(),
        wanted: None,
    };
    let confirmed = Confirmed { how: "read back".into() };
    host.log.append_blocking(vec![Entry::now(about.clone(), denied), Entry::now(about, confirmed)]).unwrap();
    let receiver = Receiver::start([]);
    let forward = host.forward(&receiver.collector());
    until("they came", || receiver.seqs().len() == 3);
    until("that is kept", || host.kept(FILE) == Some(3));
    forward.stop();
    let came = receiver.came().remove(0);
    assert_eq!(came.kind, "application/x-protobuf");
    assert_eq!(came.lines(), written(host.state.path())[..3]);

    let text = |text: &str| Some(Value::StringValue(text.to_owned()));
    let records = came.records();
    for (record, line) in records.iter().zip(came.lines()) {
        let hash = Hash::of(line.as_bytes()).to_string();
        assert_eq!(attribute(&record.attributes, "portcullis.audit.hash"), text(&hash));
        let line: serde_json::Value = serde_json::from_str(&line).unwrap();
        let at = humantime::parse_rfc3339(line["at"].as_str().unwrap()).unwrap();
        let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap();
        assert_eq!(u128::from(record.time_unix_nano), since.as_nanos());
        assert!(record.observed_time_unix_nano >= record.time_unix_nano);
        assert_eq!(attribute(&record.attributes, "portcullis.audit.fact"), text(line["fact"].as_str().unwrap()));
        let known = ["audit.fact", "audit.seq", "audit.hash", "operation", "connector"];
        let others = record.attributes.iter().filter(|a| !known.iter().any(|k| a.key == format!("portcullis.{k}")));
        assert_eq!(others.count(), 0, "nothing else goes out");
    }
    assert_eq!(attribute(&records[1].attributes, "portcullis.operation"), text("0197"));
    assert_eq!(attribute(&records[1].attributes, "portcullis.connector"), text("corp-ad"));
    assert_eq!(attribute(&records[0].attributes, "portcullis.connector"), None, "a checkpoint has none");
    let severities: Vec<_> = records.iter().map(|r| (r.severity_number(), r.severity_text.as_str())).collect();
    let info = (SeverityNumber::Info, "INFO");
    assert_eq!(severities, [info, (SeverityNumber::Warn, "WARN"), info]);
    let resource = came.logs.resource.unwrap().attributes;
    assert_eq!(attribute(&resource, "service.name"), text("portcullis"));
    assert!(attribute(&resource, "host.name").is_some());
}

#[test]
fn what_a_collector_did_not_accept_is_not_kept_as_sent_and_comes_again() {
    let host = Host::new();
    host.write(0..5);
    let nothing = [Answer::Dropped, Answer::Status(503, None), Answer::Status(429, None), Answer::Status(502, None)];
    let always = nothing.iter().cycle().take(10_000).cloned();
    let refuses = Receiver::start(always);
    let forward = host.forward(&refuses.collector());
    until("it is tried", || refuses.requests() >= 5);
    assert!(host.is_behind("otlp", 6));
    forward.stop();
    assert_eq!(host.kept(FILE), None);
    assert!(refuses.came().iter().all(|came| came.seqs() == up_to(6)));

    // The next start, and another collector: nothing is missing.
    let receiver = Receiver::start([Answer::Dropped, Answer::Status(504, None)]);
    let forward = host.forward(&receiver.collector());
    until("that is kept", || host.kept(FILE) == Some(6));
    host.write(5..7);
    until("that is kept", || host.kept(FILE) == Some(8));
    assert!(host.is_behind("otlp", 0) || host.is_behind("otlp", 2), "measured now or a moment later");
    forward.stop();
    let came: Vec<_> = receiver.came().iter().map(|came| came.seqs()).collect();
    assert_eq!(came[..3], [up_to(6), up_to(6), up_to(6)]);
    assert_eq!(came[3..].concat(), [7, 8], "and nothing that was accepted");
    assert!(host.lines.text().contains("the audit log is forwarded again to http://127.0.0.1"));
}

#[test]
fn a_collector_that_asks_for_time_gets_it() {
    let host = Host::new();
    let receiver = Receiver::start([Answer::Status(503, Some("1"))]);
    let forward = host.forward(&receiver.collector());
    until("it is kept", || host.kept(FILE) == Some(1));
    forward.stop();
    let came = receiver.came();
    assert_eq!(came[..2].iter().map(|came| came.seqs()).collect::<Vec<_>>(), [[1], [1]]);
    let pause = came[1].at - came[0].at;
    assert!(pause >= Duration::from_millis(990), "{pause:?}");

    // Not even the end of the service is a reason to ask earlier.
    let host = Host::new();
    let receiver = Receiver::start([Answer::Status(429, Some("3600"))]);
    let forward = host.forward(&receiver.collector());
    until("it is told", || host.lines.text().contains("it answers 429 Too Many Requests"));
    forward.stop();
    assert_eq!((receiver.requests(), host.kept(FILE)), (1, None));
}

#[test]
fn what_no_repetition_changes_is_told_and_tried_again_much_later() {
    for (answer, words) in [
        (Answer::Refused(401, "no key\n\u{1b}[31m"), "it answers 401 Unauthorized and says: no key"),
        (Answer::Status(404, None), "it answers 404 Not Found, which no repetition changes"),
        (Answer::Status(400, Some("0")), "it answers 400 Bad Request, which"),
        (Answer::Status(500, None), "it answers 500 Internal Server Error, which"),
        (Answer::Status(307, None), "it answers 307 Temporary Redirect, which"),
        (Answer::Page("<html>Welcome to nginx!"), "it answers 200 OK, and not as a collector of OTLP does"),
    ] {
        let host = Host::new();
        host.write(0..2);
        let receiver = Receiver::start([answer.clone()]);
        let forward = host.forward(&receiver.collector());
        until("it is told", || host.lines.text().contains(words));
        assert_eq!((receiver.requests(), host.kept(FILE)), (1, None), "{answer:?}");
        until("it is sent", || host.kept(FILE) == Some(3));
        forward.stop();
        let came = receiver.came();
        assert_eq!((came[0].seqs(), came[1].seqs()), (up_to(3), up_to(3)));
        let pause = came[1].at - came[0].at;
        assert!(pause >= PACE.refused, "{pause:?} after {answer:?}");
        assert!(!host.lines.text().contains('\u{1b}'));
    }
}

#[test]
fn what_a_collector_rejects_in_part_is_told_and_counted_and_does_not_come_again() {
    let host = Host::new();
    host.write(0..5);
    let receiver = Receiver::start([Answer::Part(2, "too\nold"), Answer::Part(i64::MIN, "nonsense")]);
    let forward = host.forward(&receiver.collector());
    until("the position moves", || host.kept(FILE) == Some(6));
    let words = "/ rejected 2 lines of the audit log for good, the last of them among 1 to 6: too old";
    until("it is told", || host.lines.text().contains(words));
    host.write(5..6);
    until("the position moves", || host.kept(FILE) == Some(7));
    host.write(6..7);
    until("the position moves", || host.kept(FILE) == Some(8));
    // Told once now; at the end, what came after.
    assert!(!host.lines.text().contains("nonsense"));
    forward.stop();
    let words = "/ rejected 1 lines of the audit log for good, the last of them among 7 to 7: nonsense";
    assert!(host.lines.text().contains(words), "{}", host.lines.text());
    assert_eq!(receiver.seqs(), up_to(8));
    assert!(host.metrics.render().lines().any(|line| line == "portcullis_audit_rejected_total 3"));
}

#[test]
fn a_warning_without_a_rejection_is_told_and_counts_as_accepted() {
    let host = Host::new();
    let receiver = Receiver::start([Answer::Part(0, "use gzip")]);
    let forward = host.forward(&receiver.collector());
    until("it is told", || host.lines.text().contains("took lines 1 to 1 of the audit log and says: use gzip"));
    assert_eq!(host.kept(FILE), Some(1));
    forward.stop();
    assert_eq!(receiver.seqs(), [1]);
    assert!(!host.metrics.render().contains("portcullis_audit_rejected_total"));
}

#[test]
fn requests_are_bounded_and_long_lines_come_whole() {
    let host = Host::new();
    host.write(0..600);
    let long = "é".repeat(400 << 10);
    host.say(&long);
    host.write(0..3);
    let receiver = Receiver::start([]);
    let forward = host.forward(&receiver.collector());
    until("they came", || host.kept(FILE) == Some(605));
    forward.stop();
    let came = receiver.came();
    assert_eq!(receiver.seqs()[..605], up_to(605));
    assert!(came.iter().all(|came| came.records().len() <= 256));
    let lines: Vec<String> = came.iter().flat_map(|came| came.lines()).collect();
    assert_eq!(lines[..605], written(host.state.path())[..605]);
    assert!(lines[601].contains(&long));
    let with = came.iter().find(|came| came.lines().iter().any(|line| line.contains(&long))).unwrap();
    assert_eq!(*with.seqs().last().unwrap(), 602, "nothing is put behind what is long enough");
}

#[test]
fn syslog_and_opentelemetry_each_go_on_where_they_are() {
    let host = Host::new();
    host.write(0..5);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let receiver = Receiver::start(std::iter::repeat_n(Answer::Status(503, None), 10_000));
    let syslog = host.forward(&Collector::Tcp { host: "127.0.0.1".into(), port });
    let otlp = host.forward(&receiver.collector());
    let mut stream = accepted(&listener);
    assert_eq!(seqs(&counted(&mut stream, 6)), [1, 2, 3, 4, 5, 6]);
    until("one has it all, the other nothing", || host.is_behind("syslog", 0) && host.is_behind("otlp", 6));
    assert_eq!((host.kept("forwarded.json"), host.kept(FILE)), (Some(6), None));
    syslog.stop();
    otlp.stop();
}

#[test]
fn nobody_gets_a_line_over_https_whom_the_authority_does_not_vouch_for() {
    let (ours, other) = (Authority::new(), Authority::new());
    let host = Host::new();
    let file = ours.file(host.state.path(), "ca.pem");
    let no = [
        (other.server("localhost"), file.clone(), "issued by a CA that is not trusted here"),
        (ours.server("localhost"), None, "issued by a CA that is not trusted here"),
        (ours.server("siem.corp.example"), file.clone(), "its certificate is for another name"),
    ];
    for (server, file, words) in no {
        let receiver = Receiver::with_tls(server);
        let forward = host.forward(&receiver.named("localhost", file));
        until("it is told", || host.lines.text().contains(words));
        forward.stop();
        assert_eq!((receiver.requests(), host.kept(FILE)), (0, None));
    }
    let receiver = Receiver::with_tls(ours.server("localhost"));
    let forward = host.forward(&receiver.named("localhost", file));
    until("it is kept", || host.kept(FILE) == Some(1));
    forward.stop();
    assert_eq!(receiver.seqs()[..1], [1]);
}

#[test]
fn a_collector_that_never_answers_does_not_hold_up_the_end() {
    let host = Host::new();
    host.write(0..3);
    let receiver = Receiver::start(std::iter::repeat_n(Answer::Silence, 100));
    let forward = host.forward(&receiver.collector());
    until("it is given up", || host.lines.text().contains("no answer within 5s"));
    let began = Instant::now();
    forward.stop();
    // What runs, and the last try.
    assert!(began.elapsed() < Duration::from_secs(12), "{:?}", began.elapsed());
    assert_eq!(host.kept(FILE), None);
}

#[test]
fn a_connection_that_the_collector_gave_up_is_no_trouble() {
    let host = Host::new();
    let receiver = Receiver::start([]);
    let forward = host.forward(&receiver.collector());
    for round in 0..3 {
        host.write(round..round + 1);
        until("it is kept", || host.kept(FILE) == Some(round as u64 + 2));
        std::thread::sleep(Receiver::PATIENCE * 2);
    }
    forward.stop();
    assert!(!host.lines.text().contains("is not forwarded"), "{}", host.lines.text());
    assert_eq!(receiver.seqs(), up_to(4));
}
