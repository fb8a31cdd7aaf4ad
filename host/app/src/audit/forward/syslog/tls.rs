//! Syslog over TLS (RFC 5425): counted messages in a stream that only the collector reads.
//!
//! The collector's certificate and name are verified before anything is sent. The host shows no certificate of its own.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::ClientConnection;
use rustls::pki_types::ServerName;

use super::super::way::PATIENCE;
use crate::collector;

/// How often something is read before a collector counts as one that talks without an end.
const MOST_READS: usize = 16;

/// An open connection; says that it ends (`close_notify`) when it is dropped.
pub(in super::super) struct Tls {
    connection: ClientConnection,
    stream: TcpStream,
}

impl Tls {
    /// The handshake. The authorities are read from their file for every connection, so that they can be renewed.
    pub(super) fn open(mut stream: TcpStream, host: &str, ca_file: Option<&Path>) -> io::Result<Self> {
        let invalid = |why: String| io::Error::new(io::ErrorKind::InvalidInput, why);
        let name = ServerName::try_from(host.to_owned()).map_err(|error| invalid(error.to_string()))?;
        let config = Arc::new(collector::tls(ca_file).map_err(invalid)?);
        let mut connection = ClientConnection::new(config, name).map_err(io::Error::other)?;
        // A batch is bounded, and has to fit in whole.
        connection.set_buffer_limit(None);
        let end = Instant::now() + PATIENCE;
        while connection.is_handshaking() {
            if connection.complete_io(&mut Until { stream: &mut stream, end })? == (0, 0) {
                return Err(closed());
            }
        }
        stream.set_read_timeout(None)?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self { connection, stream })
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.connection.writer().write_all(bytes)?;
        while self.connection.wants_write() {
            if self.connection.write_tls(&mut self.stream)? == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
        }
        Ok(())
    }

    /// Reads what the collector sent, without waiting: tickets, an alert, or that it ends.
    pub(super) fn is_open(&mut self) -> io::Result<()> {
        self.stream.set_nonblocking(true)?;
        let read = self.read();
        self.stream.set_nonblocking(false)?;
        read
    }

    fn read(&mut self) -> io::Result<()> {
        for _ in 0..MOST_READS {
            match self.connection.read_tls(&mut self.stream) {
                Ok(0) => return Err(closed()),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
            let state = self.connection.process_new_packets().map_err(io::Error::other)?;
            // Collectors say nothing; what one says all the same is passed over.
            let mut words = vec![0; state.plaintext_bytes_to_read()];
            self.connection.reader().read_exact(&mut words)?;
            if state.peer_has_closed() {
                return Err(closed());
            }
        }
        Ok(())
    }
}

impl Drop for Tls {
    fn drop(&mut self) {
        // Nobody waits for it. What is left unread would make the kernel throw away what the collector has not read yet.
        let _ = self.is_open();
        self.connection.send_close_notify();
        let _ = self.stream.set_nonblocking(true);
        while self.connection.wants_write() && self.connection.write_tls(&mut self.stream).is_ok_and(|sent| sent > 0) {}
        let _ = self.stream.shutdown(Shutdown::Write);
    }
}

fn closed() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionAborted, "it closed the connection")
}

/// A stream that has to be done by a time, however little comes at once.
struct Until<'s> {
    stream: &'s mut TcpStream,
    end: Instant,
}

impl Until<'_> {
    fn left(&self) -> io::Result<Option<Duration>> {
        let left = self.end.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(Some(left)) }
    }
}

impl Read for Until<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(self.left()?)?;
        self.stream.read(bytes)
    }
}

impl Write for Until<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(self.left()?)?;
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}
