//! Syslog over TLS (RFC 5425), with a real server of rustls. Whom the host does not believe gets nothing.

use std::io::{Read, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use portcullis::config::Collector;
use rustls::{ProtocolVersion, ServerConfig, ServerConnection, StreamOwned};

use super::syslog::{accepted, counted, seqs};
use super::{Host, until, written};
use crate::authority::Authority;

type Stream = StreamOwned<ServerConnection, TcpStream>;

fn collector(host: &str, listener: &TcpListener, ca_file: Option<PathBuf>) -> Collector {
    Collector::Tls { host: host.to_owned(), port: listener.local_addr().unwrap().port(), ca_file }
}

/// The next connection with its handshake, or why there is none.
fn greeted(listener: &TcpListener, config: &Arc<ServerConfig>) -> Result<Stream, String> {
    let mut stream = accepted(listener);
    let mut connection = ServerConnection::new(Arc::clone(config)).unwrap();
    while connection.is_handshaking() {
        connection.complete_io(&mut stream).map_err(|error| error.to_string())?;
    }
    Ok(StreamOwned::new(connection, stream))
}

/// The host does not speak to this server.
fn refused(host: &Host, server: &Arc<ServerConfig>, ca_file: Option<PathBuf>, words: &str) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let forward = host.forward(&collector("localhost", &listener, ca_file));
    for _ in 0..2 {
        // By TLS 1.3 the server is done before the client has looked at its certificate: what counts is what comes then.
        if let Ok(mut stream) = greeted(&listener, server) {
            let mut bytes = Vec::new();
            assert!(stream.read_to_end(&mut bytes).is_err() && bytes.is_empty(), "{bytes:?}");
        }
    }
    until("it is told", || host.lines.text().contains(words));
    assert_eq!(host.kept("forwarded.json"), None);
    drop(listener);
    forward.stop();
}

#[test]
fn nobody_gets_a_line_whose_certificate_is_not_signed_by_the_authority_or_is_for_another_name() {
    let (ours, other) = (Authority::new(), Authority::new());
    let host = Host::new();
    host.write(0..3);
    let file = ours.file(host.state.path(), "ca.pem");
    refused(&host, &other.server("localhost"), file.clone(), "issued by a CA that is not trusted here");
    // Not by the machine's authorities either.
    refused(&host, &ours.server("localhost"), None, "issued by a CA that is not trusted here");
    refused(&host, &ours.server("siem.corp.example"), file.clone(), "its certificate is for another name");

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let forward = host.forward(&collector("localhost", &listener, file));
    let mut stream = greeted(&listener, &ours.server("localhost")).unwrap();
    assert_eq!(seqs(&counted(&mut stream, 4)), [1, 2, 3, 4]);
    until("it settled", || host.is_not_behind());
    assert_eq!(host.kept("forwarded.json"), Some(4));
    forward.stop();
}

#[test]
fn lines_come_counted_in_their_order_and_the_end_is_announced() {
    let authority = Authority::new();
    for (version, versions) in [
        (ProtocolVersion::TLSv1_2, &[&rustls::version::TLS12][..]),
        (ProtocolVersion::TLSv1_3, &[&rustls::version::TLS13, &rustls::version::TLS12]),
    ] {
        let host = Host::new();
        host.say(&"x\u{1}é\n".repeat(64 << 10));
        host.write(0..300);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        // By address, which a certificate can have as well.
        let forward = host.forward(&collector("127.0.0.1", &listener, authority.file(host.state.path(), "ca.pem")));
        let mut stream = greeted(&listener, &authority.server_of("127.0.0.1", versions)).unwrap();
        assert_eq!(stream.conn.protocol_version(), Some(version));
        let got = counted(&mut stream, 302);
        assert_eq!(got.into_iter().map(|(_, line)| line).collect::<Vec<_>>(), written(host.state.path()));
        host.write(300..301);
        forward.stop();
        // The last line, and then an end that is none of an attacker's (RFC 5425 section 4.4).
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).unwrap();
        assert_eq!(seqs(&counted(&mut rest.as_slice(), u64::MAX)), [303]);
    }
}

#[test]
fn what_came_before_a_collector_went_is_sent_again() {
    let authority = Authority::new();
    let host = Host::new();
    host.write(0..5);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let slow = super::Pace { settle: Duration::from_secs(3600), ..super::PACE };
    let to = collector("localhost", &listener, authority.file(host.state.path(), "ca.pem"));
    let forward = host.forward_at(&to, slow);
    let server = authority.server("localhost");
    let mut stream = greeted(&listener, &server).unwrap();
    counted(&mut stream, 6);
    // It says so, and leaves the connection as it is.
    stream.conn.send_close_notify();
    stream.flush().unwrap();
    let mut again = greeted(&listener, &server).unwrap();
    assert_eq!(seqs(&counted(&mut again, 6)), [1, 2, 3, 4, 5, 6]);
    assert_eq!(host.kept("forwarded.json"), None);
    drop((again, listener));
    forward.stop();
}

/// Each byte comes in time, and all of them never.
#[test]
fn a_handshake_that_never_ends_does_not_hold_up_the_end() {
    let host = Host::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let authority = Authority::new();
    let forward = host.forward(&collector("localhost", &listener, authority.file(host.state.path(), "ca.pem")));
    let mut stream = accepted(&listener);
    let slow = std::thread::spawn(move || {
        // The head of a record of 16 KiB.
        let mut sent = stream.write_all(&[22, 3, 3, 64, 0]);
        let end = Instant::now() + crate::world::SOON;
        while sent.is_ok() && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(20));
            sent = stream.write_all(&[0]);
        }
        drop(listener);
        sent.is_err()
    });
    until("it is given up", || host.lines.text().contains("the audit log is not forwarded to tls://localhost"));
    forward.begin_to_stop();
    let began = Instant::now();
    forward.stop();
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
    drop(slow);
}
