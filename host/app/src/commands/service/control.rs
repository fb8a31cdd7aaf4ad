//! Talking to the service that runs on a state folder, through its control socket: HTTP on a unix socket that only the
//! service's own user may open.

use std::path::Path;

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use portcullis_model::{Fault, FaultCode};
use serde_json::Value;
use tokio::net::UnixStream;
use tokio::task::JoinHandle;

/// The name of the control socket in the state folder.
pub(in crate::commands) const SOCKET: &str = "control.sock";

/// The longest answer that is read, in bytes.
const LONGEST: usize = 16 << 20;

/// What the service answered.
pub(in crate::commands) struct Answered {
    pub(in crate::commands) status: StatusCode,
    pub(in crate::commands) body: Value,
}

/// An answer that goes on; the connection ends when it is dropped.
pub(in crate::commands) struct Stream {
    pub(in crate::commands) body: Incoming,
    connection: JoinHandle<hyper::Result<()>>,
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.connection.abort();
    }
}

type Bad = Box<dyn std::error::Error + Send + Sync>;

/// Asks the service; nothing if none runs on this state folder.
pub(in crate::commands) async fn ask(state: &Path, method: Method, path: &str) -> Result<Option<Answered>, Fault> {
    let Some(stream) = connect(state).await? else { return Ok(None) };
    exchange(stream, method, path).await.map(Some).map_err(|error| unanswered(state, &*error))
}

/// Asks the service for an answer that goes on; nothing if none runs on this state folder. Another answer than success
/// is the fault in it.
pub(in crate::commands) async fn open(state: &Path, path: &str) -> Result<Option<Stream>, Fault> {
    let Some(stream) = connect(state).await? else { return Ok(None) };
    let (status, stream) = send(stream, Method::GET, path).await.map_err(|error| unanswered(state, &*error))?;
    if status.is_success() {
        return Ok(Some(stream));
    }
    let mut stream = stream;
    let bytes = Limited::new(&mut stream.body, LONGEST).collect().await.map_err(|error| unanswered(state, &*error))?;
    let body: Value = serde_json::from_slice(&bytes.to_bytes()).unwrap_or_default();
    let code = body["code"].as_str().and_then(FaultCode::parse).unwrap_or(FaultCode::HostInternal);
    let text = body["operator"].as_str().or(body["detail"].as_str()).unwrap_or_default();
    Err(Fault::new(code, text))
}

async fn connect(state: &Path) -> Result<Option<UnixStream>, Fault> {
    let socket = state.join(SOCKET);
    match UnixStream::connect(&socket).await {
        Ok(stream) => Ok(Some(stream)),
        Err(error) if matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::ConnectionRefused) => {
            Ok(None)
        }
        Err(error) => {
            let text = format!("{}: {error}; run this as the user of the service", socket.display());
            Err(Fault::new(FaultCode::CallerNotAllowed, text))
        }
    }
}

fn unanswered(state: &Path, error: &(dyn std::error::Error + Send + Sync)) -> Fault {
    let text = format!("{}: the service did not answer: {error}", state.join(SOCKET).display());
    Fault::new(FaultCode::HostInternal, text)
}

async fn exchange(stream: UnixStream, method: Method, path: &str) -> Result<Answered, Bad> {
    let (status, mut stream) = send(stream, method, path).await?;
    let bytes = Limited::new(&mut stream.body, LONGEST).collect().await?.to_bytes();
    let body = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes)? };
    Ok(Answered { status, body })
}

async fn send(stream: UnixStream, method: Method, path: &str) -> Result<(StatusCode, Stream), Bad> {
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(http::header::HOST, "localhost")
        .header(http::header::CONTENT_TYPE, "application/json")
        .body(Full::<Bytes>::default())?;
    let answer = sender.send_request(request).await?;
    Ok((answer.status(), Stream { body: answer.into_body(), connection }))
}
