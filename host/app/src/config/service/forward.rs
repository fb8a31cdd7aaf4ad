//! `[audit]`: where the audit log is forwarded to.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;

use rustls::pki_types::ServerName;
use url::{Host, Url};

use super::super::check::Check;
use super::super::file::Text;
use super::file::Audit;

/// Where the lines of the audit log go: `syslog = "tls://collector.corp.example"` is one of syslog messages (RFC 5424),
/// `otlp = "https://collector.corp.example:4318"` one of OpenTelemetry.
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
    /// RFC 5425.
    Tls {
        /// A name or an address; the collector's certificate has to have it.
        host: String,
        /// 6514 without one.
        port: u16,
        /// The authorities that it may be signed by, in PEM; those of the machine without it.
        ca_file: Option<PathBuf>,
    },
    /// A socket of datagrams, as /dev/log is.
    Unix(PathBuf),
    /// OTLP by HTTP with protobuf.
    Otlp {
        /// http or https, without the `/v1/logs` behind it.
        url: Url,
        /// As in [`Collector::Tls`]; of no meaning for http.
        ca_file: Option<PathBuf>,
    },
}

impl Collector {
    /// The key of `[audit]` that names it, which tells it from the other one.
    #[must_use]
    pub const fn key(&self) -> &'static str {
        match self {
            Self::Udp { .. } | Self::Tcp { .. } | Self::Tls { .. } | Self::Unix(_) => "syslog",
            Self::Otlp { .. } => "otlp",
        }
    }

    /// Whether the lines can be read on the way by others than the collector.
    fn is_in_clear(&self) -> bool {
        let is_here = |host: &str| {
            let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
            host == "localhost" || address.is_ok_and(|ip| ip.to_canonical().is_loopback())
        };
        match self {
            Self::Udp { host, .. } | Self::Tcp { host, .. } => !is_here(host),
            Self::Otlp { url, .. } => url.scheme() == "http" && !url.host_str().is_some_and(is_here),
            Self::Tls { .. } | Self::Unix(_) => false,
        }
    }

    fn has_tls(&self) -> bool {
        matches!(self, Self::Tls { .. }) || matches!(self, Self::Otlp { url, .. } if url.scheme() == "https")
    }
}

impl fmt::Display for Collector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Udp { host, port } => write!(f, "udp://{host}:{port}"),
            Self::Tcp { host, port } => write!(f, "tcp://{host}:{port}"),
            Self::Tls { host, port, .. } => write!(f, "tls://{host}:{port}"),
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
            Self::Otlp { url, .. } => write!(f, "{url}"),
        }
    }
}

impl Check<'_> {
    /// The collectors of the audit log: none, one, or one of each kind.
    pub(super) fn forward(&mut self, audit: &Audit) -> Option<Vec<Collector>> {
        let ca_file = match &audit.ca_file {
            Some(file) => {
                let relative = "a relative path starts at the folder of this file";
                Some(self.certificates(file, "the authorities of the collectors", relative)?)
            }
            None => None,
        };
        let syslog = audit.syslog.as_ref().map(|text| self.syslog(text, ca_file.clone()));
        let otlp = audit.otlp.as_ref().map(|text| {
            let collector = Collector::Otlp { url: self.collector(text, &["audit", "otlp"])?, ca_file };
            self.in_clear(&collector, text);
            Some(collector)
        });
        let all: Vec<Collector> = [syslog, otlp].into_iter().flatten().collect::<Option<_>>()?;
        if let Some(file) = audit.ca_file.as_ref().filter(|_| !all.iter().any(Collector::has_tls)) {
            self.unused_ca_file(file);
        }
        Some(all)
    }

    /// `ca-file` where no TLS is spoken.
    pub(super) fn unused_ca_file(&mut self, file: &Text) {
        let message = "no collector of this section is reached over TLS: nobody looks at this file";
        let help = "write tls:// or https://, or take `ca-file` away";
        self.findings.warning("ca-file-unused", file.span(), message, "not used", help);
    }

    fn syslog(&mut self, text: &Text, ca_file: Option<PathBuf>) -> Option<Collector> {
        let Some(collector) = Url::parse(text.get_ref()).ok().and_then(|url| syslog(&url, ca_file)) else {
            let help = format!("write udp://, tcp://, tls:// or unix://: {}", self.example(&["audit", "syslog"]));
            self.findings.error("bad-url", text.span(), "this is not the URL of a syslog collector", "not one", help);
            return None;
        };
        self.in_clear(&collector, text);
        Some(collector)
    }

    fn in_clear(&mut self, collector: &Collector, text: &Text) {
        if collector.is_in_clear() {
            let message = "the audit log names accounts, and would travel in the clear";
            let tls = if collector.key() == "otlp" { "https://" } else { "tls://" };
            let help = format!("write {tls}, or name a collector on this machine, which sends it on over TLS");
            self.findings.warning("clear-text", text.span(), message, "not on this machine", help);
        }
    }
}

fn syslog(url: &Url, ca_file: Option<PathBuf>) -> Option<Collector> {
    let plain = url.username().is_empty() && url.password().is_none() && url.query().is_none();
    if !plain || url.fragment().is_some() {
        return None;
    }
    if url.scheme() == "unix" {
        let path = PathBuf::from(url.path());
        return (url.host().is_none() && path.parent().is_some()).then_some(Collector::Unix(path));
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
    match url.scheme() {
        "udp" => Some(Collector::Udp { host, port: url.port().unwrap_or(514) }),
        "tcp" => Some(Collector::Tcp { host, port: url.port().unwrap_or(601) }),
        "tls" if ServerName::try_from(host.as_str()).is_ok() => {
            Some(Collector::Tls { host, port: url.port().unwrap_or(6514), ca_file })
        }
        _ => None,
    }
}
