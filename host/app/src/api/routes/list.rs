//! The list of operations.

use std::sync::Arc;
use std::time::SystemTime;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use portcullis_journal::{Filter, JournalError, PageRequest, State as Stand};
use portcullis_model::{Login, OperationKind};
use serde::Deserialize;
use url::form_urlencoded::Serializer;
use utoipa::IntoParams;

use super::unreadable;
use crate::api::Api;
use crate::api::auth::Asker;
use crate::api::documents::{OperationDocument, Operations, read_moment};
use crate::api::problem::{Problem, ProblemDocument};

/// What may stand in the query of the list, each once.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// In one of these states, with commas between.
    #[param(example = "waiting,acting,in-doubt", nullable = false)]
    state: Option<String>,
    /// Of this kind.
    #[param(example = "reset-password", nullable = false)]
    kind: Option<String>,
    /// About this account, in upper or lower case.
    #[param(nullable = false)]
    account: Option<String>,
    /// By this connector.
    #[param(nullable = false)]
    connector: Option<String>,
    /// Of this caller.
    #[param(nullable = false)]
    caller: Option<String>,
    /// Taken on at this moment or later (RFC 3339, UTC).
    #[param(example = "2027-01-15T08:00:00Z", nullable = false)]
    since: Option<String>,
    /// Taken on before this moment (RFC 3339, UTC).
    #[param(nullable = false)]
    until: Option<String>,
    /// The most operations of a page: 1 to 500, 50 if it is not said.
    #[param(value_type = Option<u32>, nullable = false)]
    limit: Option<String>,
    /// The page: take it from `next`.
    #[param(nullable = false)]
    cursor: Option<String>,
}

/// List operations
///
/// Newest first, those that the caller may read. The next page is at `next`.
#[utoipa::path(
    get,
    path = "/v1/operations",
    tag = "operations",
    params(Wanted),
    responses(
        (status = 200, description = "A page", body = Operations),
        (status = 400, description = "The query cannot be read", body = ProblemDocument, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn list(
    State(api): State<Arc<Api>>,
    asker: Asker,
    query: Result<Query<Wanted>, QueryRejection>,
) -> Result<Json<Operations>, Problem> {
    asker.asks(&api)?;
    let Query(wanted) = query.map_err(|_| Problem::malformed(UNKNOWN))?;
    let mut filter = wanted.filter()?;
    let page = PageRequest { limit: wanted.limit()?, cursor: wanted.cursor.clone() };
    match &filter.caller {
        None if !asker.sees_all() => filter.caller = Some(asker.caller.name.clone()),
        // What somebody else asked for looks as if it was not there.
        Some(name) if !asker.caller.may_read(name) => {
            return Ok(Json(Operations { operations: Vec::new(), next: None }));
        }
        _ => {}
    }
    let page = api.service.reader().list(filter, page).await.map_err(|error| match error {
        JournalError::OutOfBounds { .. } => Problem::malformed("`cursor` is taken from `next` of the page before."),
        error => unreadable(error),
    })?;
    let readable = page.records.iter().filter(|record| asker.caller.may_read(&record.caller));
    let operations = readable.map(|record| OperationDocument::of(record, asker.operator)).collect();
    Ok(Json(Operations { operations, next: page.next.map(|cursor| wanted.next(&cursor)) }))
}

const UNKNOWN: &str = "The query may have `state`, `kind`, `account`, `connector`, `caller`, `since`, `until`, `limit` and `cursor`, each once.";

impl Wanted {
    fn filter(&self) -> Result<Filter, Problem> {
        let states =
            self.state.as_deref().map_or_else(|| Some(Vec::new()), |list| list.split(',').map(Stand::parse).collect());
        Ok(Filter {
            states: states.ok_or_else(|| malformed("state", &Stand::ALL.map(Stand::name).join(", ")))?,
            kind: read(self.kind.as_ref(), "kind", &OperationKind::ALL.map(OperationKind::name).join(", "), |text| {
                OperationKind::parse(text)
            })?,
            account: read(self.account.as_ref(), "account", "1 to 256 bytes of text", |text| Login::new(text).ok())?,
            caller: read(self.caller.as_ref(), "caller", "1 to 256 bytes of text", name)?,
            connector: read(self.connector.as_ref(), "connector", "1 to 256 bytes of text", name)?,
            since: self.moment(self.since.as_ref(), "since")?,
            until: self.moment(self.until.as_ref(), "until")?,
        })
    }

    fn moment(&self, text: Option<&String>, which: &str) -> Result<Option<SystemTime>, Problem> {
        read(text, which, "a moment like 2027-01-15T08:00:00Z", read_moment)
    }

    fn limit(&self) -> Result<u32, Problem> {
        let limit = read(self.limit.as_ref(), "limit", "a number from 1 to 500", |text| {
            text.parse().ok().filter(|limit| (1..=PageRequest::MAX).contains(limit))
        })?;
        Ok(limit.unwrap_or(PageRequest::default().limit))
    }

    /// The same question for the next page.
    fn next(&self, cursor: &str) -> String {
        let mut query = Serializer::new(String::new());
        for (name, value) in [
            ("state", &self.state),
            ("kind", &self.kind),
            ("account", &self.account),
            ("connector", &self.connector),
            ("caller", &self.caller),
            ("since", &self.since),
            ("until", &self.until),
            ("limit", &self.limit),
        ] {
            if let Some(value) = value {
                query.append_pair(name, value);
            }
        }
        format!("/v1/operations?{}", query.append_pair("cursor", cursor).finish())
    }
}

fn name(text: &str) -> Option<String> {
    Login::new(text).ok().map(|name| name.as_str().to_owned())
}

fn read<T>(
    text: Option<&String>,
    which: &str,
    must: &str,
    read: impl FnOnce(&str) -> Option<T>,
) -> Result<Option<T>, Problem> {
    text.map(|text| read(text).ok_or_else(|| malformed(which, must))).transpose()
}

fn malformed(which: &str, must: &str) -> Problem {
    Problem::malformed(format!("`{which}` must be: {must}."))
}
