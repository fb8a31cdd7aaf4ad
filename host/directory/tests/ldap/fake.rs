//! A scripted LDAP server on loopback: it answers as a good one would, except where a test says otherwise.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lber::structure::{PL, StructureTag};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

use crate::ber::{self, ABANDON, BIND, EXTENDED, SEARCH, UNBIND};

pub(crate) const ALICE: &str = "uid=alice,dc=example";
const START_TLS: &[u8] = b"1.3.6.1.4.1.1466.20037";

/// What the server does next.
pub(crate) enum Step {
    Send(Vec<u8>),
    /// One byte after the other.
    Drip(Vec<u8>, Duration),
    /// The same again and again, until the client goes away.
    Flood(Vec<u8>),
    /// Waits for the client to say something, and does not listen.
    Pause,
    /// Nothing more, until the client goes away.
    Silence,
    Close,
}

/// A request as it came in.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) connection: usize,
    pub(crate) id: i64,
    pub(crate) op: u64,
    pub(crate) body: PL,
    pub(crate) controls: Option<StructureTag>,
}

impl Request {
    /// The parts of a constructed request.
    pub(crate) fn parts(&self) -> Vec<StructureTag> {
        match &self.body {
            PL::C(parts) => parts.clone(),
            PL::P(_) => Vec::new(),
        }
    }

    fn starts_tls(&self) -> bool {
        self.op == EXTENDED && self.parts().first().is_some_and(|name| name.payload == PL::P(START_TLS.to_vec()))
    }
}

#[derive(Clone)]
pub(crate) enum Tls {
    Never,
    First(Arc<ServerConfig>),
    WhenAsked(Arc<ServerConfig>),
}

type Script = Box<dyn FnOnce(&Request) -> Vec<Step> + Send>;

#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
struct Count {
    opened: usize,
    closed: usize,
    requests: usize,
    /// Bytes that left for the client, without those of the handshake.
    sent: usize,
}

struct State {
    tls: Tls,
    requests: Mutex<Vec<Request>>,
    scripts: Mutex<VecDeque<(u64, bool, Script)>>,
    count: watch::Sender<Count>,
}

pub(crate) struct Fake {
    pub(crate) port: u16,
    state: Arc<State>,
    task: JoinHandle<()>,
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.task.abort();
    }
}

trait Io: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Io for T {}

impl Fake {
    pub(crate) async fn plain() -> Self {
        Self::start("127.0.0.1:0", Tls::Never).await
    }

    pub(crate) async fn start(address: &str, tls: Tls) -> Self {
        Self::listening(TcpListener::bind(address).await.unwrap(), tls)
    }

    pub(crate) fn listening(listener: TcpListener, tls: Tls) -> Self {
        let (state, port) = (State::new(tls), listener.local_addr().unwrap().port());
        let accepting = Arc::clone(&state);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(Arc::clone(&accepting).serve(Box::new(stream)));
            }
        });
        Self { port, state, task }
    }

    pub(crate) fn on_socket(path: &std::path::Path) -> Self {
        let listener = UnixListener::bind(path).unwrap();
        let state = State::new(Tls::Never);
        let accepting = Arc::clone(&state);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(Arc::clone(&accepting).serve(Box::new(stream)));
            }
        });
        Self { port: 0, state, task }
    }

    pub(crate) fn url(&self) -> String {
        let scheme = if matches!(self.state.tls, Tls::First(_)) { "ldaps" } else { "ldap" };
        format!("{scheme}://127.0.0.1:{}", self.port)
    }

    /// The next request of this kind is answered so.
    pub(crate) fn next(&self, op: u64, script: impl FnOnce(&Request) -> Vec<Step> + Send + 'static) {
        self.state.scripts.lock().unwrap().push_back((op, true, Box::new(script)));
    }

    /// The same; where the request was for TLS, the handshake follows as after a good answer.
    pub(crate) fn next_and_tls(&self, op: u64, script: impl FnOnce(&Request) -> Vec<Step> + Send + 'static) {
        self.state.scripts.lock().unwrap().push_back((op, false, Box::new(script)));
    }

    /// The next request of this kind is answered with this result.
    pub(crate) fn next_result(&self, op: u64, code: u8, diagnostic: &'static str) {
        self.next(op, move |r| vec![Step::Send(ber::message(r.id, &[&ber::result(op, code, diagnostic.as_bytes())]))]);
    }

    pub(crate) fn requests(&self, op: u64) -> Vec<Request> {
        self.state.requests.lock().unwrap().iter().filter(|r| r.op == op).cloned().collect()
    }

    pub(crate) fn connections(&self) -> usize {
        self.state.count.borrow().opened
    }

    /// How many bytes went to clients: what they took, and what the machine's buffers hold.
    pub(crate) fn sent(&self) -> usize {
        self.state.count.borrow().sent
    }

    /// How many requests came in.
    pub(crate) fn asked(&self) -> usize {
        self.state.count.borrow().requests
    }

    /// Waits until so many connections were closed.
    pub(crate) async fn closed(&self, connections: usize) {
        self.state.count.subscribe().wait_for(|count| count.closed >= connections).await.unwrap();
    }

    /// Waits until so many requests came in.
    pub(crate) async fn received(&self, requests: usize) {
        self.state.count.subscribe().wait_for(|count| count.requests >= requests).await.unwrap();
    }
}

impl State {
    fn new(tls: Tls) -> Arc<Self> {
        let count = watch::Sender::new(Count::default());
        Arc::new(Self { tls, requests: Mutex::default(), scripts: Mutex::default(), count })
    }

    async fn serve(self: Arc<Self>, stream: Box<dyn Io>) {
        let mut connection = 0;
        self.count.send_modify(|count| {
            count.opened += 1;
            connection = count.opened;
        });
        // The socket is closed before the count says so.
        self.converse(stream, connection).await;
        self.count.send_modify(|count| count.closed += 1);
    }

    async fn converse(&self, mut stream: Box<dyn Io>, connection: usize) {
        if let Tls::First(config) = &self.tls {
            match TlsAcceptor::from(Arc::clone(config)).accept(stream).await {
                Ok(tls) => stream = Box::new(tls),
                Err(_) => return,
            }
        }
        let mut buffer = Vec::new();
        while let Some(request) = read_request(&mut stream, &mut buffer, connection).await {
            self.requests.lock().unwrap().push(request.clone());
            self.count.send_modify(|count| count.requests += 1);
            let (stays, steps) = self.steps(&request);
            let sent = |bytes| self.count.send_modify(|count| count.sent += bytes);
            if !perform(&mut stream, steps, &sent).await {
                return;
            }
            if let (Tls::WhenAsked(config), true, false) = (&self.tls, request.starts_tls(), stays) {
                match TlsAcceptor::from(Arc::clone(config)).accept(stream).await {
                    Ok(tls) => stream = Box::new(tls),
                    Err(_) => return,
                }
            }
        }
    }

    /// What is answered, and whether the line then stays as it is, whatever was asked for.
    fn steps(&self, request: &Request) -> (bool, Vec<Step>) {
        let script = {
            let mut scripts = self.scripts.lock().unwrap();
            match scripts.front() {
                Some((op, ..)) if *op == request.op => scripts.pop_front(),
                _ => None,
            }
        };
        match script {
            Some((_, stays, script)) => (stays, script(request)),
            None => (false, good(request)),
        }
    }
}

/// What a good server answers.
pub(crate) fn good(request: &Request) -> Vec<Step> {
    let done = ber::message(request.id, &[&ber::result(request.op, 0, b"")]);
    match request.op {
        UNBIND => vec![Step::Close],
        // No server answers it (RFC 4511 section 4.11).
        ABANDON => Vec::new(),
        SEARCH => vec![Step::Send(ber::message(request.id, &[&alice()])), Step::Send(done)],
        _ => vec![Step::Send(done)],
    }
}

pub(crate) fn alice() -> Vec<u8> {
    ber::entry(ALICE.as_bytes(), &[(b"uid", &[b"alice"])])
}

async fn perform(stream: &mut Box<dyn Io>, steps: Vec<Step>, sent: &(impl Fn(usize) + Sync)) -> bool {
    for step in steps {
        let sent = match step {
            Step::Send(bytes) => send(stream, &bytes, sent).await,
            Step::Drip(bytes, pause) => drip(stream, &bytes, pause).await,
            Step::Flood(bytes) => flood(stream, &bytes, sent).await,
            Step::Pause => stream.read(&mut [0; 4096]).await.map(|_| ()),
            Step::Silence => {
                while stream.read(&mut [0; 64]).await.is_ok_and(|n| n > 0) {}
                return false;
            }
            Step::Close => return false,
        };
        if sent.and(stream.flush().await).is_err() {
            return false;
        }
    }
    true
}

async fn drip(stream: &mut Box<dyn Io>, bytes: &[u8], pause: Duration) -> std::io::Result<()> {
    for byte in bytes {
        stream.write_all(&[*byte]).await?;
        stream.flush().await?;
        tokio::time::sleep(pause).await;
    }
    Ok(())
}

async fn send(stream: &mut Box<dyn Io>, bytes: &[u8], sent: &impl Fn(usize)) -> std::io::Result<()> {
    let mut rest = bytes;
    while !rest.is_empty() {
        let taken = stream.write(rest).await?;
        sent(taken);
        rest = &rest[taken..];
    }
    Ok(())
}

async fn flood(stream: &mut Box<dyn Io>, bytes: &[u8], sent: &impl Fn(usize)) -> std::io::Result<()> {
    loop {
        send(stream, bytes, sent).await?;
    }
}

async fn read_request(stream: &mut Box<dyn Io>, buffer: &mut Vec<u8>, connection: usize) -> Option<Request> {
    loop {
        if !buffer.is_empty()
            && let Ok((rest, tag)) = lber::parse::parse_tag(buffer)
        {
            let used = buffer.len() - rest.len();
            buffer.drain(..used);
            return request(tag, connection);
        }
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
}

fn request(tag: StructureTag, connection: usize) -> Option<Request> {
    let mut parts = tag.expect_constructed()?.into_iter();
    let id = parts.next()?.expect_primitive()?.iter().fold(0, |id, byte| id << 8 | i64::from(*byte));
    let body = parts.next()?;
    // An unbind has a tag and no content: whatever it is encoded as, the tag tells it.
    Some(Request { connection, id, op: body.id, body: body.payload, controls: parts.next() })
}

/// The name in a bind request.
pub(crate) fn bind_name(request: &Request) -> String {
    assert_eq!(request.op, BIND);
    String::from_utf8(request.parts()[1].clone().expect_primitive().unwrap()).unwrap()
}
