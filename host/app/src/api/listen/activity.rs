//! Whether a connection has a request: one that has none for long is closed, and one that is to end when it has none.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tokio::sync::Notify;
use tokio::time::Instant;

/// The requests of one connection. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Activity {
    seen: Arc<Mutex<Seen>>,
    ending: Arc<Notify>,
}

/// The connection of a request whose bytes stay in the library's buffers for as long as the connection lasts; an extension
/// of such a request.
#[derive(Debug, Clone)]
pub struct Retentive(Activity);

impl Retentive {
    /// Takes no further request on it: it ends with those that it has.
    pub fn end(&self) {
        self.0.ending.notify_one();
    }
}

#[derive(Debug)]
struct Seen {
    running: usize,
    ever: bool,
    since: Instant,
}

/// How long a connection has been without a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quiet {
    /// It has one.
    No,
    /// It never had one, since then.
    Never(Instant),
    /// It had some; the last ended then.
    Since(Instant),
}

impl Activity {
    pub(super) fn new() -> Self {
        let seen = Seen { running: 0, ever: false, since: Instant::now() };
        Self { seen: Arc::new(Mutex::new(seen)), ending: Arc::default() }
    }

    /// A request; it lasts until the value is dropped.
    pub(super) fn request(&self) -> Request {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.running += 1;
        seen.ever = true;
        Request(self.clone())
    }

    pub(super) fn retentive(&self) -> Retentive {
        Retentive(self.clone())
    }

    /// Comes back when the connection is to end.
    pub(super) async fn ending(&self) {
        self.ending.notified().await;
    }

    pub(super) fn quiet(&self) -> Quiet {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        match (seen.running, seen.ever) {
            (0, false) => Quiet::Never(seen.since),
            (0, true) => Quiet::Since(seen.since),
            _ => Quiet::No,
        }
    }
}

/// A request that runs.
#[derive(Debug)]
pub(super) struct Request(Activity);

impl Drop for Request {
    fn drop(&mut self) {
        let mut seen = self.0.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.running = seen.running.saturating_sub(1);
        seen.since = Instant::now();
    }
}

/// An answer's body: as long as it is sent, the request runs.
#[derive(Debug)]
pub(super) struct Answer {
    inner: Body,
    _running: Request,
}

impl Answer {
    pub(super) fn new(inner: Body, running: Request) -> Self {
        Self { inner, _running: running }
    }
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        Pin::new(&mut self.inner).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
