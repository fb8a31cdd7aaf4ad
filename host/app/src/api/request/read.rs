//! Reading a body: no more than so much, no longer than so long, and erased.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, StatusCode, header};
use http_body_util::BodyExt as _;
use zeroize::{Zeroize as _, Zeroizing};

use crate::api::problem::Problem;

/// The most bytes of a body.
pub const MOST_BODY: usize = 64 * 1024;

/// The whole body of a request with JSON, in a buffer that is erased when dropped.
///
/// The buffer has its full size from the start: one that grew would leave copies behind. What the libraries below held
/// of the body (TLS, HTTP) cannot be reached from here, except for a chunk that nobody else holds.
///
/// # Errors
/// A problem: 415 for another type than `application/json`, 413 for more than [`MOST_BODY`], 408 after `most` time.
pub async fn body(headers: &HeaderMap, body: Body, most: Duration) -> Result<Zeroizing<Vec<u8>>, Problem> {
    if !is_json(headers) {
        return Err(Problem::malformed("The body must have `Content-Type: application/json`.")
            .with_status(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
    match tokio::time::timeout(most, collect(body)).await {
        Ok(read) => read,
        Err(_) => Err(Problem::malformed(format!("The body did not come within {} seconds.", most.as_secs_f32()))
            .with_status(StatusCode::REQUEST_TIMEOUT)
            .with_header(header::CONNECTION, axum::http::HeaderValue::from_static("close"))),
    }
}

async fn collect(mut body: Body) -> Result<Zeroizing<Vec<u8>>, Problem> {
    let too_large = || {
        Problem::malformed(format!("The body has more than {MOST_BODY} bytes."))
            .with_status(StatusCode::PAYLOAD_TOO_LARGE)
    };
    // A length that was announced is refused before anything of it is read.
    if axum::body::HttpBody::size_hint(&body).lower() > MOST_BODY as u64 {
        return Err(too_large());
    }
    let mut whole = Zeroizing::new(Vec::with_capacity(MOST_BODY));
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Problem::malformed("The body broke off."))?;
        if let Ok(chunk) = frame.into_data() {
            if whole.len() + chunk.len() > MOST_BODY {
                return Err(too_large());
            }
            whole.extend_from_slice(&chunk);
            erase(chunk);
        }
    }
    Ok(whole)
}

fn erase(chunk: Bytes) {
    if let Ok(mut alone) = chunk.try_into_mut() {
        alone.as_mut().zeroize();
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()) else { return false };
    let essence = value.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}
