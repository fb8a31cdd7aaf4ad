//! What an operator sets for LDAP servers, checked before anything connects.

use std::net::Ipv6Addr;
use std::sync::Arc;
use std::time::Duration;

use portcullis_model::Password;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use url::{Host, Url};

use super::tls;

/// How to reach the servers of one directory.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `ldaps://host[:port]`, `ldap://host[:port]` or `ldapi://%2Fpath%2Fof%2Fsocket`; tried in this order.
    pub urls: Vec<String>,
    /// Negotiate TLS on `ldap://` before anything else is sent.
    pub start_tls: bool,
    /// The oldest version of TLS that is spoken; a server that knows only older ones is not used.
    pub min_tls: MinTls,
    /// The CA certificates that are trusted, and no others; without them, those of the system.
    pub ca_pem: Option<Vec<u8>>,
    /// The service account: its DN and its password.
    pub bind: Option<(String, Arc<Password>)>,
    /// How many connections to each server are kept at most for the service account.
    pub connections: usize,
    /// The longest that a connection may take to be ready, with TLS and the bind, and the longest wait for a free one.
    pub connect_timeout: Duration,
    /// The longest that a request may take, a search with all of its entries.
    pub request_timeout: Duration,
    /// A connection that was idle for so long is not used again.
    pub idle_timeout: Duration,
}

/// The oldest version of TLS that is spoken with a server. There is none below 1.2 (RFC 8996).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum MinTls {
    /// TLS 1.2 (RFC 5246) and later.
    #[default]
    Tls12,
    /// TLS 1.3 (RFC 8446) and later.
    Tls13,
}

impl MinTls {
    /// Every one, the oldest first.
    pub const ALL: [Self; 2] = [Self::Tls12, Self::Tls13];

    /// The version as people write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tls12 => "1.2",
            Self::Tls13 => "1.3",
        }
    }
}

/// Why no directory can be made of the settings.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SetupError {
    /// No server.
    #[error("`urls` is empty: name at least one server, for example ldaps://dc1.corp.example")]
    NoUrl,
    /// One of the URLs.
    #[error("the URL {url} {problem}")]
    Url {
        /// Without user and password.
        url: String,
        /// What is wrong with it, and what would be right.
        problem: String,
    },
    /// The operator's own CA.
    #[error("the CA file {0}: give the CA's certificate in PEM (`-----BEGIN CERTIFICATE-----`)")]
    Ca(String),
    /// The system's CAs.
    #[error("the system has no trusted CA certificates that can be read ({0}): name a CA file")]
    SystemCa(String),
    /// A number or a time that must not be zero.
    #[error("{0} must be more than zero")]
    Zero(&'static str),
    /// A bind with an empty name is an anonymous one, whatever the password (RFC 4513 section 5.1).
    #[error("the service account's DN is empty: name the account, or leave its password out too")]
    EmptyBindDn,
    /// The TLS library refuses.
    #[error("TLS cannot be set up: {0}")]
    Tls(String),
}

/// What keeps others from reading a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protection {
    None,
    Tls,
    StartTls,
    LocalSocket,
}

/// One server.
#[derive(Debug)]
pub(super) struct Target {
    /// As the operator wrote it.
    pub(super) url: String,
    /// What the library is given.
    pub(super) library_url: Url,
    /// Host and port, if it is not a local socket.
    pub(super) tcp: Option<(String, u16)>,
    pub(super) protection: Protection,
    pub(super) tls: Option<Arc<ClientConfig>>,
}

impl Target {
    pub(super) fn is_protected(&self) -> bool {
        self.protection != Protection::None
    }
}

impl Settings {
    pub(super) fn check(&self) -> Result<Vec<Target>, SetupError> {
        if self.urls.is_empty() {
            return Err(SetupError::NoUrl);
        }
        if self.connections == 0 {
            return Err(SetupError::Zero("the number of connections"));
        }
        let times = [
            (self.connect_timeout, "the time to connect"),
            (self.request_timeout, "the time for a request"),
            (self.idle_timeout, "the time that a connection may be idle"),
        ];
        if let Some((_, name)) = times.iter().find(|(time, _)| time.is_zero()) {
            return Err(SetupError::Zero(name));
        }
        if self.bind.as_ref().is_some_and(|(dn, _)| dn.is_empty()) {
            return Err(SetupError::EmptyBindDn);
        }
        let mut targets = self.urls.iter().map(|url| self.target(url)).collect::<Result<Vec<_>, _>>()?;
        self.add_tls(&mut targets)?;
        Ok(targets)
    }

    fn target(&self, url: &str) -> Result<Target, SetupError> {
        // A password that somebody wrote into the URL is not repeated.
        let shown = url.rsplit_once('@').map_or_else(|| url.to_owned(), |(_, rest)| format!("...@{rest}"));
        parse(url, self.start_tls).map_err(|problem| SetupError::Url { url: shown, problem })
    }

    fn add_tls(&self, targets: &mut [Target]) -> Result<(), SetupError> {
        let needs = |t: &Target| matches!(t.protection, Protection::Tls | Protection::StartTls);
        // A CA file that nothing uses is checked too: it says what the operator expects.
        if !targets.iter().any(needs) && self.ca_pem.is_none() {
            return Ok(());
        }
        let roots = tls::roots(self.ca_pem.as_deref())?;
        let config = tls::config(&roots, self.min_tls)?;
        for target in targets.iter_mut().filter(|t| needs(t)) {
            let ipv6 = target.tcp.as_ref().and_then(|(host, _)| host.parse::<Ipv6Addr>().ok());
            target.tls = Some(match ipv6 {
                Some(address) => tls::config_for_address(&roots, self.min_tls, address)?,
                None => Arc::clone(&config),
            });
        }
        Ok(())
    }
}

fn parse(url: &str, start_tls: bool) -> Result<Target, String> {
    let parsed = Url::parse(url).map_err(|e| format!("is no URL ({e}): write ldaps://host"))?;
    let protection = match (parsed.scheme(), start_tls) {
        ("ldap", true) => Protection::StartTls,
        ("ldap", false) => Protection::None,
        ("ldaps" | "ldapi", true) => return Err("cannot use StartTLS: it is for ldap:// alone".to_owned()),
        ("ldaps", false) => Protection::Tls,
        ("ldapi", false) => Protection::LocalSocket,
        (scheme, _) => return Err(format!("has the scheme {scheme}: it must be ldaps, ldap or ldapi")),
    };
    if !parsed.username().is_empty() || parsed.password().is_some() {
        return Err("holds a user: the service account is set apart from the URL".to_owned());
    }
    let Some(host) = parsed.host().filter(|host| *host != Host::Domain("")) else {
        return Err(match protection {
            Protection::LocalSocket => "names no socket: write its path with %2F for each /".to_owned(),
            _ => "names no host".to_owned(),
        });
    };
    if !matches!(parsed.path(), "" | "/") || parsed.query().is_some() || parsed.fragment().is_some() {
        return Err("holds more than a scheme, a host and a port: search bases are set apart from it".to_owned());
    }
    let target = |library_url, tcp| Ok(Target { url: url.to_owned(), library_url, tcp, protection, tls: None });
    if protection == Protection::LocalSocket {
        let absolute = host.to_string().get(..3).is_some_and(|start| start.eq_ignore_ascii_case("%2f"));
        return match (absolute, parsed.port()) {
            (true, None) => target(parsed, None),
            _ => Err("is not the absolute path of a socket with %2F for each /, without a port".to_owned()),
        };
    }
    let port = parsed.port().unwrap_or(if protection == Protection::Tls { 636 } else { 389 });
    match host {
        // The library cannot verify an IPv6 address: see `tls::config_for_address`.
        Host::Ipv6(address) => target(library_url("ipv6.invalid", protection)?, Some((address.to_string(), port))),
        host => {
            let host = host.to_string();
            if ServerName::try_from(host.as_str()).is_err() {
                return Err("names no host that a certificate could be for: write a DNS name or an address".to_owned());
            }
            target(library_url(&host, protection)?, Some((host, port)))
        }
    }
}

/// For the library, which gets a connected socket: whether TLS begins at once, and which name is verified.
fn library_url(host: &str, protection: Protection) -> Result<Url, String> {
    let scheme = if protection == Protection::None { "ldap" } else { "ldaps" };
    Url::parse(&format!("{scheme}://{host}")).map_err(|e| format!("cannot be used ({e})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(urls: &[&str]) -> Settings {
        Settings {
            urls: urls.iter().map(|&url| url.to_owned()).collect(),
            start_tls: false,
            min_tls: MinTls::Tls12,
            ca_pem: None,
            bind: None,
            connections: 1,
            connect_timeout: Duration::from_secs(1),
            request_timeout: Duration::from_secs(1),
            idle_timeout: Duration::from_secs(1),
        }
    }

    fn problem(url: &str) -> String {
        settings(&[url]).check().unwrap_err().to_string()
    }

    #[test]
    fn refuses_what_is_no_server_and_says_why() {
        assert_eq!(settings(&[]).check().unwrap_err(), SetupError::NoUrl);
        for (url, word) in [
            ("dc1.corp.example", "no URL"),
            ("https://dc1", "https"),
            ("ldap://", "host"),
            ("ldap:dc1", "host"),
            ("ldap://dc1/dc=example", "more than"),
            ("ldap://dc1?uid", "more than"),
            ("ldap://höst", "DNS name"),
            ("ldapi://", "%2F"),
            ("ldapi:///run/ldapi", "%2F"),
            ("ldapi://run%2Fldapi", "absolute"),
        ] {
            assert!(problem(url).contains(word), "{url}: {}", problem(url));
        }
        let start_tls = Settings { start_tls: true, ..settings(&["ldap://a", "ldapi://%2Frun%2Fldapi"]) };
        assert!(start_tls.check().unwrap_err().to_string().contains("StartTLS"));
        let zero = Settings { request_timeout: Duration::ZERO, ..settings(&["ldap://a"]) };
        assert_eq!(zero.check().unwrap_err(), SetupError::Zero("the time for a request"));
    }

    #[test]
    fn never_repeats_a_password_in_a_url() {
        let problem = problem("ldap://cn=admin:hunter2@dc1");
        assert!(problem.contains("holds a user") && !problem.contains("hunter2"), "{problem}");
    }

    #[test]
    fn refuses_a_ca_file_without_certificates() {
        for (pem, word) in [
            ("", "no certificate"),
            ("hello", "no certificate"),
            ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "certificate"),
        ] {
            let settings = Settings { ca_pem: Some(pem.as_bytes().to_vec()), ..settings(&["ldaps://dc1"]) };
            let error = settings.check().unwrap_err();
            assert!(matches!(&error, SetupError::Ca(text) if text.contains(word)), "{error}");
        }
    }

    #[test]
    fn knows_what_is_protected() {
        let target = |url, start_tls| parse(url, start_tls).unwrap();
        assert!(!target("ldap://dc1", false).is_protected());
        for target in [
            target("ldap://dc1", true),
            target("ldaps://dc1", false),
            target("ldaps://[::1]:1636", false),
            target("ldapi://%2Frun%2Fldapi", false),
        ] {
            assert!(target.is_protected(), "{target:?}");
        }
        assert_eq!(target("ldaps://[::1]", false).tcp, Some(("::1".to_owned(), 636)));
        assert_eq!(target("ldap://10.0.0.1", false).tcp, Some(("10.0.0.1".to_owned(), 389)));
    }
}
