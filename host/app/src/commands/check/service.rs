//! What `portcullis check` finds out about the service beyond what loading portcullis.toml does: whether the TLS key can
//! be read here and fits the certificate. Opens no socket.

use std::path::Path;
use std::sync::Arc;

use portcullis_capabilities::Severity;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::{Finding, warned};
use crate::config::{SERVICE_FILE, ServiceConfig, Tls};

/// Nothing, if there is no portcullis.toml.
pub(super) fn findings(service: &ServiceConfig, folder: &Path) -> Option<Vec<Finding>> {
    if !folder.join(SERVICE_FILE).is_file() {
        return None;
    }
    let addresses = service.listen.addresses.iter().map(ToString::to_string);
    let places: Vec<String> =
        addresses.chain(service.listen.socket.iter().map(|at| at.display().to_string())).collect();
    let names: Vec<&str> = service.callers.iter().map(|caller| caller.name.as_str()).collect();
    let mut findings = vec![Finding::new(Severity::Good, format!("it would listen on {}", places.join(", ")), "")];
    findings.push(if names.is_empty() {
        let remedy = "add a section [callers.NAME]; `portcullis token` makes a token for it";
        Finding::new(Severity::Warning, "it knows no caller: only the control socket could be used", remedy)
    } else {
        Finding::new(Severity::Good, format!("callers: {}", names.join(", ")), "")
    });
    findings.extend(service.warnings.iter().map(warned));
    findings.extend(service.tls.iter().flat_map(tls));
    Some(findings)
}

fn tls(tls: &Tls) -> Vec<Finding> {
    let key = match tls.key.resolve_pem() {
        Ok(key) => key,
        Err(problem) => return vec![Finding { severity: Severity::Problem, ..warned(&problem) }],
    };
    let mut findings: Vec<Finding> = key.warnings.iter().map(warned).collect();
    findings.push(match fit(&tls.certificate, &key.bytes) {
        Ok(()) => {
            Finding::new(Severity::Good, format!("the key fits the certificate {}", tls.certificate.display()), "")
        }
        Err(problem) => Finding::new(
            Severity::Problem,
            format!("{} and {} cannot be used together: {problem}", tls.certificate.display(), tls.key),
            "name the certificate that was issued for this key, with its chain after it, both in PEM",
        ),
    });
    findings
}

/// Whether rustls would serve with them.
fn fit(certificate: &Path, key: &[u8]) -> Result<(), String> {
    let pem = std::fs::read(certificate).map_err(|error| error.to_string())?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let chain = chain.map_err(|error| format!("the certificate cannot be read: {error}"))?;
    // What the parser says of a key could hold parts of it.
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| "the key cannot be read".to_owned())?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| error.to_string())?.with_no_client_auth();
    builder.with_single_cert(chain, key).map(drop).map_err(|error| error.to_string())
}
