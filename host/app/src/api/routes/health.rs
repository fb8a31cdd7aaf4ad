//! Whether the service lives and takes operations on, and its figures.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use portcullis_model::{Fault, FaultCode};
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::Api;
use crate::api::auth::Asker;
use crate::api::listen::Phase;
use crate::api::problem::{Problem, ProblemDocument};

/// One word.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Health {
    /// `live` or `ready`.
    status: &'static str,
}

/// Is the process alive?
///
/// Without a credential. If this is not answered, the process should be started again.
#[utoipa::path(
    get,
    path = "/health/live",
    tag = "service",
    security(()),
    responses((status = 200, description = "It lives", body = Health)),
)]
pub(super) async fn live() -> Json<Health> {
    Json(Health { status: "live" })
}

/// Are operations taken on?
///
/// Without a credential. No while the service starts or stops, and while its journal cannot be written.
/// Whether connectors run is told by `GET /v1/connectors`.
#[utoipa::path(
    get,
    path = "/health/ready",
    tag = "service",
    security(()),
    responses(
        (status = 200, description = "Yes", body = Health),
        (status = 503, description = "Not at the moment", body = ProblemDocument, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn ready(State(api): State<Arc<Api>>) -> Result<Json<Health>, Problem> {
    if *api.phases.borrow() > Phase::Serving {
        return Err(Fault::new(FaultCode::Stopping, "the service is stopping").into());
    }
    api.service.ready()?;
    Ok(Json(Health { status: "ready" }))
}

/// Read the metrics
///
/// In the text format of Prometheus. They tell of everybody's operations: the caller needs `see = "all"`, also on
/// loopback.
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "service",
    responses((status = 200, description = "The metrics", content_type = "text/plain", body = String)),
)]
pub(super) async fn metrics(State(api): State<Arc<Api>>, asker: Asker) -> Result<impl IntoResponse, Problem> {
    asker.must_see_all()?;
    let kind =
        [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8"), (header::CACHE_CONTROL, "no-store")];
    Ok((kind, api.service.metrics().render()))
}
