//! The connectors.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use crate::api::Api;
use crate::api::auth::Asker;
use crate::api::documents::Connectors;

/// List connectors
#[utoipa::path(
    get,
    path = "/v1/connectors",
    tag = "service",
    responses((status = 200, description = "Every connector, by name", body = Connectors)),
)]
pub(super) async fn connectors(State(api): State<Arc<Api>>, _asker: Asker) -> Json<Connectors> {
    Json(Connectors { connectors: api.desk.connectors() })
}
