//! Syslog over UDP, TCP and unix sockets. What arrives is read by a parser that is not the host's.

use std::io::{ErrorKind, Read};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::unix::net::UnixDatagram;
use std::time::{Duration, Instant};

use portcullis::audit::forward::Pace;
use portcullis::config::Collector;
use portcullis_audit::Hash;
use serde_json::Value;
use syslog_loose::{Message, Variant, parse_message};

use super::{Host, PACE, until, written};
use crate::world::SOON;

/// A message: the number of its line; it must be whole.
fn line(bytes: &[u8]) -> (u64, String) {
    let text = str::from_utf8(bytes).unwrap();
    let message: Message<&str> = parse_message(text, Variant::RFC5424);
    let params = &message.structured_data[0].params;
    let line: Value = serde_json::from_str(message.msg).unwrap();
    assert_eq!((params[0].0, params[1].0), ("seq", "hash"));
    assert_eq!(params[0].1, line["seq"].to_string());
    assert_eq!(params[1].1, Hash::of(message.msg.as_bytes()).to_string());
    (line["seq"].as_u64().unwrap(), message.msg.to_owned())
}

/// What a connection brought, up to line `last`, or to its end. Messages are counted (RFC 6587 section 3.4.1).
pub(super) fn counted(stream: &mut impl Read, last: u64) -> Vec<(u64, String)> {
    let mut all = Vec::new();
    while all.last().is_none_or(|(seq, _)| *seq < last) {
        let mut length = 0;
        loop {
            let mut byte = [0];
            match stream.read(&mut byte) {
                Ok(0) => return all,
                Ok(_) if byte == *b" " => break,
                Ok(_) => length = length * 10 + usize::from(byte[0] - b'0'),
                Err(error) => panic!("{error}: {all:?}"),
            }
        }
        let mut message = vec![0; length];
        stream.read_exact(&mut message).unwrap();
        all.push(line(&message));
    }
    all
}

/// The connection of a host that comes; none that does not come is waited for without an end.
pub(super) fn accepted(listener: &TcpListener) -> TcpStream {
    listener.set_nonblocking(true).unwrap();
    let mut stream = None;
    until("somebody connects", || {
        stream = listener.accept().ok();
        stream.is_some()
    });
    let (stream, _) = stream.unwrap();
    stream.set_nonblocking(false).unwrap();
    stream.set_read_timeout(Some(SOON)).unwrap();
    stream
}

fn datagrams(receive: impl Fn(&mut [u8]) -> std::io::Result<usize>, last: u64) -> Vec<(u64, String)> {
    let mut all: Vec<(u64, String)> = Vec::new();
    let mut bytes = vec![0; 1 << 17];
    while all.last().is_none_or(|(seq, _)| *seq < last) {
        let length = receive(&mut bytes).unwrap_or_else(|error| panic!("{error}: {all:?}"));
        all.push(line(&bytes[..length]));
    }
    all
}

pub(super) fn seqs(lines: &[(u64, String)]) -> Vec<u64> {
    lines.iter().map(|(seq, _)| *seq).collect()
}

fn tcp_of(listener: &TcpListener) -> Collector {
    Collector::Tcp { host: "127.0.0.1".into(), port: listener.local_addr().unwrap().port() }
}

#[test]
fn every_line_arrives_as_it_stands_in_its_order() {
    let host = Host::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    host.write(0..300);
    let forward = host.forward(&tcp_of(&listener));
    let mut stream = accepted(&listener);
    let mut got = counted(&mut stream, 301);
    host.write(300..320);
    got.extend(counted(&mut stream, 321));
    until("everything settled", || host.is_not_behind());
    forward.stop();
    assert_eq!(got.into_iter().map(|(_, line)| line).collect::<Vec<_>>(), written(host.state.path()));
}

#[test]
fn what_was_written_while_the_collector_was_down_comes_later_and_nothing_is_missing() {
    let host = Host::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (to, address) = (tcp_of(&listener), listener.local_addr().unwrap());
    let forward = host.forward(&to);
    let mut stream = accepted(&listener);
    host.write(0..10);
    counted(&mut stream, 11);
    until("everything settled", || host.is_not_behind());
    // Down; what is on the way is lost.
    drop((stream, listener));
    host.write(10..20);
    until("the host sees it", || host.is_behind("syslog", 10));
    let listener = listen_again(address);
    let mut stream = accepted(&listener);
    let got = counted(&mut stream, 21);
    assert_eq!(seqs(&got), (12..=21).collect::<Vec<_>>(), "and nothing that had settled");
    forward.stop();
}

#[test]
fn what_a_collector_may_have_lost_when_it_went_is_sent_again() {
    let host = Host::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let slow = Pace { settle: Duration::from_secs(3600), ..PACE };
    let forward = host.forward_at(&tcp_of(&listener), slow);
    let mut stream = accepted(&listener);
    host.write(0..5);
    counted(&mut stream, 6);
    drop(stream);
    let mut stream = accepted(&listener);
    assert_eq!(seqs(&counted(&mut stream, 6)), [1, 2, 3, 4, 5, 6]);
    forward.stop();
}

fn listen_again(address: SocketAddr) -> TcpListener {
    let mut listener = None;
    until("the port is free", || {
        listener = TcpListener::bind(address).ok();
        listener.is_some()
    });
    listener.unwrap()
}

#[test]
fn a_restart_goes_on_where_it_was() {
    let host = Host::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    host.write(0..10);
    let forward = host.forward(&tcp_of(&listener));
    let mut stream = accepted(&listener);
    counted(&mut stream, 11);
    until("everything settled", || host.is_not_behind());
    forward.stop();
    host.write(10..12);
    let forward = host.forward(&tcp_of(&listener));
    let mut stream = accepted(&listener);
    assert_eq!(seqs(&counted(&mut stream, 13)), [12, 13]);
    forward.stop();
}

#[test]
fn a_log_that_was_turned_back_is_sent_again() {
    let host = Host::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    host.write(0..10);
    let forward = host.forward(&tcp_of(&listener));
    let mut stream = accepted(&listener);
    counted(&mut stream, 11);
    until("everything settled", || host.is_not_behind());
    forward.stop();
    let file = host.state.path().join("audit/audit-0000000000000001.jsonl");
    let lines = written(host.state.path());
    std::fs::write(&file, lines[..5].iter().map(|line| format!("{line}\n")).collect::<String>()).unwrap();
    let forward = host.forward(&tcp_of(&listener));
    let mut stream = accepted(&listener);
    assert_eq!(seqs(&counted(&mut stream, 5)), [1, 2, 3, 4, 5]);
    forward.stop();
}

#[test]
fn datagrams_of_udp_come_in_order_and_again_after_nobody_listened() {
    let host = Host::new();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(SOON)).unwrap();
    let address = socket.local_addr().unwrap();
    let to = Collector::Udp { host: "127.0.0.1".into(), port: address.port() };
    let forward = host.forward(&to);
    host.write(0..20);
    assert_eq!(seqs(&datagrams(|bytes| socket.recv(bytes), 21)), (1..=21).collect::<Vec<_>>());
    until("everything settled", || host.is_not_behind());
    drop(socket);
    host.write(20..25);
    until("the host sees it", || host.is_behind("syslog", 5));
    std::thread::sleep(PACE.settle * 2);
    let socket = UdpSocket::bind(address).unwrap();
    socket.set_read_timeout(Some(SOON)).unwrap();
    assert_eq!(seqs(&datagrams(|bytes| socket.recv(bytes), 26)), (22..=26).collect::<Vec<_>>());
    forward.stop();
}

#[test]
fn a_unix_socket_may_come_later() {
    let host = Host::new();
    let path = host.state.path().join("log.sock");
    host.write(0..3);
    let forward = host.forward(&Collector::Unix(path.clone()));
    until("the host sees it", || host.is_behind("syslog", 4));
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(SOON)).unwrap();
    assert_eq!(seqs(&datagrams(|bytes| socket.recv(bytes), 4)), [1, 2, 3, 4]);
    forward.stop();
}

#[test]
fn control_characters_and_long_lines_arrive_and_do_not_end_a_message() {
    let host = Host::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let hostile = "line\nbreak\r\u{0}\u{1b}[31m]\u{85}\u{2028}<34>1 - - - - - - \"";
    host.say(hostile);
    host.say(&"x\u{1}é".repeat(64 << 10));
    host.say("the next one");
    let forward = host.forward(&tcp_of(&listener));
    let mut stream = accepted(&listener);
    let got = counted(&mut stream, 4);
    forward.stop();
    assert_eq!(got.iter().map(|(_, line)| line.clone()).collect::<Vec<_>>(), written(host.state.path())[..4]);
    let value: Value = serde_json::from_str(&got[1].1).unwrap();
    assert_eq!(value["how"], hostile);
    assert!(got[2].1.len() > 64 << 10);
}

#[test]
fn a_collector_that_reads_nothing_holds_nobody_up() {
    let host = Host::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let forward = host.forward(&tcp_of(&listener));
    let stream = accepted(&listener);
    let started = Instant::now();
    for _ in 0..40 {
        host.say(&"x".repeat(256 << 10));
    }
    assert!(started.elapsed() < SOON, "writing waits for no collector");
    stream.set_nonblocking(true).unwrap();
    let mut first = [0; 1];
    until(
        "something comes",
        || !matches!(stream.peek(&mut first), Err(error) if error.kind() == ErrorKind::WouldBlock),
    );
    drop((stream, listener));
    forward.stop();
}
