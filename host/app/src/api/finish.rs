//! The last word on every answer: problems are written, whatever else is an error becomes one, and the headers that keep
//! browsers and caches in their place are set.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use futures_util::FutureExt as _;
use portcullis_model::{Fault, FaultCode};

use super::listen::Peer;
use super::problem::Problem;
use crate::observe::Metrics;

/// Nothing of an answer is a page, except below `/docs/`.
const NO_PAGE: &str = "default-src 'none'; frame-ancestors 'none'";
/// The page loads its own files and the description, and nothing of another host. It sets styles of its own elements.
const PAGE: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                    connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Runs the handler; a panic in it is an answer like any other error, and its words go nowhere.
pub(super) async fn finish(State(metrics): State<Arc<Metrics>>, request: Request, next: Next) -> Response {
    let operator = request.extensions().get::<Peer>().is_some_and(|peer| peer.control);
    let route = request.extensions().get::<MatchedPath>().cloned();
    let path = request.uri().path();
    let (of_page, of_interface) = (path.starts_with("/docs"), path.starts_with("/v1"));
    let answer = AssertUnwindSafe(next.run(request)).catch_unwind().await;
    let mut answer = match answer {
        Ok(answer) => written(answer, operator),
        Err(_) => {
            Problem::from(Fault::new(FaultCode::HostInternal, "a handler broke down: see the log")).write(operator)
        }
    };
    metrics.request(route.as_ref(), answer.status());
    let headers = answer.headers_mut();
    let mut set = |name: HeaderName, value: &'static str| headers.insert(name, HeaderValue::from_static(value));
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::REFERRER_POLICY, "no-referrer");
    set(header::CONTENT_SECURITY_POLICY, if of_page { PAGE } else { NO_PAGE });
    if of_interface {
        set(header::CACHE_CONTROL, "no-store");
    }
    answer
}

fn written(mut answer: Response, operator: bool) -> Response {
    if let Some(problem) = answer.extensions_mut().remove::<Problem>() {
        return problem.write(operator);
    }
    let status = answer.status();
    if !status.is_client_error() && !status.is_server_error() {
        return answer;
    }
    // An error of the router or of a library: its text may hold something of the request, and is not sent.
    let mut problem = if status.is_server_error() {
        Problem::from(Fault::new(FaultCode::HostInternal, format!("an answer with the status {status}")))
    } else {
        Problem::malformed(match status {
            StatusCode::NOT_FOUND => "There is nothing at this path.",
            StatusCode::METHOD_NOT_ALLOWED => "This path does not take this method.",
            _ => "The request does not fit the interface.",
        })
    }
    .with_status(status);
    if let Some(allow) = answer.headers_mut().remove(header::ALLOW) {
        problem = problem.with_header(header::ALLOW, allow);
    }
    problem.write(operator)
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::{Body, to_bytes};
    use axum::routing::get;
    use tower::ServiceExt as _;

    use super::*;

    #[tokio::test]
    async fn a_handler_that_breaks_down_is_a_problem_without_its_words() {
        let broken = || async {
            if true {
                std::panic::panic_any("Tr0ub4dor")
            }
        };
        let router = Router::new()
            .route("/v1/x", get(broken))
            .layer(axum::middleware::from_fn_with_state(Arc::new(Metrics::new().unwrap()), finish));
        let answer = router.oneshot(Request::get("/v1/x").body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/problem+json");
        let body = to_bytes(answer.into_body(), 1 << 16).await.unwrap();
        let text = String::from_utf8_lossy(&body);
        assert!(text.contains("\"host-internal\"") && !text.contains("Tr0ub4dor"), "{text}");
    }
}
