//! Something between the host and a server: it counts requests by their kind and loses what a test wants lost.
//!
//! [`Proxy::tls`] ends the host's TLS with a certificate of its own, because what is inside has to be seen to lose the
//! answer of a write and no other. [`Proxy::plain`] passes bytes on and keeps those that the host sent.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, KeyUsagePurpose};
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::Result;
use crate::servers::Facts;

/// A kind of request, by its tag in RFC 4511.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Request {
    /// A bind.
    Bind = 0x60,
    /// A search.
    Search = 0x63,
    /// A modify.
    Modify = 0x66,
    /// An extended request, such as the password modify operation.
    Extended = 0x77,
}

/// What is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// The request: the server never sees it. The host's connection is closed.
    Request,
    /// The answer: the server has sent it. The host's connection is closed.
    Answer,
    /// The answer, and from then on the server: no connection is taken any more.
    AnswerAndServer,
}

/// What becomes of a request.
enum Fate {
    Lost(Loss),
    LostAfter(Loss, Box<dyn FnOnce() + Send>),
    Spared,
    PassedAfter(Box<dyn FnOnce() + Send>),
}

impl fmt::Debug for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost(loss) | Self::LostAfter(loss, _) => fmt::Debug::fmt(loss, f),
            Self::Spared => f.write_str("Spared"),
            Self::PassedAfter(_) => f.write_str("PassedAfter"),
        }
    }
}

/// What stands between; it ends with this value.
#[derive(Debug)]
pub struct Proxy {
    state: Arc<State>,
    facts: Facts,
    _folder: TempDir,
}

#[derive(Debug)]
struct State {
    requests: Mutex<Vec<u8>>,
    bytes: Mutex<Vec<u8>>,
    fates: Mutex<VecDeque<(Request, Fate)>>,
    drip: Mutex<Option<Duration>>,
    stopped: watch::Sender<bool>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Proxy {
    /// Looks into every message.
    ///
    /// # Errors
    /// If it cannot listen, or the server's CA cannot be read.
    pub async fn tls(server: &Facts) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let folder = tempfile::tempdir()?;
        let (config, authority) = certificate()?;
        let ca_file = folder.path().join("ca.pem");
        std::fs::write(&ca_file, authority)?;
        let acceptor = TlsAcceptor::from(config);
        let connector = TlsConnector::from(client(server)?);
        let address = server.ldaps_url.trim_start_matches("ldaps://").to_owned();
        let name = ServerName::try_from(server.address.clone())?;
        let state = State::new();
        tokio::spawn(Arc::clone(&state).accept(listener, move |state, stream| {
            let (acceptor, connector) = (acceptor.clone(), connector.clone());
            let (address, name) = (address.clone(), name.clone());
            async move {
                let host = acceptor.accept(stream).await?;
                let server = TcpStream::connect(address).await?;
                state.relay(host, connector.connect(name, server).await?).await
            }
        }));
        let facts = Facts { ldaps_url: format!("ldaps://127.0.0.1:{port}"), ca_file, ..server.clone() };
        Ok(Self { state, facts, _folder: folder })
    }

    /// Passes on what comes without TLS, or with a TLS that it cannot look into. The certificates of the servers are
    /// for `localhost` too, so that the host can verify the server's own.
    ///
    /// # Errors
    /// If it cannot listen.
    pub async fn plain(server: &Facts) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let address = server.ldap_url.trim_start_matches("ldap://").to_owned();
        let state = State::new();
        tokio::spawn(Arc::clone(&state).accept(listener, move |state, stream| {
            let address = address.clone();
            async move { state.pass(stream, TcpStream::connect(address).await?).await }
        }));
        let facts = Facts { ldap_url: format!("ldap://localhost:{port}"), ..server.clone() };
        Ok(Self { state, facts, _folder: tempfile::tempdir()? })
    }

    /// The server's facts with this address, and for [`Proxy::tls`] with this CA.
    #[must_use]
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The next request of this kind, or its answer, is lost. May be said more than once.
    pub fn lose(&self, request: Request, loss: Loss) {
        guard(&self.state.fates).push_back((request, Fate::Lost(loss)));
    }

    /// The next request of this kind, or its answer, is lost after something else was done: for an answer, once the server
    /// has given it.
    pub fn lose_after(&self, request: Request, loss: Loss, action: impl FnOnce() + Send + 'static) {
        guard(&self.state.fates).push_back((request, Fate::LostAfter(loss, Box::new(action))));
    }

    /// The next request of this kind is left alone: what is said after this is about the one that follows it.
    pub fn spare(&self, request: Request) {
        guard(&self.state.fates).push_back((request, Fate::Spared));
    }

    /// The next request of this kind reaches the server after something else was done.
    pub fn before(&self, request: Request, action: impl FnOnce() + Send + 'static) {
        guard(&self.state.fates).push_back((request, Fate::PassedAfter(Box::new(action))));
    }

    /// From now on the server's answers come one byte after the other, with this pause in between; or again as they are.
    /// For [`Proxy::tls`].
    pub fn drip(&self, pause: Option<Duration>) {
        *guard(&self.state.drip) = pause;
    }

    /// How many requests of a kind came from the host. For [`Proxy::tls`].
    #[must_use]
    pub fn count(&self, request: Request) -> usize {
        guard(&self.state.requests).iter().filter(|tag| **tag == request as u8).count()
    }

    /// Every byte that came from the host. For [`Proxy::plain`].
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        guard(&self.state.bytes).clone()
    }

    /// Closes every connection and takes no other.
    pub fn stop(&self) {
        self.state.stopped.send_replace(true);
    }
}

impl State {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            requests: Mutex::default(),
            bytes: Mutex::default(),
            fates: Mutex::default(),
            drip: Mutex::default(),
            stopped: watch::Sender::new(false),
        })
    }

    async fn accept<F>(self: Arc<Self>, listener: TcpListener, serve: impl Fn(Arc<Self>, TcpStream) -> F)
    where
        F: Future<Output = Result<()>> + Send + 'static,
    {
        let mut stopped = self.stopped.subscribe();
        loop {
            let stream = tokio::select! {
                biased;
                _ = stopped.wait_for(|stopped| *stopped) => return,
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => stream,
                    Err(_) => return,
                },
            };
            let (serving, mut stopped) = (serve(Arc::clone(&self), stream), self.stopped.subscribe());
            // A connection that breaks is what this is for; the host's report tells about it.
            tokio::spawn(async move {
                tokio::select! {
                    _ = stopped.wait_for(|stopped| *stopped) => {}
                    _ = serving => {}
                }
            });
        }
    }

    async fn relay(&self, mut host: impl Stream, mut server: impl Stream) -> Result<()> {
        let (mut from_host, mut from_server) = (Vec::new(), Vec::new());
        loop {
            tokio::select! {
                read = host.read_buf(&mut from_host) => if read? == 0 { return Ok(()) },
                read = server.read_buf(&mut from_server) => if read? == 0 { return Ok(()) },
            }
            self.answer(&mut host, &std::mem::take(&mut from_server)).await?;
            while let Some((length, tag)) = message(&from_host) {
                guard(&self.requests).push(tag);
                let mut last = None;
                let loss = match self.fate(tag) {
                    Some(Fate::Lost(loss)) => Some(loss),
                    Some(Fate::LostAfter(loss, action)) => {
                        last = Some(action);
                        Some(loss)
                    }
                    Some(Fate::PassedAfter(action)) => {
                        action();
                        None
                    }
                    Some(Fate::Spared) | None => None,
                };
                if loss == Some(Loss::Request) {
                    last.into_iter().for_each(|action| action());
                    return Ok(());
                }
                server.write_all(&from_host.drain(..length).collect::<Vec<_>>()).await?;
                server.flush().await?;
                if loss.is_none() {
                    continue;
                }
                // The whole answer has come before it is lost, so that the request is known to have been done.
                while message(&from_server).is_none() {
                    if server.read_buf(&mut from_server).await? == 0 {
                        break;
                    }
                }
                last.into_iter().for_each(|action| action());
                if loss == Some(Loss::AnswerAndServer) {
                    self.stopped.send_replace(true);
                }
                return Ok(());
            }
        }
    }

    async fn answer(&self, host: &mut impl Stream, bytes: &[u8]) -> Result<()> {
        for (at, byte) in bytes.iter().enumerate() {
            let pause = *guard(&self.drip);
            let Some(pause) = pause else {
                host.write_all(bytes.get(at..).unwrap_or_default()).await?;
                break;
            };
            host.write_all(std::slice::from_ref(byte)).await?;
            host.flush().await?;
            tokio::time::sleep(pause).await;
        }
        Ok(host.flush().await?)
    }

    fn fate(&self, tag: u8) -> Option<Fate> {
        let mut fates = guard(&self.fates);
        let at = fates.iter().position(|(request, _)| *request as u8 == tag)?;
        fates.remove(at).map(|(_, fate)| fate)
    }

    async fn pass(&self, mut host: TcpStream, mut server: TcpStream) -> Result<()> {
        let (mut from_host, mut from_server) = (Vec::new(), Vec::new());
        loop {
            tokio::select! {
                read = host.read_buf(&mut from_host) => if read? == 0 { return Ok(()) },
                read = server.read_buf(&mut from_server) => if read? == 0 { return Ok(()) },
            }
            guard(&self.bytes).extend_from_slice(&from_host);
            server.write_all(&std::mem::take(&mut from_host)).await?;
            host.write_all(&std::mem::take(&mut from_server)).await?;
        }
    }
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// The length of the LDAP message at the start, and the tag of what it asks; nothing while it is not complete.
fn message(bytes: &[u8]) -> Option<(usize, u8)> {
    let (header, length) = match *bytes.get(1)? {
        short @ 0..=0x7f => (2, usize::from(short)),
        long => {
            let digits = bytes.get(2..2 + usize::from(long & 0x7f))?;
            (2 + digits.len(), digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)))
        }
    };
    let body = bytes.get(header..header + length)?;
    // The id of the message comes first: a tag, its length, its bytes.
    Some((header + length, *body.get(2 + usize::from(*body.get(1)?))?))
}

fn guard<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The proxy's certificate, and the CA that issued it, in PEM.
fn certificate() -> Result<(Arc<ServerConfig>, String)> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
    let key = KeyPair::generate()?;
    let certificate = CertificateParams::new(vec!["127.0.0.1".to_owned()])?.signed_by(&key, &authority)?;
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::try_from(key.serialize_der())?)?;
    Ok((Arc::new(config), authority.pem()))
}

fn client(server: &Facts) -> Result<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(&server.ca_file)?)?;
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}
