//! What a connector's file says, once it has been checked: plain data without places and without secrets.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

pub use portcullis_directory::ldap::MinTls;
use portcullis_model::OperationKind;

use super::diagnostic::Diagnostic;
use super::pattern::Pattern;
use super::places::Places;
use super::secret::SecretSource;

/// One connector, as its operator wants it.
///
/// A capability whose section is absent is not granted.
#[derive(Debug, Clone)]
pub struct ConnectorFile {
    /// The name of the file without `.toml`.
    pub name: String,
    /// The file itself.
    pub path: PathBuf,
    /// The component.
    pub plugin: PathBuf,
    /// What the component's bytes must be.
    pub sha256: Option<[u8; 32]>,
    /// For which accounts it answers; never empty.
    pub accounts: Vec<Pattern>,
    /// For which operations it answers; never empty.
    pub operations: Vec<OperationKind>,
    /// The directory and the grants in it.
    pub ldap: Option<Ldap>,
    /// Lines for the log, from this level on.
    pub log: Option<LogLevel>,
    /// The connector's own settings.
    pub config: Option<BTreeMap<String, String>>,
    /// The passwords that the connector may read.
    pub reveal: Option<Vec<Revealed>>,
    /// What one operation may use.
    pub limits: Limits,
    /// Where each key stands in the file.
    pub places: Places,
    /// What is allowed but unwise, in the order of the lines.
    pub warnings: Vec<Diagnostic>,
}

impl ConnectorFile {
    /// Whether an operation on an account is the connector's.
    #[must_use]
    pub fn answers(&self, operation: OperationKind, account: &str) -> bool {
        self.operations.contains(&operation) && self.accounts.iter().any(|pattern| pattern.matches(account))
    }
}

/// `[ldap]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ldap {
    /// Which directory.
    pub source: DirectorySource,
    /// How the target is found.
    pub locate: Locate,
    /// Attributes that the connector may read.
    pub read: Vec<String>,
    /// Below which DNs the connector may search.
    pub search: Vec<String>,
    /// What the connector may write into the target, by attribute.
    pub write: BTreeMap<String, WriteGrant>,
    /// Which operations of the protocol it may use.
    pub allow: Allow,
    /// How the host looks whether a password took effect.
    pub confirm: Confirm,
}

/// Which directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DirectorySource {
    /// LDAP servers with the same content.
    Servers(Servers),
    /// A directory in the host's memory.
    Embedded(Embedded),
}

/// LDAP servers, tried in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Servers {
    /// `ldaps://`, `ldap://` with [`Servers::start_tls`], or `ldapi://`; never empty.
    pub urls: Vec<String>,
    /// Protect `ldap://` by StartTLS (RFC 4511 section 4.14).
    pub start_tls: bool,
    /// The oldest version of TLS that is spoken with them.
    pub min_tls: MinTls,
    /// The certificate authorities, instead of the system's.
    pub ca_file: Option<PathBuf>,
    /// The service account; anonymous without one.
    pub bind: Option<Bind>,
    /// How many connections at most.
    pub connections: usize,
    /// How long connecting may take, TLS and bind included.
    pub connect_timeout: Duration,
    /// How long an answer may take.
    pub request_timeout: Duration,
}

/// The service account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bind {
    /// Its DN, or what the server takes in place of one (Active Directory: `user@domain`).
    pub dn: String,
    /// Its password.
    pub password: SecretSource,
}

/// A directory in the host's memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Embedded {
    /// LDIF with the entries.
    pub seed: PathBuf,
    /// LDIF in which changes are kept; without it they end with the process.
    pub state: Option<PathBuf>,
    /// As which kind of server it behaves.
    pub dialect: Dialect,
    /// The shortest password in characters.
    pub min_length: usize,
    /// How many former passwords are refused.
    pub history: usize,
    /// After how many wrong passwords an account is locked; 0 is never.
    pub max_failures: u32,
    /// How old a password must be before it is changed.
    pub min_age: Duration,
}

/// As which kind of server the embedded directory behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// RFC 4511 and `userPassword`.
    Plain,
    /// OpenLDAP with its password policy.
    OpenLdap,
    /// Active Directory.
    ActiveDirectory,
}

/// `[ldap.locate]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Locate {
    /// Where to look.
    pub base: String,
    /// How deep.
    pub scope: LocateScope,
    /// RFC 4515 with placeholders.
    pub filter: String,
    /// What it finds is never touched.
    pub exclude: Option<String>,
}

/// How deep the target is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LocateScope {
    /// The base's children.
    One,
    /// The base and everything below.
    Subtree,
}

/// What may be written into one attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WriteGrant {
    /// The password in hand and nothing else.
    Password,
    /// One of these values; with `remove` the attribute may be emptied as well.
    Values {
        /// May be empty if `remove` is set.
        values: Vec<String>,
        /// The attribute may be emptied.
        remove: bool,
    },
}

/// `[ldap.allow]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Allow {
    /// OIDs of controls that may go with a request.
    pub controls: Vec<String>,
    /// The password modify operation (RFC 3062).
    pub set_password: bool,
    /// Trying a password by a bind.
    pub try_bind: bool,
    /// Writing as the target, bound with its old password.
    pub as_target: bool,
}

/// How the host looks whether a password took effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Confirm {
    /// By one bind with the new password.
    Bind,
    /// By reading an attribute that changes with the password.
    ReadBack {
        /// The attribute.
        attribute: String,
    },
    /// Not at all.
    None,
}

/// From which level on lines are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// Everything.
    Debug,
    /// What normally happens.
    Info,
    /// What is odd.
    Warn,
    /// What went wrong.
    Error,
}

/// A password that a connector may read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revealed {
    /// The one to be set.
    New,
    /// The present one, of a change.
    Old,
    /// The one to be verified.
    Candidate,
}

/// `[limits]`: what one operation may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Wall-clock time.
    pub time: Duration,
    /// Bytes of linear memory.
    pub memory: u64,
    /// Operations at the same time.
    pub concurrency: usize,
    /// Calls into the host.
    pub host_calls: u32,
    /// Bytes of log lines.
    pub log: u64,
}
