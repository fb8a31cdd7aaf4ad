//! OTLP by HTTP with protobuf: lines as log records, in requests that a collector answers.
//!
//! The SDK's batches and its exporter are not used: they count as sent what a collector rejected in part, and drop what it
//! does not take.

mod answer;
mod records;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use opentelemetry_proto::tonic::resource::v1::Resource;
use portcullis_audit::follow::Found;
use prost::Message as _;
use tokio::runtime::Runtime;
use url::Url;

use super::way::{Note, PATIENCE, Trouble};
use crate::collector;

/// How much of an answer is read, in bytes.
const MOST_OF_AN_ANSWER: usize = 64 << 10;

/// How long a connection is kept when there is nothing to send.
const IDLE: Duration = Duration::from_secs(60);

/// A way to a collector of OTLP.
pub(super) struct Otlp {
    /// The thread's own: the service's one ends before the last lines are sent. There until it is dropped.
    runtime: Option<Runtime>,
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    to: Uri,
    resource: Resource,
}

impl Otlp {
    /// Connects to nobody yet. `host` is the machine's name.
    pub(super) fn open(url: &Url, ca_file: Option<&Path>, host: &str) -> Result<Self, String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        let mut client = Client::builder(TokioExecutor::new());
        let client = client.pool_idle_timeout(IDLE).build(collector::http(url, ca_file)?);
        let to = format!("{}/v1/logs", url.as_str().trim_end_matches('/')).parse();
        let to = to.map_err(|error: http::uri::InvalidUri| error.to_string())?;
        Ok(Self { runtime: Some(runtime), client, to, resource: records::resource(host) })
    }

    /// Sends lines and waits for the answer. Blocks the thread, for [`PATIENCE`] at most.
    pub(super) fn send(&self, lines: &[Found]) -> Result<Option<Note>, Trouble> {
        let Some(runtime) = &self.runtime else { return Err(Trouble::soon("it has ended")) };
        let body = records::request(lines, &self.resource, SystemTime::now()).encode_to_vec();
        let answer = runtime.block_on(async { tokio::time::timeout(PATIENCE, self.ask(body)).await });
        let (status, headers, body) = match answer {
            Ok(answer) => answer.map_err(Trouble::soon)?,
            Err(_) => return Err(Trouble::soon(format!("no answer within {}s", PATIENCE.as_secs()))),
        };
        answer::judge(status, &headers, &body, lines.len())
    }

    async fn ask(&self, body: Vec<u8>) -> Result<(StatusCode, HeaderMap, Bytes), String> {
        // An open connection is looked after in here alone: first it has to be seen whether the collector closed it.
        tokio::time::sleep(Duration::from_millis(1)).await;
        tokio::task::yield_now().await;
        let request = Request::post(self.to.clone())
            .header(header::CONTENT_TYPE, "application/x-protobuf")
            .header(header::USER_AGENT, concat!("portcullis/", env!("CARGO_PKG_VERSION")))
            .body(Full::from(body))
            .map_err(|error| error.to_string())?;
        let answer = self.client.request(request).await.map_err(|error| collector::in_words(&error))?;
        let (head, body) = answer.into_parts();
        let body = match Limited::new(body, MOST_OF_AN_ANSWER).collect().await {
            Ok(body) => body.to_bytes(),
            // The refusal is known, if not its words.
            Err(_) if !head.status.is_success() => Bytes::new(),
            Err(error) => return Err(format!("its answer cannot be read: {}", collector::in_words(&*error))),
        };
        Ok((head.status, head.headers, body))
    }
}

impl Drop for Otlp {
    fn drop(&mut self) {
        // Without waiting for a name that is still looked up.
        self.runtime.take().into_iter().for_each(Runtime::shutdown_background);
    }
}
