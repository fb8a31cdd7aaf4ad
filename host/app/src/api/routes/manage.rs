//! Taking an operation back, and having it tried again.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use portcullis_journal::Record;
use portcullis_model::{Fault, OperationId};

use super::{readable, to_its_end};
use crate::api::Api;
use crate::api::auth::Asker;
use crate::api::documents::OperationDocument;
use crate::api::problem::{Problem, ProblemDocument};
use crate::service::Service;
use crate::service::callers::Caller;

/// Cancel an operation
///
/// Takes it back before it is carried out: only what waits can be cancelled. The caller needs `manage`.
#[utoipa::path(
    post,
    path = "/v1/operations/{id}/cancel",
    tag = "operations",
    params(("id" = String, Path, description = "The operation's id")),
    responses(
        (status = 200, description = "Cancelled", body = OperationDocument),
        (status = 404, description = "There is none, or the caller may not read it", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "It is not waiting", body = ProblemDocument, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn cancel(
    State(api): State<Arc<Api>>,
    asker: Asker,
    Path(id): Path<String>,
) -> Result<Json<OperationDocument>, Problem> {
    managed(&api, &asker, &id, |service, caller, id| async move { service.cancel(&caller, &id).await }).await
}

/// Try an operation again
///
/// Now, instead of after its pause; or once more, if its outcome is unknown and its password is still kept. The caller
/// needs `manage`.
#[utoipa::path(
    post,
    path = "/v1/operations/{id}/retry",
    tag = "operations",
    params(("id" = String, Path, description = "The operation's id")),
    responses(
        (status = 200, description = "It will be tried", body = OperationDocument),
        (status = 404, description = "There is none, or the caller may not read it", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "Its state does not allow it", body = ProblemDocument, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn retry(
    State(api): State<Arc<Api>>,
    asker: Asker,
    Path(id): Path<String>,
) -> Result<Json<OperationDocument>, Problem> {
    managed(&api, &asker, &id, |service, caller, id| async move { service.retry(&caller, &id).await }).await
}

/// Does it to an operation that the caller may read, and answers with what became of it.
async fn managed<F: Future<Output = Result<Record, Fault>> + Send + 'static>(
    api: &Api,
    asker: &Asker,
    id: &str,
    act: impl FnOnce(Arc<Service>, Arc<Caller>, OperationId) -> F,
) -> Result<Json<OperationDocument>, Problem> {
    let record = readable(api, asker, id).await?;
    asker.may_manage()?;
    let done = to_its_end(act(api.service.clone(), asker.caller.clone(), record.id.clone())).await;
    let record = done.map_err(|fault| Problem::from(fault).about(&record.id))?;
    Ok(Json(OperationDocument::of(&record, asker.operator)))
}
