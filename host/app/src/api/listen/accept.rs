//! Taking connections, and ending.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::net::{TcpStream, UnixStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::connection::{self, Shared};
use super::places::Places;
use super::{Door, Limits, Listener, Peer, Phase, Tls};

/// The pause after an error that will not go away by trying at once, for example too many open files.
const PAUSE: Duration = Duration::from_millis(250);
/// Places of the control socket, so that the operator gets in when callers have taken all of theirs.
const CONTROL_PLACES: usize = 32;

/// Serves all doors until `stop` comes back; then no connection is taken, requests that run may finish within
/// [`Limits::finishing`], and the rest is cut off. `phases` tells the same to streams that would never finish.
pub async fn serve(
    listeners: Vec<Listener>,
    router: Router,
    limits: Limits,
    phases: watch::Sender<Phase>,
    stop: impl Future<Output = ()>,
) {
    let graceful = Arc::new(GracefulShutdown::new());
    let shared = Shared { router, limits, phases: phases.subscribe() };
    let places = Places::new(limits.connections, limits.from_one_address);
    let control = Places::new(CONTROL_PLACES, CONTROL_PLACES);
    let mut loops = JoinSet::new();
    for listener in listeners {
        let places = if listener.is_control() { control.clone() } else { places.clone() };
        loops.spawn(accept(listener, shared.clone(), places, graceful.clone()));
    }
    stop.await;
    // The sockets close here, and the files of unix sockets go.
    loops.shutdown().await;
    phases.send_replace(Phase::Stopping);
    if let Some(graceful) = Arc::into_inner(graceful)
        && tokio::time::timeout(limits.finishing, graceful.shutdown()).await.is_err()
    {
        tracing::warn!("requests that still ran at the end of the time for finishing were cut off");
    }
    phases.send_replace(Phase::Cut);
}

enum Stream {
    Tcp(TcpStream, Option<Tls>),
    Unix(UnixStream),
}

impl Listener {
    fn is_control(&self) -> bool {
        matches!(self.door, Door::Unix { control: true, .. })
    }

    async fn accept(&self) -> io::Result<(Stream, Peer)> {
        match &self.door {
            Door::Tcp { listener, tls } => {
                let (stream, address) = listener.accept().await?;
                // Answers are small and whole: waiting to fill a packet only delays them.
                stream.set_nodelay(true)?;
                let peer = Peer { address: Some(address.ip().to_canonical()), ..Peer::default() };
                Ok((Stream::Tcp(stream, tls.clone()), peer))
            }
            Door::Unix { listener, control, .. } => {
                let (stream, _) = listener.accept().await?;
                let uid = stream.peer_cred()?.uid();
                Ok((Stream::Unix(stream), Peer { uid: Some(uid), control: *control, ..Peer::default() }))
            }
        }
    }
}

async fn accept(listener: Listener, shared: Shared, places: Places, graceful: Arc<GracefulShutdown>) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => match places.take(peer.address) {
                Some(place) => start(stream, peer, shared.clone(), graceful.watcher(), place),
                // Closed at once, so that a caller with another server turns to it instead of waiting here.
                None => tracing::warn!(address = ?peer.address, "a connection too many was closed"),
            },
            Err(error) if is_the_connections(&error) => tracing::debug!(%error, "a connection was gone at once"),
            Err(error) => {
                tracing::error!(%error, "no connection can be taken at the moment; raise the limit of open files");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

fn start(stream: Stream, peer: Peer, shared: Shared, watcher: Watcher, place: super::places::Place) {
    match stream {
        Stream::Tcp(stream, tls) => {
            drop(tokio::spawn(connection::run(stream, peer, tls, shared, watcher, place)));
        }
        Stream::Unix(stream) => {
            drop(tokio::spawn(connection::run(stream, peer, None, shared, watcher, place)));
        }
    }
}

/// Whether an error of accepting belongs to the one connection, and the next may be taken at once.
fn is_the_connections(error: &io::Error) -> bool {
    use io::ErrorKind::{
        ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted, InvalidInput, NotConnected,
    };
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted | InvalidInput | NotConnected
    )
}
