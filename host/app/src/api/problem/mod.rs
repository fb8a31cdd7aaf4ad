//! Every error answer of the interface: a problem document (RFC 9457) made from a fault.
//!
//! A handler returns a [`Problem`]; the document is written in one place, `finish`, which knows whether
//! the operator reads it. Nobody else ever reads a fault's detail.

mod status;

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use portcullis_model::{Blame, Fault, FaultCode, OperationId};
use serde::Serialize;
use utoipa::ToSchema;

pub use status::{seen_by_callers, status};

/// Seconds after which "again" makes sense where nothing says better.
const AGAIN: u32 = 5;

/// An error answer before it is written.
#[derive(Debug, Clone)]
pub struct Problem(Box<Said>);

/// Boxed: a problem is the error of many functions, and seldom.
#[derive(Debug, Clone)]
struct Said {
    fault: Fault,
    status: StatusCode,
    /// What was wrong with this request, in words of this crate: never anything of the request itself.
    what: Option<String>,
    operation: Option<OperationId>,
    by: Option<OperationId>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        let status = status(fault.code);
        Self(Box::new(Said { fault, status, what: None, operation: None, by: None, headers: Vec::new() }))
    }
}

impl Problem {
    /// A request that cannot be read; `what` is the caller's text, and holds nothing of the request.
    #[must_use]
    pub fn malformed(what: impl Into<String>) -> Self {
        let what = what.into();
        let mut problem = Self::from(Fault::new(FaultCode::RequestMalformed, what.clone()));
        problem.0.what = Some(what);
        problem
    }

    /// With another status than the fault's own.
    #[must_use]
    pub fn with_status(mut self, status: StatusCode) -> Self {
        self.0.status = status;
        self
    }

    /// With a caller's text about this request: it holds nothing of the request's contents.
    #[must_use]
    pub fn saying(mut self, what: impl Into<String>) -> Self {
        self.0.what = Some(what.into());
        self
    }

    /// About this operation.
    #[must_use]
    pub fn about(mut self, operation: &OperationId) -> Self {
        self.0.operation = Some(operation.clone());
        self
    }

    /// With the operation that took its place.
    #[must_use]
    pub fn overtaken_by(mut self, by: Option<OperationId>) -> Self {
        self.0.by = by;
        self
    }

    /// With a header.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.push((name, value));
        self
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The fault.
    #[must_use]
    pub fn fault(&self) -> &Fault {
        &self.0.fault
    }

    /// The answer. `operator`: whether the fault's detail is part of it.
    #[must_use]
    pub fn write(self, operator: bool) -> Response {
        let retry_after = retry_after(&self.0.fault);
        let document = self.document(operator);
        let body = serde_json::to_vec(&document).unwrap_or_default();
        let mut response = (self.0.status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        for (name, value) in self.0.headers {
            headers.append(name, value);
        }
        response
    }

    fn document(&self, operator: bool) -> ProblemDocument {
        let code = if operator { self.0.fault.code } else { seen_by_callers(self.0.fault.code) };
        let remedy = (operator || code.blame() == Blame::Caller).then(|| code.remedy());
        let detail: Vec<&str> = self.0.what.as_deref().into_iter().chain(remedy).collect();
        ProblemDocument {
            kind: format!("urn:portcullis:fault:{code}"),
            title: self.0.fault.caller_text(),
            status: self.0.status.as_u16(),
            detail: (!detail.is_empty()).then(|| detail.join(" ")),
            code: code.name().to_owned(),
            blame: word(code.blame()),
            retry: word(code.retry()),
            limit: self.0.fault.limit,
            operation: self.0.operation.as_ref().map(ToString::to_string),
            superseded_by: self.0.by.as_ref().map(ToString::to_string),
            operator: operator.then(|| self.0.fault.detail.clone()),
        }
    }
}

/// The problem waits in the extensions of an empty answer until `finish` writes it.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// When to ask again, in seconds (RFC 9110 section 10.2.3).
fn retry_after(fault: &Fault) -> Option<u32> {
    use FaultCode::{
        AuditDamaged, AuditUnwritable, Busy, ConnectorWithdrawn, DirectoryUnavailable, JournalUnwritable,
        PasswordTooYoung, Stopping, TooManyRequests,
    };
    match fault.code {
        TooManyRequests | Busy | Stopping | JournalUnwritable | AuditUnwritable | AuditDamaged => {
            Some(fault.limit.unwrap_or(AGAIN).max(1))
        }
        DirectoryUnavailable | ConnectorWithdrawn => Some(AGAIN),
        PasswordTooYoung => fault.limit,
        _ => None,
    }
}

/// The stable word of a blame or a retry.
pub(crate) fn word(value: impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

/// Why a request was not done (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemDocument {
    /// `urn:portcullis:fault:` and the code: a name, not an address.
    #[serde(rename = "type")]
    #[schema(example = "urn:portcullis:fault:password-too-short")]
    kind: String,
    /// What happened, for people.
    title: String,
    /// The HTTP status again.
    #[schema(example = 422)]
    status: u16,
    /// What to do next.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// The fault's stable name, for programs.
    #[schema(example = "password-too-short")]
    code: String,
    /// Who has to act: `caller`, `operator`, `directory`, `plugin` or `host`.
    blame: String,
    /// Whether the same request can succeed later: `never` or `later`.
    retry: String,
    /// The number that belongs to the code: the least characters of a password, the seconds to wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<u32>,
    /// The operation, if one was taken on.
    #[serde(skip_serializing_if = "Option::is_none")]
    operation: Option<String>,
    /// The newer operation that took its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    superseded_by: Option<String>,
    /// What happened and where; on the control socket only.
    #[serde(skip_serializing_if = "Option::is_none")]
    operator: Option<String>,
}

#[cfg(test)]
mod tests;
