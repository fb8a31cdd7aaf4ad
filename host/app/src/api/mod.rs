//! The HTTP interface: who may come in, what may be asked, and how every answer looks.
//!
//! A request passes the doors ([`listen`]), is known by a credential ([`auth`]), read ([`request`]), handed to
//! the [`Service`], and answered with a document ([`documents`]) or a [`problem`]; [`finish`] has the last word on the
//! answer.
//!
//! Nothing here decides what a caller may ask for, opens a sealed password, keeps one, or reaches a directory. No answer
//! holds what a caller sent, a sealed password, or an operation that the caller may not read.

mod auth;
mod description;
pub mod documents;
mod finish;
pub mod listen;
pub mod problem;
pub mod request;
mod routes;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use tokio::sync::watch;

use crate::service::Service;
use listen::{Limits, Listener, Phase, Phases};

/// What every handler has.
struct Api {
    service: Arc<Service>,
    phases: Phases,
    /// For the body of a request to come.
    body: Duration,
    /// The description, once made.
    openapi: Bytes,
}

/// Serves the interface on all doors until `stop` comes back; then finishes what runs, for at most
/// [`Limits::finishing`].
///
/// A request that waits for an outcome ends when the time for finishing is over at the latest; its operation goes on.
pub async fn serve(listeners: Vec<Listener>, service: Arc<Service>, limits: Limits, stop: impl Future<Output = ()>) {
    let (phases, seen) = watch::channel(Phase::Serving);
    listen::serve(listeners, router(service, seen, limits.body), limits, phases, stop).await;
}

fn router(service: Arc<Service>, phases: Phases, body: Duration) -> Router {
    let metrics = service.metrics();
    let (routes, openapi) = routes::all().split_for_parts();
    let openapi = Bytes::from(description::complete(openapi));
    routes
        .with_state(Arc::new(Api { service, phases, body, openapi }))
        .merge(description::page())
        .fallback(async || axum::http::StatusCode::NOT_FOUND)
        .layer(axum::middleware::from_fn_with_state(metrics, finish::finish))
}
