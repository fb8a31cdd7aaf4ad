//! TLS 1.2 and later (or 1.3, if the operator says so) with verified certificates; there is no way to switch the verification off.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::version::{TLS12, TLS13};
use rustls::{
    AlertDescription, CertificateError, ClientConfig, Error, PeerIncompatible, RootCertStore, SupportedProtocolVersion,
};

use super::{MinTls, SetupError};

pub(super) fn roots(ca_pem: Option<&[u8]>) -> Result<Arc<RootCertStore>, SetupError> {
    let mut roots = RootCertStore::empty();
    if let Some(pem) = ca_pem {
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|e| SetupError::Ca(format!("cannot be read ({e:?})")))?;
            roots.add(certificate).map_err(|e| SetupError::Ca(format!("holds a certificate that is none ({e})")))?;
        }
        if roots.is_empty() {
            return Err(SetupError::Ca("holds no certificate".to_owned()));
        }
    } else {
        let found = rustls_native_certs::load_native_certs();
        roots.add_parsable_certificates(found.certs);
        if roots.is_empty() {
            let reason = found.errors.first().map_or_else(|| "none was found".to_owned(), ToString::to_string);
            return Err(SetupError::SystemCa(reason));
        }
    }
    Ok(Arc::new(roots))
}

pub(super) fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

static SINCE_12: [&SupportedProtocolVersion; 2] = [&TLS13, &TLS12];
static SINCE_13: [&SupportedProtocolVersion; 1] = [&TLS13];

/// The versions of TLS that are spoken.
pub(super) fn versions(min: MinTls) -> &'static [&'static SupportedProtocolVersion] {
    match min {
        MinTls::Tls12 => &SINCE_12,
        MinTls::Tls13 => &SINCE_13,
    }
}

pub(super) fn config(roots: &Arc<RootCertStore>, min: MinTls) -> Result<Arc<ClientConfig>, SetupError> {
    let builder = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(versions(min))
        .map_err(|e| SetupError::Tls(e.to_string()))?;
    Ok(Arc::new(builder.with_root_certificates(Arc::clone(roots)).with_no_client_auth()))
}

/// For a server that is named by an IPv6 address. The LDAP library takes the name to verify from the host of a URL,
/// where the address stands in brackets, and refuses it; it is given another name, and the address is verified here.
pub(super) fn config_for_address(
    roots: &Arc<RootCertStore>,
    min: MinTls,
    address: Ipv6Addr,
) -> Result<Arc<ClientConfig>, SetupError> {
    let inner = WebPkiServerVerifier::builder_with_provider(Arc::clone(roots), provider())
        .build()
        .map_err(|e| SetupError::Tls(e.to_string()))?;
    let name = ServerName::IpAddress(IpAddr::V6(address).into());
    let mut config = ClientConfig::clone(&*config(roots, min)?);
    config.dangerous().set_certificate_verifier(Arc::new(AddressVerifier { inner, name }));
    // The other name means nothing to the server; an address is never sent (RFC 6066 section 3).
    config.enable_sni = false;
    Ok(Arc::new(config))
}

/// What a verifier that only looks at the certificate leaves to its `inner` one: the signatures of the handshake.
macro_rules! signatures_by_inner {
    () => {
        fn verify_tls12_signature(
            &self,
            message: &[u8],
            certificate: &rustls::pki_types::CertificateDer<'_>,
            signature: &rustls::DigitallySignedStruct,
        ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
            self.inner.verify_tls12_signature(message, certificate, signature)
        }

        fn verify_tls13_signature(
            &self,
            message: &[u8],
            certificate: &rustls::pki_types::CertificateDer<'_>,
            signature: &rustls::DigitallySignedStruct,
        ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
            self.inner.verify_tls13_signature(message, certificate, signature)
        }

        fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
            self.inner.supported_verify_schemes()
        }
    };
}
pub(super) use signatures_by_inner;

#[derive(Debug)]
struct AddressVerifier {
    inner: Arc<WebPkiServerVerifier>,
    name: ServerName<'static>,
}

impl ServerCertVerifier for AddressVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _stand_in: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.inner.verify_server_cert(end_entity, intermediates, &self.name, ocsp_response, now)
    }

    signatures_by_inner!();
}

/// A failed handshake in words that tell the operator what to look at.
pub(super) fn in_words(error: &Error) -> String {
    match error {
        Error::InvalidCertificate(reason) => certificate_in_words(reason),
        Error::InvalidMessage(_) => "it does not speak TLS on this port".to_owned(),
        Error::AlertReceived(AlertDescription::ProtocolVersion)
        | Error::PeerIncompatible(
            PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig | PeerIncompatible::ServerDoesNotSupportTls12Or13,
        ) => "it speaks no version of TLS that is taken here (see `min-tls`)".to_owned(),
        Error::AlertReceived(alert) => format!("it ended the TLS handshake with the alert {alert:?}"),
        other => format!("TLS failed: {other}"),
    }
}

fn certificate_in_words(reason: &CertificateError) -> String {
    match reason {
        // A bad signature: another CA of the same name, such as the one before the last renewal.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "its certificate was issued by a CA that is not trusted here: give that CA's certificate as the CA file"
                .to_owned()
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "its certificate has expired".to_owned(),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "its certificate is not valid yet: compare the clocks".to_owned()
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "its certificate is for another name: write the name in the certificate into the URL".to_owned()
        }
        CertificateError::Revoked => "its certificate was revoked".to_owned(),
        other => format!("its certificate cannot be accepted ({other})"),
    }
}
