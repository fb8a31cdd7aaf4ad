//! Why a connection cannot be used, told apart by what the operator has to do.

use rustls::{CertificateError, Error};

use super::super::tls;

/// Why a connection to a server cannot be used; each with words for the operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// There is none, or it broke before TLS began.
    Unreachable(String),
    /// The certificate was issued by nobody who is trusted here.
    UntrustedIssuer(String),
    /// The certificate has expired.
    Expired(String),
    /// The certificate is not valid yet.
    NotYetValid(String),
    /// The certificate is for another name.
    OtherName(String),
    /// Anything else about TLS.
    Tls(String),
}

impl Trouble {
    /// What happened.
    #[must_use]
    pub fn words(&self) -> &str {
        match self {
            Self::Unreachable(words)
            | Self::UntrustedIssuer(words)
            | Self::Expired(words)
            | Self::NotYetValid(words)
            | Self::OtherName(words)
            | Self::Tls(words) => words,
        }
    }

    pub(super) fn of(error: &std::io::Error) -> Self {
        let Some(error) = error.get_ref().and_then(|e| e.downcast_ref::<Error>()) else {
            return Self::Tls(format!("the TLS handshake failed ({error})"));
        };
        let words = tls::in_words(error);
        let Error::InvalidCertificate(reason) = error else { return Self::Tls(words) };
        match reason {
            CertificateError::UnknownIssuer | CertificateError::BadSignature => Self::UntrustedIssuer(words),
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => Self::Expired(words),
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => Self::NotYetValid(words),
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                Self::OtherName(words)
            }
            _ => Self::Tls(words),
        }
    }
}
