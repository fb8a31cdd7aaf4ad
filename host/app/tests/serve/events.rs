//! Server-sent events over the wire: in order, resumed without gap or double, also after a start, and nobody else's.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;

use serde_json::Value;

use crate::http::tcp;
use crate::process::Serve;
use crate::world::{ALICE, ALICES, DESK, PORTAL, World, change, status};

/// The lines of a stream.
struct Events(BufReader<TcpStream>);

impl Events {
    fn open(serve: &Serve, token: &str, after: u64) -> Self {
        let mut stream = tcp(serve.address);
        let head = format!(
            "GET /v1/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\nlast-event-id: {after}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut this = Self(BufReader::new(stream));
        assert!(this.line().unwrap().starts_with("HTTP/1.1 200"));
        this
    }

    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        (self.0.read_line(&mut line).expect("nothing comes") > 0).then_some(line)
    }

    /// The next events, up to one of this name; nothing if the stream ends before.
    fn until(&mut self, name: &str) -> Option<Vec<Value>> {
        let (mut events, mut number) = (Vec::new(), 0);
        loop {
            let line = self.line()?;
            if let Some(id) = line.strip_prefix("id: ") {
                number = id.trim().parse().unwrap();
            }
            let Some(data) = line.strip_prefix("data: ") else { continue };
            let event: Value = serde_json::from_str(data).unwrap();
            assert!(event["number"].is_null() || event["number"] == number, "{event}");
            events.push(event);
            if events.last()?["event"] == name {
                return Some(events);
            }
        }
    }
}

#[test]
fn events_are_resumed_without_gap_or_double_also_after_a_start() {
    let world = World::new();
    let mut serve = world.serve();
    let bearer = format!("Bearer {DESK}");
    let wrong = [("authorization", bearer.as_str()), ("last-event-id", "x")];
    assert_eq!(serve.ask("GET", "/v1/events", &wrong, b"").problem(), "request-malformed");
    assert_eq!(serve.ask("GET", "/v1/events", &[], b"").problem(), "caller-unknown");
    let mut live = Events::open(&serve, DESK, 0);
    assert_eq!(serve.post(DESK, &status(ALICE), &[]).status, 201);
    let first = live.until("done").unwrap();
    assert_eq!(first[0]["event"], "accepted");
    // The stream ends with the service, and says so.
    serve.stop();
    let mut said = String::new();
    while let Some(line) = live.line() {
        said.push_str(&line);
    }
    assert!(said.contains("the service is stopping; ask again with Last-Event-ID"), "{said}");
    let serve = world.serve();
    let last = first.last().unwrap()["number"].as_u64().unwrap();
    let mut resumed = Events::open(&serve, DESK, last);
    assert_eq!(serve.post(PORTAL, &change(ALICE, ALICES, "a much better phrase 7"), &[]).status, 201);
    let second = resumed.until("done").unwrap();
    assert!(second.iter().all(|event| event["number"].as_u64().unwrap() > last), "{second:?}");
    let mut again = Events::open(&serve, DESK, 0);
    let all = [again.until("done").unwrap(), again.until("done").unwrap()].concat();
    assert_eq!(all, [first, second.clone()].concat());
    // The portal hears of its own alone.
    assert_eq!(Events::open(&serve, PORTAL, 0).until("done").unwrap(), second);
    assert!(!format!("{all:?}").contains("phrase"));
}
