//! An OpenTelemetry collector for a test: takes what comes by HTTP and keeps it, or never answers.

use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use portcullis::config::Observe as Settings;
use rustls::ServerConfig;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio_rustls::TlsAcceptor;

/// What came: path, kind of content, bytes.
type Received = Arc<Mutex<Vec<(String, String, Bytes)>>>;

pub(crate) struct Collector {
    received: Received,
    port: u16,
    _runtime: Runtime,
}

impl Collector {
    pub(crate) fn start(answers: bool) -> Self {
        Self::start_with(answers, None)
    }

    pub(crate) fn with_tls(server: Arc<ServerConfig>) -> Self {
        Self::start_with(true, Some(server.into()))
    }

    fn start_with(answers: bool, tls: Option<TlsAcceptor>) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let port = listener.local_addr().unwrap().port();
        let received = Received::default();
        let all = Arc::clone(&received);
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let all = Arc::clone(&all);
                let service = service_fn(move |request| take(Arc::clone(&all), answers, request));
                let tls = tls.clone();
                tokio::spawn(async move {
                    let http = hyper::server::conn::http1::Builder::new();
                    match tls {
                        None => drop(http.serve_connection(TokioIo::new(stream), service).await),
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                drop(http.serve_connection(TokioIo::new(stream), service).await);
                            }
                        }
                    }
                });
            }
        });
        Self { received, port, _runtime: runtime }
    }

    pub(crate) fn settings_by_https(&self, host: &str, ca_file: Option<PathBuf>) -> Settings {
        let otlp = Some(format!("https://{host}:{}", self.port).parse().unwrap());
        Settings { otlp, ca_file, ..Settings::default() }
    }

    pub(crate) fn settings(&self) -> Settings {
        Settings { otlp: Some(format!("http://127.0.0.1:{}", self.port).parse().unwrap()), ..Settings::default() }
    }

    /// The bodies that came for a path, one after the other.
    pub(crate) fn bodies(&self, path: &str) -> Vec<u8> {
        let all = self.received.lock().unwrap();
        let ours = all.iter().filter(|(to, ..)| to == path);
        ours.flat_map(|(_, kind, body)| {
            assert_eq!(kind, "application/x-protobuf");
            body.to_vec()
        })
        .collect()
    }

    pub(crate) fn everything(&self) -> Vec<u8> {
        self.received.lock().unwrap().iter().flat_map(|(_, _, body)| body.to_vec()).collect()
    }

    pub(crate) fn requests(&self) -> usize {
        self.received.lock().unwrap().len()
    }
}

async fn take(all: Received, answers: bool, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let path = request.uri().path().to_owned();
    let kind = request.headers()["content-type"].to_str().unwrap().to_owned();
    let body = request.into_body().collect().await.unwrap().to_bytes();
    all.lock().unwrap().push((path, kind, body));
    if !answers {
        std::future::pending::<()>().await;
    }
    Ok(Response::new(Full::default()))
}

/// Whether bytes are somewhere in others.
pub(crate) fn holds(bytes: &[u8], what: impl AsRef<[u8]>) -> bool {
    bytes.windows(what.as_ref().len()).any(|window| window == what.as_ref())
}
