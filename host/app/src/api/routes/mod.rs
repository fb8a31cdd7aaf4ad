//! What there is to ask, one file for each thing.

mod connectors;
mod events;
mod health;
mod keys;
mod list;
mod manage;
mod operations;
mod recordings;

use std::sync::Arc;

use portcullis_journal::{JournalError, Record};
use portcullis_model::{Fault, FaultCode, OperationId};
use utoipa::OpenApi as _;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Api;
use super::auth::Asker;
use super::description::{self, Document};
use super::problem::Problem;

/// Every route, with its description.
pub(super) fn all() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(operations::create, list::list))
        .routes(routes!(operations::read))
        .routes(routes!(manage::cancel))
        .routes(routes!(manage::retry))
        .routes(routes!(events::events))
        .routes(routes!(connectors::connectors))
        .routes(routes!(keys::keys))
        .routes(routes!(health::live))
        .routes(routes!(health::ready))
        .routes(routes!(health::metrics))
        .routes(routes!(description::openapi))
        .route("/v1/recordings", axum::routing::get(recordings::recordings))
}

/// An operation that the asker may read. One that it may not read looks like none.
async fn readable(api: &Api, asker: &Asker, id: &str) -> Result<Record, Problem> {
    let none = || Problem::from(Fault::new(FaultCode::NoSuchOperation, "there is none, or the caller may not read it"));
    asker.asks(api)?;
    let id = OperationId::parse(id).ok_or_else(none)?;
    let record = api.service.reader().get(&id).await.map_err(unreadable)?;
    record.filter(|record| asker.caller.may_read(&record.caller)).ok_or_else(none)
}

/// Runs a change in a task of its own: a caller that hangs up must not stop an operation between the journal and its queue.
async fn to_its_end<T: Send + 'static>(
    change: impl Future<Output = Result<T, Fault>> + Send + 'static,
) -> Result<T, Fault> {
    let ended = tokio::spawn(change).await;
    ended.unwrap_or_else(|_| Err(Fault::new(FaultCode::HostInternal, "the change broke down: see the log")))
}

/// A journal that cannot be read.
fn unreadable(error: JournalError) -> Problem {
    tracing::error!(%error, "the journal cannot be read");
    Fault::new(FaultCode::JournalUnwritable, error.to_string()).into()
}

/// The path of an operation.
fn location(id: &OperationId) -> String {
    format!("/v1/operations/{id}")
}
