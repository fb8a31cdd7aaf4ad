//! Talking to the service that runs on a state folder, through its control socket: HTTP on a unix socket that only the
//! service's own user may open.

use std::path::Path;

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::rt::TokioIo;
use portcullis_model::{Fault, FaultCode};
use serde_json::Value;
use tokio::net::UnixStream;

/// The name of the control socket in the state folder.
pub(in crate::commands) const SOCKET: &str = "control.sock";

/// The longest answer that is read, in bytes.
const LONGEST: usize = 16 << 20;

/// What the service answered.
pub(in crate::commands) struct Answered {
    pub(in crate::commands) status: StatusCode,
    pub(in crate::commands) body: Value,
}

/// Asks the service; nothing if none runs on this state folder.
pub(in crate::commands) async fn ask(state: &Path, method: Method, path: &str) -> Result<Option<Answered>, Fault> {
    let socket = state.join(SOCKET);
    let stream = match UnixStream::connect(&socket).await {
        Ok(stream) => stream,
        Err(error) if matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::ConnectionRefused) => {
            return Ok(None);
        }
        Err(error) => {
            let text = format!("{}: {error}; run this as the user of the service", socket.display());
            return Err(Fault::new(FaultCode::CallerNotAllowed, text));
        }
    };
    exchange(stream, method, path).await.map(Some).map_err(|error| {
        let text = format!("{}: the service did not answer: {error}", socket.display());
        Fault::new(FaultCode::HostInternal, text)
    })
}

async fn exchange(
    stream: UnixStream,
    method: Method,
    path: &str,
) -> Result<Answered, Box<dyn std::error::Error + Send + Sync>> {
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(http::header::HOST, "localhost")
        .header(http::header::CONTENT_TYPE, "application/json")
        .body(Full::<Bytes>::default())?;
    let answer = sender.send_request(request).await?;
    let status = answer.status();
    let bytes = Limited::new(answer.into_body(), LONGEST).collect().await?.to_bytes();
    connection.abort();
    let body = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes)? };
    Ok(Answered { status, body })
}
