//! A client that keeps its connection: what a service holds for one that may come back is what a core file would show.

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::{http1, http2};
use hyper::{Request, Version};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::ClientConfig;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};
use tokio_rustls::TlsConnector;

use crate::process::Serve;
use crate::world::DESK;

/// A connection that stays open until it is dropped.
pub(crate) struct Client {
    runtime: Runtime,
    sender: Sender,
}

enum Sender {
    One(http1::SendRequest<Full<Bytes>>),
    Two(http2::SendRequest<Full<Bytes>>),
}

impl Client {
    /// Over TLS, in this version of HTTP.
    pub(crate) fn connect(serve: &Serve, tls: &Arc<ClientConfig>, version: Version) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let mut tls = ClientConfig::clone(tls);
        tls.alpn_protocols = vec![if version == Version::HTTP_2 { b"h2".to_vec() } else { b"http/1.1".to_vec() }];
        let address = serve.address;
        let sender = runtime.block_on(async move {
            let stream = TcpStream::connect(address).await.unwrap();
            let name = "localhost".try_into().unwrap();
            let stream = TokioIo::new(TlsConnector::from(Arc::new(tls)).connect(name, stream).await.unwrap());
            if version == Version::HTTP_2 {
                let (sender, connection) = http2::handshake(TokioExecutor::new(), stream).await.unwrap();
                tokio::spawn(connection);
                return Sender::Two(sender);
            }
            let (sender, connection) = http1::handshake(stream).await.unwrap();
            tokio::spawn(connection);
            Sender::One(sender)
        });
        Self { runtime, sender }
    }

    /// Asks for an operation: the status of the answer, and its document.
    pub(crate) fn post(&mut self, body: &Value) -> (u16, Value) {
        let body = Full::new(Bytes::from(body.to_string()));
        let request = Request::post("https://localhost/v1/operations")
            .header("host", "localhost")
            .header("authorization", format!("Bearer {DESK}"))
            .header("content-type", "application/json")
            .body(body)
            .unwrap();
        let sender = &mut self.sender;
        self.runtime.block_on(async {
            let answer = match sender {
                Sender::One(sender) => sender.send_request(request).await.unwrap(),
                Sender::Two(sender) => sender.send_request(request).await.unwrap(),
            };
            let status = answer.status().as_u16();
            let body = answer.into_body().collect().await.unwrap().to_bytes();
            (status, serde_json::from_slice(&body).unwrap())
        })
    }
}
