//! What carries messages: UDP (RFC 5426), TCP with counted messages (RFC 6587), TLS (RFC 5425), or a unix socket of
//! datagrams.
//!
//! None of them says that a message arrived. What can be known is that the way is broken: that is asked for before what
//! was sent counts as sent.

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, ToSocketAddrs as _, UdpSocket};
use std::os::unix::net::UnixDatagram;

use portcullis_audit::follow::Found;

use super::super::way::PATIENCE;
use super::message::{datagram, framed, message};
use super::tls::Tls;
use crate::config::Collector;

/// An open socket.
pub(in super::super) enum Socket {
    Udp(UdpSocket),
    Tcp(TcpStream),
    Tls(Box<Tls>),
    Unix(UnixDatagram),
}

impl Socket {
    /// Of a collector of syslog.
    pub(in super::super) fn open(to: &Collector) -> io::Result<Self> {
        match to {
            Collector::Udp { host, port } => first_of(host, *port, |address| {
                let any: SocketAddr = match address {
                    SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
                    SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
                };
                let socket = UdpSocket::bind(any)?;
                socket.connect(address)?;
                Ok(Self::Udp(socket))
            }),
            Collector::Tcp { host, port } => first_of(host, *port, |address| stream(address).map(Self::Tcp)),
            Collector::Tls { host, port, ca_file } => first_of(host, *port, |address| {
                Ok(Self::Tls(Box::new(Tls::open(stream(address)?, host, ca_file.as_deref())?)))
            }),
            Collector::Unix(path) => {
                let socket = UnixDatagram::unbound()?;
                socket.connect(path)?;
                socket.set_write_timeout(Some(PATIENCE))?;
                Ok(Self::Unix(socket))
            }
            Collector::Otlp { .. } => {
                Err(io::Error::new(io::ErrorKind::InvalidInput, "this is no collector of syslog"))
            }
        }
    }

    /// Sends lines, in their order. After an error the way is of no more use: a message may be sent in part.
    pub(in super::super) fn send(&mut self, lines: &[Found], host: &str) -> io::Result<()> {
        match self {
            Self::Udp(socket) => lines.iter().try_for_each(|line| socket.send(&datagram(line, host)).map(drop)),
            Self::Unix(socket) => lines.iter().try_for_each(|line| socket.send(&datagram(line, host)).map(drop)),
            Self::Tcp(stream) => stream.write_all(&counted(lines, host)),
            Self::Tls(tls) => tls.write(&counted(lines, host)),
        }
    }

    /// Whether the other side is there, as far as can be known without waiting.
    pub(in super::super) fn is_open(&mut self) -> io::Result<()> {
        let error = match self {
            Self::Tls(tls) => tls.is_open().err(),
            // Nobody listens: the network said so after the last datagram.
            Self::Udp(socket) => socket.take_error()?,
            Self::Unix(socket) => socket.take_error()?,
            Self::Tcp(stream) => {
                stream.set_nonblocking(true)?;
                // Collectors say nothing; what one says all the same is passed over.
                let read = stream.read(&mut [0; 512]);
                stream.set_nonblocking(false)?;
                match read {
                    Ok(0) => Some(io::Error::new(io::ErrorKind::ConnectionAborted, "it closed the connection")),
                    Ok(_) => None,
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => None,
                    Err(error) => Some(error),
                }
            }
        };
        error.map_or(Ok(()), Err)
    }
}

fn stream(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

fn counted(lines: &[Found], host: &str) -> Vec<u8> {
    lines.iter().flat_map(|line| framed(&message(line, host))).collect()
}

/// The first address of a name that can be used.
fn first_of(host: &str, port: u16, open: impl Fn(SocketAddr) -> io::Result<Socket>) -> io::Result<Socket> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in (host, port).to_socket_addrs()? {
        match open(address) {
            Ok(way) => return Ok(way),
            Err(error) => last = error,
        }
    }
    Err(last)
}
