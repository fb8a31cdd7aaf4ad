//! The stream of events: no gap, no double, nobody else's.

use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

use crate::server::{DESK, PORTAL, Server};

/// The lines of a stream.
struct Lines(BufReader<TcpStream>);

impl Lines {
    async fn open(server: &Server, token: &str, after: Option<u64>) -> Self {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        let after = after.map(|n| format!("last-event-id: {n}\r\n")).unwrap_or_default();
        let request = format!("GET /v1/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n{after}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut lines = Self(BufReader::new(stream));
        // Once the head is there, the stream watches.
        while lines.line().await.is_some_and(|line| !line.trim().is_empty()) {}
        lines
    }

    async fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let read = tokio::time::timeout(Duration::from_secs(10), self.0.read_line(&mut line)).await;
        (read.expect("nothing comes").unwrap() > 0).then_some(line)
    }

    /// The data of the next event; nothing at the end of the stream.
    async fn event(&mut self) -> Option<Value> {
        loop {
            if let Some(data) = self.line().await?.strip_prefix("data: ") {
                return Some(serde_json::from_str(data).unwrap());
            }
        }
    }

    async fn until(&mut self, state: &str) -> Vec<Value> {
        let mut events = Vec::new();
        loop {
            events.push(self.event().await.unwrap());
            if events.last().unwrap()["state"] == state {
                return events;
            }
        }
    }
}

fn names(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["event"].as_str().unwrap()).collect()
}

const STATUS: &str = "{\"kind\":\"account-status\",\"account\":\"alice@people.example\"}";
const CHANGE: &str = "{\"kind\":\"change-password\",\"account\":\"alice@people.example\",\"old_password\":{\"clear\":\"correct horse battery\"},\"new_password\":{\"clear\":\"a much better phrase 7\"}}";

#[tokio::test(flavor = "multi_thread")]
async fn events_come_in_order_and_are_resumed_without_gap_or_double() {
    let server = Server::start().await;
    let mut live = Lines::open(&server, DESK, None).await;
    assert_eq!(server.post(DESK, STATUS, &[]).await.status, 201);
    let first = live.until("done").await;
    assert_eq!(names(&first).first(), Some(&"accepted"));
    assert_eq!(names(&first).last(), Some(&"done"));
    drop(live);
    // While nobody listens something happens.
    assert_eq!(server.post(DESK, STATUS, &[]).await.status, 201);
    let last = first.last().unwrap()["number"].as_u64().unwrap();
    let missed = Lines::open(&server, DESK, Some(last)).await.until("done").await;
    assert!(missed.iter().all(|event| event["number"].as_u64().unwrap() > last));
    let all: Vec<Value> = {
        let mut again = Lines::open(&server, DESK, Some(0)).await;
        [again.until("done").await, again.until("done").await].concat()
    };
    assert_eq!(all, [first, missed].concat());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_ask_for_is_not_heard() {
    let server = Server::start().await;
    let mut portal = Lines::open(&server, PORTAL, Some(0)).await;
    let others = server.post(DESK, STATUS, &[]).await.json();
    let changed = server.post(PORTAL, CHANGE, &[]).await;
    assert_eq!(changed.status, 201, "{changed:?}");
    let heard = portal.until("done").await;
    assert!(heard.iter().all(|event| event["operation"] != others["id"]), "{heard:?}");
    assert!(heard.iter().all(|event| event["operation"] == changed.json()["id"]), "{heard:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stream_ends_with_the_service_and_says_so() {
    let mut server = Server::start().await;
    let mut lines = Lines::open(&server, DESK, None).await;
    server.stop();
    let mut said = String::new();
    while let Some(line) = lines.line().await {
        said.push_str(&line);
    }
    assert!(said.contains(": the service is stopping; ask again with Last-Event-ID"), "{said}");
    server.ended().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_that_is_no_number_is_refused() {
    let server = Server::start().await;
    let bearer = format!("Bearer {DESK}");
    let answer = server.ask("GET", "/v1/events", &[("Authorization", &bearer), ("Last-Event-ID", "x")], "").await;
    assert_eq!((answer.status, answer.problem().as_str()), (400, "request-malformed"));
}
