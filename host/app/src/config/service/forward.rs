//! `[audit]`: where the audit log is forwarded to.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;

use url::{Host, Url};

use super::super::check::Check;
use super::super::file::Text;

/// `syslog = "tcp://collector.corp.example:601"`: a collector of syslog messages (RFC 5424).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Collector {
    /// RFC 5426.
    Udp {
        /// A name or an address.
        host: String,
        /// 514 without one.
        port: u16,
    },
    /// RFC 6587 with counted messages.
    Tcp {
        /// A name or an address.
        host: String,
        /// 601 without one.
        port: u16,
    },
    /// A socket of datagrams, as /dev/log is.
    Unix(PathBuf),
}

impl fmt::Display for Collector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Udp { host, port } => write!(f, "udp://{host}:{port}"),
            Self::Tcp { host, port } => write!(f, "tcp://{host}:{port}"),
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
        }
    }
}

impl Check<'_> {
    pub(super) fn forward(&mut self, syslog: Option<&Text>) -> Option<Option<Collector>> {
        let Some(text) = syslog else { return Some(None) };
        let Some((collector, is_here)) = Url::parse(text.get_ref()).ok().as_ref().and_then(collector) else {
            let help = format!(
                "write udp://, tcp:// or unix://: {}; over TLS by a collector on this machine that sends it on",
                self.example(&["audit", "syslog"])
            );
            self.findings.error("bad-url", text.span(), "this is not the URL of a syslog collector", "not one", help);
            return None;
        };
        if !is_here {
            let message = "the audit log names accounts, and would travel in the clear";
            let help = "name a collector on this machine, which sends it on over TLS";
            self.findings.warning("clear-text", text.span(), message, "not on this machine", help);
        }
        Some(Some(collector))
    }
}

/// The collector, and whether it is on this machine.
fn collector(url: &Url) -> Option<(Collector, bool)> {
    let plain = url.username().is_empty() && url.password().is_none() && url.query().is_none();
    if !plain || url.fragment().is_some() {
        return None;
    }
    if url.scheme() == "unix" {
        let path = PathBuf::from(url.path());
        return (url.host().is_none() && path.parent().is_some()).then_some((Collector::Unix(path), true));
    }
    if !matches!(url.path(), "" | "/") {
        return None;
    }
    // A scheme that the URL standard does not know has its host as a name, whatever it is.
    let host = match url.host()? {
        Host::Domain(name) if !name.is_empty() => name.to_owned(),
        Host::Domain(_) => return None,
        Host::Ipv4(ip) => ip.to_string(),
        Host::Ipv6(ip) => ip.to_string(),
    };
    let is_here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback());
    let collector = match url.scheme() {
        "udp" => Collector::Udp { host, port: url.port().unwrap_or(514) },
        "tcp" => Collector::Tcp { host, port: url.port().unwrap_or(601) },
        _ => return None,
    };
    Some((collector, is_here))
}
