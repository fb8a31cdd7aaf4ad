//! Handing in an operation, and reading one.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json, http};
use portcullis_journal::{Record, State as Stand};
use serde::Deserialize;
use tracing::Instrument as _;
use utoipa::IntoParams;

use super::{location, readable, to_its_end};
use crate::api::Api;
use crate::api::auth::Asker;
use crate::api::documents::OperationDocument;
use crate::api::listen::{Phase, Retentive};
use crate::api::problem::{Problem, ProblemDocument};
use crate::api::request::{self, Asked, Preferences, prefer};
use crate::observe::request_span;
use crate::service::{Admitted, Repeat, Submission};

/// Says that the operation was taken on by an earlier request with the same key.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// Hand in an operation
///
/// Waits for the outcome, for 20 seconds unless the service is set up otherwise or `Prefer: wait=N` says so; with
/// `Prefer: respond-async` not at all. Then answers 202, and the operation goes on: ask for it at `Location`, or listen to
/// `/v1/events`.
///
/// An operation that ended in another way than done is a problem with the fault's status and the operation's id. One
/// whose outcome is not known is a problem with the code `outcome-unknown` and the status 504: it may have taken effect.
///
/// A request with an `Idempotency-Key` that was used before, and the same body, is answered with the operation of the
/// first one and `Idempotency-Replayed: true`; the same key with another body is refused. Keys are remembered as long as
/// the operation is, and at least for 24 hours.
#[utoipa::path(
    post,
    path = "/v1/operations",
    tag = "operations",
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 visible ASCII characters, a new one for each operation"),
        ("Prefer" = Option<String>, Header, description = "`respond-async`, `wait=N` in seconds, or both (RFC 7240)"),
    ),
    request_body = crate::api::request::OperationRequest,
    responses(
        (status = 201, description = "Done", body = OperationDocument, headers(
            ("Location" = String, description = "The operation"),
            ("Idempotency-Replayed" = Option<String>, description = "`true` if it was taken on by an earlier request"),
            ("Preference-Applied" = Option<String>, description = "What counted of `Prefer`"),
        )),
        (status = 202, description = "Taken on, and under way", body = OperationDocument, headers(
            ("Location" = String, description = "The operation"),
            ("Idempotency-Replayed" = Option<String>, description = "`true` if it was taken on by an earlier request"),
            ("Preference-Applied" = Option<String>, description = "What counted of `Prefer`"),
        )),
        (status = 409, description = "The account or the operation is in a state that does not allow it", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 413, description = "The body has more than 64 KiB", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 415, description = "The body is not application/json", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "The directory or a rule refused what was given", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 502, description = "The directory or the connector failed", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 504, description = "The outcome is not known, or there was none in time", body = ProblemDocument, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn create(
    State(api): State<Arc<Api>>,
    asker: Asker,
    headers: HeaderMap,
    retentive: Option<Extension<Retentive>>,
    body: Body,
) -> Result<Response, Problem> {
    let repeat = request::key(&headers)?.map(Repeat);
    let preferences = Preferences::of(&headers);
    let asked = request::body(&headers, body, api.body).await.and_then(|body| Asked::parse(&body));
    if let Some(Extension(connection)) = retentive
        && !asked.as_ref().is_ok_and(Asked::holds_nothing_in_clear)
    {
        connection.end();
    }
    let Asked { kind, account, connector, passwords, options, deadline } = asked?;
    let submission = Submission { kind, account, connector, passwords, options, repeat, deadline };
    let (usual, longest) = waits(&api);
    let (wait, applied) = preferences.wait(usual, longest);
    let (service, caller) = (api.service.clone(), asker.caller.clone());
    let admitted = async move { service.submit(&caller, submission, wait).await };
    let span = request_span("/v1/operations", &headers);
    let (record, replayed) = match to_its_end(admitted.instrument(span)).await? {
        Admitted::New(record) => (record, false),
        Admitted::Same(record) => (record, true),
    };
    let mut extra = vec![(header::LOCATION, text(&location(&record.id)))];
    extra.extend(replayed.then(|| (REPLAYED, HeaderValue::from_static("true"))));
    extra.extend(applied.map(|applied| (prefer::PREFERENCE_APPLIED, applied)));
    if let Some(problem) = OperationDocument::problem(&record) {
        return Err(extra.into_iter().fold(problem, |problem, (name, value)| problem.with_header(name, value)));
    }
    let status = if record.state == Stand::Done { StatusCode::CREATED } else { StatusCode::ACCEPTED };
    let mut response = (status, Json(OperationDocument::of(&record, asker.operator))).into_response();
    response.headers_mut().extend(extra);
    Ok(response)
}

/// What may stand in the query of one operation.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Waiting {
    /// For how many seconds to wait for the end of the operation.
    #[param(value_type = Option<u32>, nullable = false)]
    wait: Option<String>,
}

/// Read an operation
///
/// With `wait`, answers when the operation has ended or the time is over. An operation of another caller looks like none,
/// unless the caller may read all.
#[utoipa::path(
    get,
    path = "/v1/operations/{id}",
    tag = "operations",
    params(("id" = String, Path, description = "The operation's id"), Waiting),
    responses(
        (status = 200, description = "The operation as it stands", body = OperationDocument),
        (status = 404, description = "There is none, or the caller may not read it", body = ProblemDocument, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn read(
    State(api): State<Arc<Api>>,
    asker: Asker,
    Path(id): Path<String>,
    query: Result<Query<Waiting>, QueryRejection>,
) -> Result<Json<OperationDocument>, Problem> {
    let wait = match query.map_err(|_| Problem::malformed("The query may have `wait`, once."))?.0.wait {
        None => Duration::ZERO,
        Some(text) => prefer::seconds(&text)
            .ok_or_else(|| Problem::malformed("`wait` is a number of seconds."))?
            .min(waits(&api).1),
    };
    let record = readable(&api, &asker, &id).await?;
    Ok(Json(OperationDocument::of(&ended(&api, record, wait).await, asker.operator)))
}

/// The operation at its end, or as it stands after so long, or when the service stops.
async fn ended(api: &Api, record: Record, wait: Duration) -> Record {
    if record.state.has_ended() || wait.is_zero() {
        return record;
    }
    let mut phases = api.phases.clone();
    let waited = tokio::select! {
        waited = api.service.wait(&record.id, wait) => waited.ok().flatten(),
        _ = phases.wait_for(|phase| *phase > Phase::Serving) => None,
    };
    match waited {
        Some(waited) => waited,
        None => api.service.journal().get(&record.id).await.ok().flatten().unwrap_or(record),
    }
}

/// How long a request waits if its caller does not say, and the longest that it may say.
fn waits(api: &Api) -> (Duration, Duration) {
    let usual = api.service.policy().config.delivery.wait;
    (usual, usual.max(Duration::from_secs(60)))
}

fn text(value: &str) -> http::HeaderValue {
    HeaderValue::from_str(value).unwrap_or(HeaderValue::from_static(""))
}
