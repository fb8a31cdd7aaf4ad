//! The doors: TCP, TLS and unix sockets, HTTP/1.1 and HTTP/2 on each.
//!
//! A stranger gets this far without a name, so everything here is bounded: connections in all and from one address, the
//! time for a handshake, for the head of a request and for taking an answer, streams, and the size of a head. Nothing
//! here reads what a request asks for, and nothing here trusts a header about where a request comes from.

mod accept;
mod activity;
mod connection;
mod erasing;
mod places;
mod socket;
mod stalled;
pub mod tls;

#[cfg(test)]
mod tests;

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::net::{TcpListener, UnixListener};
use tokio::sync::watch;

pub use accept::serve;
pub use activity::Retentive;
pub use tls::Tls;

/// What is known of the other end of a connection; an extension of each of its requests.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Peer {
    /// Its address; none on a unix socket.
    pub address: Option<IpAddr>,
    /// Its certificate (DER), verified against `client-ca` in the handshake.
    pub certificate: Option<Vec<u8>>,
    /// The user that it runs as, said by the kernel; on a unix socket only.
    pub uid: Option<u32>,
    /// It came through the control socket: it is the operator.
    pub control: bool,
}

/// What strangers are held to.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// For the TLS handshake.
    pub handshake: Duration,
    /// For the head of a request; an HTTP/1.1 connection without a request is closed after it, too.
    pub head: Duration,
    /// For an HTTP/2 connection without a request.
    pub idle: Duration,
    /// For the body of a request to come.
    pub body: Duration,
    /// For the other end to take something of an answer that waits.
    pub taking: Duration,
    /// Connections at once on each kind of door; the control socket has places of its own.
    pub connections: usize,
    /// Connections at once from one address (IPv6: from one /64). Loopback and unix sockets are not counted.
    pub from_one_address: usize,
    /// Requests at once on one HTTP/2 connection.
    pub streams: u32,
    /// For requests that run when the service stops; then they are cut off.
    pub finishing: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            handshake: Duration::from_secs(10),
            head: Duration::from_secs(10),
            idle: Duration::from_secs(75),
            body: Duration::from_secs(10),
            taking: Duration::from_secs(30),
            connections: 1024,
            from_one_address: 256,
            streams: 128,
            finishing: Duration::from_secs(20),
        }
    }
}

/// How far the end of the service is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
pub enum Phase {
    /// Requests are taken.
    Serving,
    /// No new connection; what runs may finish, streams of events end.
    Stopping,
    /// Whatever still runs is cut off.
    Cut,
}

/// Tells connections and streams how far the end is.
pub type Phases = watch::Receiver<Phase>;

/// Why a door cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// An address.
    #[error("cannot listen on {address}: {source}. Choose another address in `[listen]`, or stop who has this one")]
    Address {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// A unix socket.
    #[error("cannot make the socket {}: {source}. Look at the folder's owner and mode", path.display())]
    Socket {
        /// Where.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Somebody answers there.
    #[error("another program listens on the socket {}. Stop it, or choose another path", path.display())]
    SocketInUse {
        /// Where.
        path: PathBuf,
    },
    /// Something else has the name.
    #[error("{} is there and is no socket. Move it away, or choose another path", path.display())]
    NotASocket {
        /// Where.
        path: PathBuf,
    },
}

/// A door: bound, not yet open.
#[derive(Debug)]
pub struct Listener {
    door: Door,
}

#[derive(Debug)]
enum Door {
    Tcp { listener: TcpListener, tls: Option<Tls> },
    Unix { listener: UnixListener, control: bool, _file: socket::SocketFile },
}

impl Listener {
    /// A TCP address, with TLS if `tls` is given. Port 0 takes any free one: see [`Listener::address`].
    ///
    /// # Errors
    /// [`ListenError::Address`].
    pub async fn tcp(address: SocketAddr, tls: Option<Tls>) -> Result<Self, ListenError> {
        let listener = TcpListener::bind(address).await.map_err(|source| ListenError::Address { address, source })?;
        Ok(Self { door: Door::Tcp { listener, tls } })
    }

    /// A unix socket for callers, who are known by their uid, which the kernel tells. Everybody may
    /// connect (mode 0666), and whose uid is not in portcullis.toml gets nothing; the folder decides who reaches it.
    ///
    /// # Errors
    /// [`ListenError`]; a file that a dead service left is replaced, anything else is not touched.
    pub fn unix(path: &Path) -> Result<Self, ListenError> {
        let (listener, _file) = socket::bind(path, 0o666)?;
        Ok(Self { door: Door::Unix { listener, control: false, _file } })
    }

    /// The operator's socket: mode 0600, so that only the service's own user and root may open it.
    ///
    /// # Errors
    /// As [`Listener::unix`].
    pub fn control(path: &Path) -> Result<Self, ListenError> {
        let (listener, _file) = socket::bind(path, 0o600)?;
        Ok(Self { door: Door::Unix { listener, control: true, _file } })
    }

    /// The address that was bound; nothing for a unix socket.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        match &self.door {
            Door::Tcp { listener, .. } => listener.local_addr().ok(),
            Door::Unix { .. } => None,
        }
    }
}
