//! The connectors.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use crate::api::Api;
use crate::api::auth::Asker;
use crate::api::documents::{ConnectorDocument, Connectors};

/// List connectors
#[utoipa::path(
    get,
    path = "/v1/connectors",
    tag = "service",
    responses((status = 200, description = "Every connector, by name", body = Connectors)),
)]
pub(super) async fn connectors(State(api): State<Arc<Api>>, asker: Asker) -> Json<Connectors> {
    let registry = api.service.registry();
    let (states, ceiling) = (registry.states(), asker.operator.then(|| registry.ceiling()));
    Json(Connectors {
        connectors: states.into_iter().map(|state| ConnectorDocument::of(state, asker.operator)).collect(),
        ceiling,
    })
}
