//! Recordings of the next operations, for the operator at the control socket alone: one line of JSON for each.
//!
//! An empty line is a sign of life, `{"recording":true}` says that it has begun, and `{"lost":3}` that three did not fit.
//! The description for callers does not name this path.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use portcullis_model::{Fault, FaultCode};
use serde::Deserialize;
use tokio::time::Instant;

use crate::api::Api;
use crate::api::auth::Asker;
use crate::api::listen::{Phase, Phases};
use crate::api::problem::Problem;
use crate::service::Listening;

/// A reader, and whatever stands between, learns that the connection is alive.
const SIGN_OF_LIFE: Duration = Duration::from_secs(10);

/// What is to be recorded.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    connector: String,
    /// After so many it ends.
    operations: Option<u64>,
    /// After so many seconds it ends.
    seconds: Option<u64>,
}

pub(super) async fn recordings(
    State(api): State<Arc<Api>>,
    asker: Asker,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Problem> {
    if !asker.operator {
        let text = "recordings are for the operator, through the control socket";
        return Err(Fault::new(FaultCode::CallerNotAllowed, text).into());
    }
    if !api.service.registry().states().iter().any(|state| state.name == wanted.connector) {
        let text = format!("there is no connector {}", wanted.connector);
        return Err(Fault::new(FaultCode::UnknownConnector, text).into());
    }
    let listening = api.service.record(&wanted.connector, &asker.caller).await?;
    tracing::warn!(connector = wanted.connector, "an operator records operations");
    let ends = wanted.seconds.and_then(|seconds| Instant::now().checked_add(Duration::from_secs(seconds)));
    let left = wanted.operations.unwrap_or(u64::MAX);
    let lines = Lines { listening, left, ends, phases: api.phases.clone(), began: false };
    let lines = stream::unfold(lines, |mut lines| async move {
        let line = lines.next().await?;
        Some((Ok::<_, Infallible>(line), lines))
    });
    Ok(([(header::CONTENT_TYPE, "application/x-ndjson")], Body::from_stream(lines)).into_response())
}

struct Lines {
    listening: Listening,
    left: u64,
    ends: Option<Instant>,
    phases: Phases,
    began: bool,
}

impl Lines {
    /// The next line; nothing at the end, before which it is said what was lost.
    async fn next(&mut self) -> Option<String> {
        if !self.began {
            self.began = true;
            return Some("{\"recording\":true}\n".to_owned());
        }
        match self.listening.lost() {
            0 if self.left == 0 => return None,
            0 => {}
            lost => return Some(format!("{{\"lost\":{lost}}}\n")),
        }
        let ends = self.ends;
        let over = async {
            match ends {
                Some(ends) => tokio::time::sleep_until(ends).await,
                None => std::future::pending().await,
            }
        };
        let heard = tokio::select! {
            biased;
            line = self.listening.next() => Some(line?),
            _ = self.phases.wait_for(|phase| *phase > Phase::Serving) => None,
            () = over => None,
            () = tokio::time::sleep(SIGN_OF_LIFE) => return Some("\n".to_owned()),
        };
        match heard {
            Some(line) => {
                self.left = self.left.saturating_sub(1);
                Some(line)
            }
            None => {
                self.left = 0;
                match self.listening.lost() {
                    0 => None,
                    lost => Some(format!("{{\"lost\":{lost}}}\n")),
                }
            }
        }
    }
}
