//! TLS of the doors: rustls, TLS 1.2 and 1.3, and callers' certificates if the operator names who issues them.

use std::io;
use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// Why there can be no TLS. Never holds anything of a key.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The certificate's file.
    #[error("`certificate` holds no certificate chain in PEM: {0}")]
    Certificate(String),
    /// The key.
    #[error("`key` holds no private key in PEM (PKCS#8, PKCS#1 or SEC1, not encrypted)")]
    Key,
    /// They do not belong together.
    #[error("`certificate` and `key` do not fit together: {0}")]
    Mismatch(String),
    /// The issuers of callers' certificates.
    #[error("`client-ca` holds no certificates of authorities in PEM: {0}")]
    ClientCa(String),
}

/// Whose certificates are believed.
#[derive(Debug, Clone, Copy)]
pub struct ClientCa<'a> {
    /// The authorities, PEM.
    pub pem: &'a [u8],
    /// Whether a caller without a certificate is turned away in the handshake. Otherwise it may use a token.
    pub require: bool,
}

/// The TLS of a door. Replacing its configuration counts from the next connection on; cheap to clone.
#[derive(Debug, Clone)]
pub struct Tls(Arc<ArcSwap<ServerConfig>>);

impl Tls {
    /// With a first configuration.
    #[must_use]
    pub fn new(config: ServerConfig) -> Self {
        Self(Arc::new(ArcSwap::from_pointee(config)))
    }

    /// A new certificate or new authorities.
    pub fn replace(&self, config: ServerConfig) {
        self.0.store(Arc::new(config));
    }

    pub(super) async fn accept<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: S) -> io::Result<TlsStream<S>> {
        TlsAcceptor::from(self.0.load_full()).accept(stream).await
    }
}

/// The configuration of a server.
///
/// # Errors
/// [`TlsError`] says which of the files is wrong.
pub fn config(certificate: &[u8], key: &[u8], client_ca: Option<ClientCa<'_>>) -> Result<ServerConfig, TlsError> {
    let chain = certificates(certificate).map_err(TlsError::Certificate)?;
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| TlsError::Key)?;
    let provider = Arc::new(default_provider());
    let builder = ServerConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .map_err(|error| TlsError::Mismatch(error.to_string()))?;
    let builder = match client_ca {
        None => builder.with_no_client_auth(),
        Some(ca) => {
            let mut roots = RootCertStore::empty();
            for certificate in certificates(ca.pem).map_err(TlsError::ClientCa)? {
                roots.add(certificate).map_err(|error| TlsError::ClientCa(error.to_string()))?;
            }
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            let verifier = if ca.require { verifier } else { verifier.allow_unauthenticated() };
            builder.with_client_cert_verifier(verifier.build().map_err(|e| TlsError::ClientCa(e.to_string()))?)
        }
    };
    let mut config = builder.with_single_cert(chain, key).map_err(|error| TlsError::Mismatch(error.to_string()))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let found: Vec<_> =
        CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().map_err(|error| error.to_string())?;
    if found.is_empty() { Err("there is none in it".to_owned()) } else { Ok(found) }
}

/// The certificate that the other end showed, DER.
pub(super) fn peer_certificate<S>(stream: &TlsStream<S>) -> Option<Vec<u8>> {
    let (_, connection) = stream.get_ref();
    connection.peer_certificates()?.first().map(|certificate| certificate.as_ref().to_vec())
}
