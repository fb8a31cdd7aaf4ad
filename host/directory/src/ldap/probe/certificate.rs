//! What a certificate says of itself. Decides nothing: what is trusted is decided by rustls alone.

use std::net::IpAddr;

use rustls::pki_types::CertificateDer;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// A certificate (RFC 5280), as far as an operator asks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Whose it is.
    pub subject: String,
    /// Who issued it.
    pub issuer: String,
    /// The DNS names and addresses that it is for.
    pub names: Vec<String>,
    /// From when on it counts, in seconds since 1970 UTC.
    pub not_before: i64,
    /// Until when it counts, in seconds since 1970 UTC.
    pub not_after: i64,
}

impl Certificate {
    pub(super) fn read(der: &CertificateDer<'_>) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        let names = certificate.subject_alternative_name().ok().flatten();
        let names = names.map(|names| names.value.general_names.iter().filter_map(name).collect());
        Some(Self {
            subject: certificate.subject().to_string(),
            issuer: certificate.issuer().to_string(),
            names: names.unwrap_or_default(),
            not_before: certificate.validity().not_before.timestamp(),
            not_after: certificate.validity().not_after.timestamp(),
        })
    }
}

fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => {
            let v4 = <[u8; 4]>::try_from(*bytes).map(IpAddr::from);
            v4.or_else(|_| <[u8; 16]>::try_from(*bytes).map(IpAddr::from)).ok().map(|address| address.to_string())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_tells_its_names_and_its_end() {
        let mut params = rcgen::CertificateParams::new(vec!["dc1.corp.example".to_owned()]).unwrap();
        for address in ["10.1.2.3", "2001:db8::1"] {
            params.subject_alt_names.push(rcgen::SanType::IpAddress(address.parse().unwrap()));
        }
        params.not_before = rcgen::date_time_ymd(2026, 1, 1);
        params.not_after = rcgen::date_time_ymd(2026, 12, 31);
        let certificate = params.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap();
        let read = Certificate::read(certificate.der()).unwrap();
        assert_eq!(read.names, ["dc1.corp.example", "10.1.2.3", "2001:db8::1"]);
        assert_eq!((read.not_before, read.not_after), (1_767_225_600, 1_798_675_200));
        assert_eq!(Certificate::read(&CertificateDer::from(vec![0x30, 0x82, 1])), None);
    }
}
