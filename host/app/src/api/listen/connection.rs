//! One connection: its handshake, its requests, its end.

use std::convert::Infallible;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response, Version};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::Watcher;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;
use tower::ServiceExt as _;

use super::activity::{Activity, Answer, Quiet};
use super::erasing::Erasing;
use super::places::Place;
use super::stalled::Stalled;
use super::{Limits, Peer, Phase, Phases, Tls, tls};

/// The most bytes of a request's head, and of what is read at once. It is the least that hyper takes, so that its buffer
/// never grows: with one of this size it takes another one for each request and frees the former, which erases it. In a
/// larger one the next request would stand behind this one, and a password would stay.
const MOST_HEAD: usize = 8 * 1024;

/// What every connection needs.
#[derive(Debug, Clone)]
pub(super) struct Shared {
    pub(super) router: Router,
    pub(super) limits: Limits,
    pub(super) phases: Phases,
}

/// Serves a connection until its end. Errors are the other end's: they are told to nobody but the log.
pub(super) async fn run<S>(stream: S, mut peer: Peer, tls: Option<Tls>, shared: Shared, watcher: Watcher, place: Place)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let stream = Stalled::new(stream, shared.limits.taking);
    match tls {
        None => http(stream, peer, shared, watcher).await,
        // In this task, never where connections are accepted: a handshake takes as long as the other end wants.
        Some(door) => match tokio::time::timeout(shared.limits.handshake, door.accept(Erasing(stream))).await {
            Ok(Ok(stream)) => {
                peer.certificate = tls::peer_certificate(&stream);
                http(stream, peer, shared, watcher).await;
            }
            Ok(Err(error)) => tracing::debug!(address = ?peer.address, %error, "a TLS handshake failed"),
            Err(_) => tracing::debug!(address = ?peer.address, "a TLS handshake took too long"),
        },
    }
    drop(place);
}

async fn http<S>(stream: S, peer: Peer, shared: Shared, watcher: Watcher)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let Shared { router, limits, mut phases } = shared;
    let address = peer.address;
    let activity = Activity::new();
    let seen = activity.clone();
    let service = service_fn(move |mut request: Request<Incoming>| {
        let running = seen.request();
        request.extensions_mut().insert(peer.clone());
        // What HTTP/1 read is freed with the request: see `MOST_HEAD`. HTTP/2 has one buffer, and fills it on.
        if request.version() == Version::HTTP_2 {
            request.extensions_mut().insert(seen.retentive());
        }
        let router = router.clone();
        async move {
            let answer =
                router.oneshot(request.map(Body::new)).await.unwrap_or_else(|never: Infallible| match never {});
            Ok::<Response<Answer>, Infallible>(answer.map(|body| Answer::new(body, running)))
        }
    });
    let builder = builder(&limits);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let mut cut = phases.clone();
    let mut finishing = false;
    let ended = loop {
        tokio::select! {
            ended = connection.as_mut() => break ended,
            () = too_quiet(&activity, &limits) => break Ok(()),
            _ = cut.wait_for(|phase| *phase == Phase::Cut) => break Ok(()),
            () = activity.ending(), if !finishing => {}
            _ = phases.wait_for(|phase| *phase > Phase::Serving), if !finishing => {}
        }
        finishing = true;
        connection.as_mut().graceful_shutdown();
    };
    // Whoever stops the service waits for this.
    drop(watcher);
    if let Err(error) = ended {
        tracing::debug!(?address, %error, "a connection ended early");
    }
}

fn builder(limits: &Limits) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(limits.head).max_buf_size(MOST_HEAD).max_headers(64);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams)
        .max_header_list_size(MOST_HEAD as u32)
        .max_pending_accept_reset_streams(32)
        .keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(Duration::from_secs(20));
    builder
}

/// Comes back when the connection has had no request for too long: hyper's own clock starts only once it knows which
/// version of HTTP is spoken, and an HTTP/2 connection may stay without a request for ever.
async fn too_quiet(activity: &Activity, limits: &Limits) {
    loop {
        let until = match activity.quiet() {
            Quiet::No => Instant::now() + limits.idle,
            Quiet::Never(since) => since + limits.head,
            Quiet::Since(since) => since + limits.idle,
        };
        if until <= Instant::now() {
            return;
        }
        tokio::time::sleep_until(until).await;
    }
}
