//! Every caller of the configuration, and how each is known.

use std::collections::HashMap;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use subtle::ConstantTimeEq as _;
use webpki::EndEntityCert;

use super::caller::Caller;
use super::token::digest;
use crate::config::{ClientCertificate, ServiceConfig};

/// Longer texts are no tokens, and nobody makes the host hash them. In bytes.
const LONGEST_TOKEN: usize = 1024;

/// The callers. What is asked of it has to come from the connection itself, never from what a request says of itself:
/// a certificate that rustls verified, the uid that the kernel tells of a socket's peer (SO_PEERCRED).
#[derive(Debug, Default)]
pub struct Callers {
    tokens: Vec<([u8; 32], Arc<Caller>)>,
    certificates: HashMap<[u8; 32], Arc<Caller>>,
    names: HashMap<String, Arc<Caller>>,
    uids: HashMap<u32, Arc<Caller>>,
    all: HashMap<String, Arc<Caller>>,
}

impl Callers {
    /// The callers of a configuration, in which no credential is there twice.
    #[must_use]
    pub fn new(config: &ServiceConfig) -> Self {
        let mut callers = Self::default();
        for section in &config.callers {
            let caller = Arc::new(Caller::new(section));
            callers.all.insert(section.name.clone(), Arc::clone(&caller));
            callers.tokens.extend(section.tokens.iter().map(|hash| (*hash, Arc::clone(&caller))));
            match &section.certificate {
                Some(ClientCertificate::Sha256(hash)) => drop(callers.certificates.insert(*hash, Arc::clone(&caller))),
                Some(ClientCertificate::Dns(name)) => drop(callers.names.insert(name.clone(), Arc::clone(&caller))),
                None => {}
            }
            callers.uids.extend(section.uid.map(|uid| (uid, caller)));
        }
        callers
    }

    /// The caller of a name that the journal holds: who asked for an operation, with the rights that it has now.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<Arc<Caller>> {
        let operator = || Arc::new(Caller::operator());
        self.all.get(name).cloned().or_else(|| (name == operator().name).then(operator))
    }

    /// The caller whose token this is. Compares with every token, in a time that tells nothing of which one is close.
    #[must_use]
    pub fn by_token(&self, token: &str) -> Option<Arc<Caller>> {
        if token.len() > LONGEST_TOKEN {
            return None;
        }
        let hash = digest(token.as_bytes());
        let mut found = None;
        for (known, caller) in &self.tokens {
            if bool::from(known.ct_eq(&hash)) {
                found = Some(caller);
            }
        }
        found.map(Arc::clone)
    }

    /// The caller whose client certificate this is, as DER. Its chain and its time must have been verified before.
    ///
    /// A caller that names the certificate itself comes first. A certificate with the names of two callers is nobody's:
    /// which of them asks cannot be told.
    #[must_use]
    pub fn by_certificate(&self, der: &[u8]) -> Option<Arc<Caller>> {
        if let Some(caller) = self.certificates.get(&digest(der)) {
            return Some(Arc::clone(caller));
        }
        let der = CertificateDer::from(der);
        let certificate = EndEntityCert::try_from(&der).ok()?;
        // A caller is one name. `valid_dns_names` gives wildcards as they are written, and no caller is called so.
        let mut found: Option<&Arc<Caller>> = None;
        for name in certificate.valid_dns_names() {
            let Some(caller) = self.names.get(&name.to_ascii_lowercase()) else { continue };
            if found.is_some_and(|other| !Arc::ptr_eq(other, caller)) {
                return None;
            }
            found = Some(caller);
        }
        found.map(Arc::clone)
    }

    /// The caller that runs as this user, on the unix socket.
    #[must_use]
    pub fn by_uid(&self, uid: u32) -> Option<Arc<Caller>> {
        self.uids.get(&uid).map(Arc::clone)
    }
}

#[cfg(test)]
mod tests;
