//! The way to collectors, of syslog and of OpenTelemetry, as far as it is the same: whom TLS believes, HTTP over it, and
//! what went wrong in words.
//!
//! TLS 1.2 and 1.3. The certificate and its name are verified, which nothing switches off; the host shows none of its
//! own, follows no redirect and takes no proxy.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::version::{TLS12, TLS13};
use rustls::{CertificateError, ClientConfig, RootCertStore};
use url::Url;

/// TLS that believes the authorities in a file (PEM), or those of this machine.
///
/// # Errors
/// There are none, in words for the operator.
pub(crate) fn tls(ca_file: Option<&Path>) -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    match ca_file {
        Some(file) => {
            let broken = |why: String| format!("the CA file {} {why}", file.display());
            let pem = std::fs::read(file).map_err(|error| broken(format!("cannot be read: {error}")))?;
            for certificate in CertificateDer::pem_slice_iter(&pem) {
                let certificate = certificate.map_err(|error| broken(format!("is not PEM: {error}")))?;
                roots.add(certificate).map_err(|error| broken(format!("holds what is no certificate: {error}")))?;
            }
            if roots.is_empty() {
                return Err(broken("holds no certificate".to_owned()));
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            if roots.is_empty() {
                return Err("this machine trusts no authority: install ca-certificates, or name a `ca-file`".to_owned());
            }
        }
    }
    with(roots)
}

fn with(roots: RootCertStore) -> Result<ClientConfig, String> {
    let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()));
    let builder = builder.with_protocol_versions(&[&TLS13, &TLS12]).map_err(|error| error.to_string())?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

/// HTTP/1.1 to a URL: over [`tls`] for https, in clear for http.
///
/// # Errors
/// As of [`tls`].
pub(crate) fn http(url: &Url, ca_file: Option<&Path>) -> Result<HttpsConnector<HttpConnector>, String> {
    // Where no TLS is spoken a machine needs no authorities.
    let tls = if url.scheme() == "https" { tls(ca_file)? } else { with(RootCertStore::empty())? };
    Ok(HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().build())
}

/// What went wrong, with its causes. Libraries tell the last one of them in the last place, or not at all.
pub(crate) fn in_words(error: &(dyn Error + 'static)) -> String {
    let mut words = error.to_string();
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(certificate) = of_certificate(error) {
            return certificate;
        }
        let text = error.to_string();
        if !words.contains(&text) {
            words = format!("{words}: {text}");
        }
        cause = error.source();
    }
    words
}

/// The words for a certificate that is not believed, with a remedy.
fn of_certificate(error: &(dyn Error + 'static)) -> Option<String> {
    let mut error = error;
    // An error of I/O does not name the one in it as its source, but the source of that.
    while let Some(inner) = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
        error = inner;
    }
    let Some(rustls::Error::InvalidCertificate(why)) = error.downcast_ref() else { return None };
    Some(match why {
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "its certificate was issued by a CA that is not trusted here: name that CA's certificate as `ca-file`"
                .into()
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "its certificate is for another name: write the name in the certificate into the URL".into()
        }
        other => format!("its certificate cannot be accepted: {other}"),
    })
}
