//! What portcullis.toml says, once it has been checked: plain data without places and without secrets.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use portcullis_model::{Login, OperationKind};
use url::Url;

use super::super::diagnostic::Diagnostic;
use super::super::pattern::Pattern;
use super::super::secret::SecretSource;
use super::alarms::Alarms;
use super::forward::Collector;

/// The service, as its operator wants it. [`ServiceConfig::default`] is what an absent file means: on loopback, and
/// nobody may ask for anything but the operator on the control socket.
#[derive(Debug, Clone, Default)]
pub struct ServiceConfig {
    /// `[listen]`: where callers connect.
    pub listen: Listen,
    /// `[tls]`; without it callers are served in the clear, on loopback only.
    pub tls: Option<Tls>,
    /// `[callers.NAME]`, in the order of their names.
    pub callers: Vec<CallerConfig>,
    /// `[limits]`.
    pub limits: ServiceLimits,
    /// `[delivery]`.
    pub delivery: Delivery,
    /// `[journal]`: how long it remembers.
    pub journal: Retention,
    /// `[keys]` for sealed passwords.
    pub keys: SealKeys,
    /// `[alarms]`.
    pub alarms: Alarms,
    /// `[audit]`: where the audit log is forwarded to; at most one of each kind.
    pub forward: Vec<Collector>,
    /// `[observe]`.
    pub observe: Observe,
    /// `[connectors.NAME.test-account]`: the account of each connector on which `doctor` may try a reset.
    pub test_accounts: BTreeMap<String, Login>,
    /// What is allowed but unwise, in the order of the lines.
    pub warnings: Vec<Diagnostic>,
}

/// `[listen]`. At least one of the two is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listen {
    /// Addresses with ports; loopback only, unless there is [`Tls`]. Empty for the socket alone.
    pub addresses: Vec<SocketAddr>,
    /// A unix socket on which callers are known by their uid. At most [`Listen::MAX_SOCKET_BYTES`] long.
    pub socket: Option<PathBuf>,
}

impl Listen {
    /// The longest path of a unix socket on Linux: `sun_path` holds 108 bytes with the NUL (unix(7)).
    pub const MAX_SOCKET_BYTES: usize = 107;
}

impl Default for Listen {
    fn default() -> Self {
        Self { addresses: vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 8440))], socket: None }
    }
}

/// `[tls]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// The server's certificate with its chain, in PEM.
    pub certificate: PathBuf,
    /// Its private key in PEM: read it by [`SecretSource::resolve_pem`].
    pub key: SecretSource,
    /// The authorities of client certificates, in PEM; with them callers may show one.
    pub client_ca: Option<PathBuf>,
    /// Without a client certificate there is no connection; only with [`Tls::client_ca`].
    pub require: bool,
}

/// `[callers.NAME]`: who asks, and for what. Has at least one of token, certificate and uid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallerConfig {
    /// The name in log lines, in the journal and in sealed passwords; never `operator`.
    pub name: String,
    /// SHA-256 of each of its tokens. No two callers share one.
    pub tokens: Vec<[u8; 32]>,
    /// How its client certificate is known.
    pub certificate: Option<ClientCertificate>,
    /// The user of the process at the other end of the unix socket.
    pub uid: Option<u32>,
    /// What it may ask for; never empty.
    pub operations: Vec<OperationKind>,
    /// For which accounts; never empty.
    pub accounts: Vec<Pattern>,
    /// For which accounts not, whatever `accounts` says.
    pub except: Vec<Pattern>,
    /// An LDAP filter (RFC 4515): entries that it finds are never touched for this caller.
    pub exclude: Option<String>,
    /// Through which connectors; all of them without it.
    pub connectors: Option<Vec<String>>,
    /// How often it may ask.
    pub rate: Rate,
    /// Which operations it may read.
    pub see: See,
    /// It may cancel and retry operations.
    pub manage: bool,
}

/// How a client certificate is known. Its chain ends at [`Tls::client_ca`] in either case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientCertificate {
    /// By a DNS name among its subject alternative names, in lower case. Wildcards in it do not count.
    Dns(String),
    /// By the SHA-256 of the whole certificate (DER).
    Sha256([u8; 32]),
}

/// Which operations a caller may read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum See {
    /// Its own.
    Own,
    /// Everybody's.
    All,
}

/// `600/m`: how often something may happen. As many may come at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How often.
    pub count: NonZeroU32,
    /// In which time.
    pub per: Per,
}

/// The time of a [`Rate`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Per {
    /// `/s`
    Second,
    /// `/m`
    Minute,
    /// `/h`
    Hour,
}

impl Rate {
    /// 600/m
    pub const CALLER: Self = Self { count: NonZeroU32::MIN.saturating_add(599), per: Per::Minute };
    /// 10/h
    pub const ACCOUNT: Self = Self { count: NonZeroU32::MIN.saturating_add(9), per: Per::Hour };
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match self.per {
            Per::Second => "s",
            Per::Minute => "m",
            Per::Hour => "h",
        };
        write!(f, "{}/{unit}", self.count)
    }
}

/// `[limits]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceLimits {
    /// How often anybody may ask about one account, all callers together.
    pub account_rate: Rate,
}

impl Default for ServiceLimits {
    fn default() -> Self {
        Self { account_rate: Rate::ACCOUNT }
    }
}

/// `[delivery]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// How long a request waits for the outcome; at most [`Delivery::deadline`].
    pub wait: Duration,
    /// The life of an operation where the caller names none, and the longest that a caller may name.
    pub deadline: Duration,
    /// The pause before the second attempt; at most [`Delivery::retry_longest`].
    pub retry_first: Duration,
    /// The longest pause between two attempts.
    pub retry_longest: Duration,
    /// After how many failures in a row a directory is left alone.
    pub breaker_failures: u32,
    /// For how long it is left alone.
    pub breaker_pause: Duration,
}

impl Default for Delivery {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            wait: seconds(20),
            deadline: seconds(3_600),
            retry_first: seconds(2),
            retry_longest: seconds(120),
            breaker_failures: 5,
            breaker_pause: seconds(10),
        }
    }
}

/// `[journal]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retention {
    /// How long an operation that has ended is remembered, with its idempotency key; at least 24 hours.
    pub keep: Duration,
    /// How long the sealed password of an operation whose outcome is unknown is kept; at most [`Retention::keep`].
    pub keep_unknown: Duration,
}

impl Default for Retention {
    fn default() -> Self {
        Self { keep: Duration::from_secs(90 * 86_400), keep_unknown: Duration::from_secs(7 * 86_400) }
    }
}

/// `[keys]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealKeys {
    /// How long passwords sealed with the former key are taken after a rotation.
    pub overlap: Duration,
}

impl Default for SealKeys {
    fn default() -> Self {
        Self { overlap: Duration::from_secs(7 * 86_400) }
    }
}

/// `[observe]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Observe {
    /// How log lines look.
    pub log_format: LogFormat,
    /// An OpenTelemetry collector (OTLP over HTTP); nothing is exported without it.
    pub otlp: Option<Url>,
    /// The authorities of an https collector, in PEM; those of the machine without it.
    pub ca_file: Option<PathBuf>,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object in each line, for programs.
    Json,
}
