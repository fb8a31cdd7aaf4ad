//! A collector of OpenTelemetry logs for a test: reads the protobuf of OTLP and answers as it is told.

use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use opentelemetry_proto::tonic::collector::logs::v1::{
    ExportLogsPartialSuccess, ExportLogsServiceRequest, ExportLogsServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs};
use portcullis::config::Collector;
use prost::Message as _;
use rustls::ServerConfig;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio_rustls::TlsAcceptor;

/// What to answer.
#[derive(Debug, Clone)]
pub(super) enum Answer {
    Taken,
    /// So many are rejected, and why.
    Part(i64, &'static str),
    /// A status, with `Retry-After` if there is one.
    Status(u16, Option<&'static str>),
    /// A refusal in the words of OTLP.
    Refused(u16, &'static str),
    /// 200 with these bytes.
    Page(&'static str),
    /// The connection ends without a word, although everything was read.
    Dropped,
    /// Nothing ever comes.
    Silence,
}

/// What came, and when.
#[derive(Debug, Clone)]
pub(super) struct Came {
    pub(super) at: Instant,
    pub(super) kind: String,
    pub(super) logs: ResourceLogs,
}

impl Came {
    pub(super) fn records(&self) -> &[LogRecord] {
        &self.logs.scope_logs[0].log_records
    }

    pub(super) fn seqs(&self) -> Vec<i64> {
        let seq = |record: &LogRecord| match attribute(&record.attributes, "portcullis.audit.seq") {
            Some(Value::IntValue(seq)) => seq,
            other => panic!("{other:?}"),
        };
        self.records().iter().map(seq).collect()
    }

    pub(super) fn lines(&self) -> Vec<String> {
        let line = |record: &LogRecord| match record.body.clone().and_then(|body| body.value) {
            Some(Value::StringValue(line)) => line,
            other => panic!("{other:?}"),
        };
        self.records().iter().map(line).collect()
    }
}

pub(super) fn attribute(of: &[KeyValue], key: &str) -> Option<Value> {
    let mut with = of.iter().filter(|attribute| attribute.key == key);
    let value = with.next().and_then(|attribute| attribute.value.clone());
    assert!(with.next().is_none(), "{key} is there twice");
    value.and_then(|AnyValue { value }| value)
}

#[derive(Default)]
struct State {
    plan: VecDeque<Answer>,
    came: Vec<Came>,
}

pub(super) struct Receiver {
    state: Arc<Mutex<State>>,
    port: u16,
    scheme: &'static str,
    _runtime: Runtime,
}

impl Receiver {
    /// Answers as planned, and takes everything after that.
    pub(super) fn start(plan: impl IntoIterator<Item = Answer>) -> Self {
        Self::at("127.0.0.1:0", plan, None)
    }

    pub(super) fn with_tls(server: Arc<ServerConfig>) -> Self {
        Self::at("127.0.0.1:0", [], Some(server))
    }

    /// How long it keeps a connection on which nothing comes.
    pub(super) const PATIENCE: Duration = Duration::from_millis(200);

    fn at(address: &str, plan: impl IntoIterator<Item = Answer>, tls: Option<Arc<ServerConfig>>) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind(address)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let plan = plan.into_iter().collect();
        let state = Arc::new(Mutex::new(State { plan, came: Vec::new() }));
        let all = Arc::clone(&state);
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let all = Arc::clone(&all);
                let service = service_fn(move |request| take(Arc::clone(&all), request));
                let tls = tls.clone().map(TlsAcceptor::from);
                tokio::spawn(async move {
                    let mut http = hyper::server::conn::http1::Builder::new();
                    http.timer(TokioTimer::new()).header_read_timeout(Self::PATIENCE);
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
        Self { state, port, scheme, _runtime: runtime }
    }

    pub(super) fn collector(&self) -> Collector {
        self.named("127.0.0.1", None)
    }

    pub(super) fn named(&self, host: &str, ca_file: Option<PathBuf>) -> Collector {
        Collector::Otlp { url: format!("{}://{host}:{}", self.scheme, self.port).parse().unwrap(), ca_file }
    }

    pub(super) fn came(&self) -> Vec<Came> {
        self.state.lock().unwrap().came.clone()
    }

    pub(super) fn requests(&self) -> usize {
        self.state.lock().unwrap().came.len()
    }

    /// The numbers of all lines that came, as they came.
    pub(super) fn seqs(&self) -> Vec<i64> {
        self.came().iter().flat_map(Came::seqs).collect()
    }
}

async fn take(all: Arc<Mutex<State>>, request: Request<Incoming>) -> io::Result<Response<Full<Bytes>>> {
    assert_eq!((request.method().as_str(), request.uri().path()), ("POST", "/v1/logs"));
    let kind = request.headers()["content-type"].to_str().unwrap().to_owned();
    let body = request.into_body().collect().await.map_err(io::Error::other)?.to_bytes();
    let mut asked = ExportLogsServiceRequest::decode(body).unwrap();
    assert_eq!((asked.resource_logs.len(), asked.resource_logs[0].scope_logs.len()), (1, 1));
    let answer = {
        let mut state = all.lock().unwrap();
        state.came.push(Came { at: Instant::now(), kind, logs: asked.resource_logs.remove(0) });
        state.plan.pop_front().unwrap_or(Answer::Taken)
    };
    let proto = |status: u16, bytes: Vec<u8>| {
        let answer = Response::builder().status(status).header("content-type", "application/x-protobuf");
        Ok(answer.body(Full::from(bytes)).unwrap())
    };
    match answer {
        Answer::Taken => proto(200, ExportLogsServiceResponse::default().encode_to_vec()),
        Answer::Part(rejected_log_records, words) => {
            let part = ExportLogsPartialSuccess { rejected_log_records, error_message: words.to_owned() };
            proto(200, ExportLogsServiceResponse { partial_success: Some(part) }.encode_to_vec())
        }
        Answer::Status(status, after) => {
            let answer = after
                .iter()
                .fold(Response::builder().status(status), |answer, after| answer.header("retry-after", *after));
            Ok(answer.body(Full::default()).unwrap())
        }
        // Field 2 of google.rpc.Status, as its page has it.
        Answer::Refused(status, words) => {
            let length = u8::try_from(words.len()).unwrap();
            assert!(length < 128);
            proto(status, [&[0x08, 3, 0x12, length][..], words.as_bytes()].concat())
        }
        Answer::Page(text) => Ok(Response::new(Full::from(text))),
        Answer::Dropped => Err(io::Error::other("dropped")),
        Answer::Silence => std::future::pending().await,
    }
}
