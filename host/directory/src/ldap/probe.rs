//! One server by itself: can it be reached, how is the connection protected, and which certificate does it show?
//!
//! Sends StartTLS and the TLS handshake and nothing else: no name, no password. A certificate is looked at even where it
//! is refused, and it is refused by the same rules as for every other connection.

mod certificate;
mod trouble;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, Error, ProtocolVersion};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;

pub use certificate::Certificate;
pub use trouble::Trouble;

use super::settings::{MinTls, Protection, Settings, SetupError, Target};
use super::{start_tls, tls};

/// How many certificates of a chain are looked at.
const MOST_CERTIFICATES: usize = 8;

/// What keeps others from reading what is sent to a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// Nothing: no password is sent over it.
    Open,
    /// TLS from the first byte.
    Tls,
    /// TLS after StartTLS (RFC 4511 section 4.14).
    StartTls,
    /// A socket of this machine.
    LocalSocket,
}

/// What one server showed.
#[derive(Debug, Clone)]
pub struct Probe {
    /// As the operator wrote it.
    pub url: String,
    /// How it is protected.
    pub channel: Channel,
    /// How long the connection took; nothing if there was none, and for a local socket.
    pub connected: Option<Duration>,
    /// How long StartTLS and the handshake took; nothing without TLS, and if they failed.
    pub secured: Option<Duration>,
    /// `TLS 1.3`, or `TLS 1.2`.
    pub version: Option<&'static str>,
    /// What the server showed, its own certificate first; also where it was refused.
    pub certificates: Vec<Certificate>,
    /// Why the connection cannot be used.
    pub trouble: Option<Trouble>,
}

/// Looks at each server of the settings by itself, one after the other.
///
/// # Errors
/// [`SetupError`], as for a directory of these settings.
pub async fn probe(settings: &Settings) -> Result<Vec<Probe>, SetupError> {
    let targets = settings.check()?;
    let mut probes = Vec::with_capacity(targets.len());
    for target in &targets {
        let verifier = match target.tls {
            Some(_) => Some(Arc::new(Recorder::new(settings.ca_pem.as_deref())?)),
            None => None,
        };
        probes.push(look(target, verifier, settings.min_tls, settings.connect_timeout).await?);
    }
    Ok(probes)
}

async fn look(
    target: &Target,
    verifier: Option<Arc<Recorder>>,
    min: MinTls,
    limit: Duration,
) -> Result<Probe, SetupError> {
    let channel = match target.protection {
        Protection::None => Channel::Open,
        Protection::Tls => Channel::Tls,
        Protection::StartTls => Channel::StartTls,
        Protection::LocalSocket => Channel::LocalSocket,
    };
    let mut probe = Probe {
        url: target.url.clone(),
        channel,
        connected: None,
        secured: None,
        version: None,
        certificates: Vec::new(),
        trouble: None,
    };
    let Some((host, port)) = &target.tcp else { return Ok(probe) };
    let started = Instant::now();
    let unreachable = |why: String| Some(Trouble::Unreachable(why));
    let stream = match timeout(limit, TcpStream::connect((host.as_str(), *port))).await {
        Err(_) => {
            probe.trouble = unreachable(format!("no connection within {limit:?}"));
            return Ok(probe);
        }
        Ok(Err(error)) => {
            probe.trouble = unreachable(format!("no connection ({error})"));
            return Ok(probe);
        }
        Ok(Ok(stream)) => stream,
    };
    probe.connected = Some(started.elapsed());
    let Some(verifier) = verifier else { return Ok(probe) };
    let connector = connector(&verifier, min)?;
    let name = ServerName::try_from(host.clone()).map_err(|error| SetupError::Tls(error.to_string()))?;
    let secured = timeout(limit, handshake(connector, name, stream, channel)).await;
    probe.certificates = verifier.certificates();
    match secured {
        Err(_) => probe.trouble = Some(Trouble::Tls(format!("no TLS handshake within {limit:?}"))),
        Ok(Err(trouble)) => probe.trouble = Some(trouble),
        Ok(Ok(version)) => {
            probe.version = version;
            probe.secured = Some(started.elapsed());
        }
    }
    Ok(probe)
}

async fn handshake(
    connector: TlsConnector,
    name: ServerName<'static>,
    mut stream: TcpStream,
    channel: Channel,
) -> Result<Option<&'static str>, Trouble> {
    if channel == Channel::StartTls {
        start_tls::ask(&mut stream).await.map_err(Trouble::Tls)?;
    }
    let stream = connector.connect(name, stream).await.map_err(|error| Trouble::of(&error))?;
    Ok(match stream.get_ref().1.protocol_version() {
        Some(ProtocolVersion::TLSv1_3) => Some("TLS 1.3"),
        Some(ProtocolVersion::TLSv1_2) => Some("TLS 1.2"),
        _ => None,
    })
}

fn connector(verifier: &Arc<Recorder>, min: MinTls) -> Result<TlsConnector, SetupError> {
    let config = ClientConfig::builder_with_provider(tls::provider())
        .with_protocol_versions(tls::versions(min))
        .map_err(|error| SetupError::Tls(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(verifier) as Arc<dyn ServerCertVerifier>)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// Keeps what the server showed, and decides nothing: that is done by the verifier of every other connection.
#[derive(Debug)]
struct Recorder {
    inner: Arc<WebPkiServerVerifier>,
    shown: Mutex<Vec<CertificateDer<'static>>>,
}

impl Recorder {
    fn new(ca_pem: Option<&[u8]>) -> Result<Self, SetupError> {
        let inner = WebPkiServerVerifier::builder_with_provider(tls::roots(ca_pem)?, tls::provider())
            .build()
            .map_err(|error| SetupError::Tls(error.to_string()))?;
        Ok(Self { inner, shown: Mutex::default() })
    }

    fn certificates(&self) -> Vec<Certificate> {
        let shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        shown.iter().filter_map(Certificate::read).collect()
    }
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let shown = std::iter::once(end_entity).chain(intermediates).take(MOST_CERTIFICATES);
        let shown = shown.map(|certificate| certificate.clone().into_owned()).collect();
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = shown;
        self.inner.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    tls::signatures_by_inner!();
}
