//! A caller: one connection that is kept, HTTP/1.1, a bearer token.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::server::Server;
use super::world::World;
use crate::Result;

/// Which door is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Door {
    Clear,
    Tls,
}

/// How callers come to the service.
#[derive(Clone)]
pub(crate) struct Way {
    address: SocketAddr,
    tls: Option<TlsConnector>,
    authorization: Arc<str>,
}

impl Way {
    pub(crate) fn new(world: &World, server: &Server, door: Door) -> Result<Self> {
        let mut roots = RootCertStore::empty();
        roots.add(server.certificate.clone())?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let (address, tls) = match door {
            Door::Clear => (server.clear, None),
            Door::Tls => (server.encrypted, Some(TlsConnector::from(Arc::new(config)))),
        };
        Ok(Self { address, tls, authorization: format!("Bearer {}", world.token).into() })
    }

    pub(crate) async fn connect(&self) -> Result<Client> {
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        let sender = match &self.tls {
            None => carried(stream).await?,
            Some(tls) => carried(tls.connect(ServerName::try_from("localhost")?, stream).await?).await?,
        };
        Ok(Client { sender, authorization: self.authorization.clone() })
    }
}

async fn carried(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Result<SendRequest<Full<Bytes>>> {
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    // It ends with the sender.
    tokio::spawn(async { drop(connection.await) });
    Ok(sender)
}

/// One connection.
pub(crate) struct Client {
    sender: SendRequest<Full<Bytes>>,
    authorization: Arc<str>,
}

impl Client {
    /// Asks for a reset and waits for its end: done, and confirmed.
    pub(crate) async fn reset(&mut self, account: usize, password: &str) -> Result {
        let answer = self.post(account, password, "wait=60", StatusCode::CREATED).await?;
        let confirmed = answer.windows(16).any(|window| window == b"\"confirmed\":true");
        if confirmed { Ok(()) } else { Err(format!("not confirmed: {}", String::from_utf8_lossy(&answer)).into()) }
    }

    /// Asks for a reset and does not wait for its end.
    pub(crate) async fn hand_in(&mut self, account: usize, password: &str) -> Result {
        self.post(account, password, "respond-async", StatusCode::ACCEPTED).await.map(drop)
    }

    async fn post(&mut self, account: usize, password: &str, prefer: &str, wanted: StatusCode) -> Result<Bytes> {
        let body = format!(
            r#"{{"kind":"reset-password","account":"p{account}@c0.example","new_password":{{"clear":"{password}"}}}}"#
        );
        let request = Request::builder()
            .method(Method::POST)
            .uri("/v1/operations")
            .header(HOST, "localhost")
            .header(AUTHORIZATION, &*self.authorization)
            .header(CONTENT_TYPE, "application/json")
            .header("prefer", prefer)
            .body(Full::from(body))?;
        self.send(request, wanted).await
    }

    /// Asks for nothing that the service has to do anything for.
    pub(crate) async fn live(&mut self) -> Result {
        let request = Request::builder().uri("/health/live").header(HOST, "localhost").body(Full::default())?;
        self.send(request, StatusCode::OK).await.map(drop)
    }

    async fn send(&mut self, request: Request<Full<Bytes>>, wanted: StatusCode) -> Result<Bytes> {
        self.sender.ready().await?;
        let answer = self.sender.send_request(request).await?;
        let status = answer.status();
        let body = answer.into_body().collect().await?.to_bytes();
        if status == wanted { Ok(body) } else { Err(format!("{status}: {}", String::from_utf8_lossy(&body)).into()) }
    }
}
