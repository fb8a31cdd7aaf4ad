//! A client that reads every byte of an answer, over TCP, TLS or a unix socket.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

pub(crate) use crate::answer::{Answer, request};

/// The longest time for an answer; a test that takes it has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

impl Answer {
    /// The id of the operation that it is about.
    pub(crate) fn operation(&self) -> String {
        let json = self.json();
        let id = json["id"].as_str().or_else(|| json["operation"].as_str());
        id.unwrap_or_else(|| panic!("no operation: {self:?}")).to_owned()
    }
}

/// Sends a request and reads to the end of the connection.
pub(crate) fn exchange(stream: impl Read + Write, request: &[u8]) -> Answer {
    try_exchange(stream, request).unwrap_or_else(|got| panic!("no answer, only {got:?}"))
}

/// The same; what came instead, if it is no answer.
pub(crate) fn try_exchange(mut stream: impl Read + Write, request: &[u8]) -> Result<Answer, String> {
    // A server that refuses early closes before everything is sent.
    let sent = stream.write_all(request).and_then(|()| stream.flush());
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    let text = String::from_utf8_lossy(&answer).into_owned();
    Answer::of(&text).ok_or_else(|| format!("{text}{sent:?} {read:?}"))
}

pub(crate) fn tcp(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap_or_else(|error| panic!("{address}: {error}"));
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream
}

pub(crate) fn unix(path: &Path) -> UnixStream {
    let stream = UnixStream::connect(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}
