//! What can be asked of a directory, and what comes back. Plain data; no library's types.

use std::sync::Arc;

use portcullis_model::{Encoding, Password};

/// How deep a search looks (RFC 4511 section 4.5.1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The base itself.
    Base,
    /// The base's children.
    One,
    /// The base and everything below.
    Subtree,
}

/// A search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// Where to look; empty for the root DSE.
    pub base: String,
    /// How deep.
    pub scope: Scope,
    /// RFC 4515, already escaped.
    pub filter: String,
    /// The attributes to return; an empty list means `1.1`, no attributes, never "all".
    pub attributes: Vec<String>,
    /// How many entries at most. One more is a reason to stop reading, not an error.
    pub limit: usize,
}

/// One attribute of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// As the server wrote it, options included.
    pub name: String,
    /// In the server's order.
    pub values: Vec<Vec<u8>>,
}

/// An entry that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name, as the server wrote it.
    pub dn: String,
    /// What was asked for and is there.
    pub attributes: Vec<Attribute>,
}

impl Entry {
    /// The values of an attribute, by a name in any case.
    #[must_use]
    pub fn values(&self, name: &str) -> &[Vec<u8>] {
        self.attributes.iter().find(|a| a.name.eq_ignore_ascii_case(name)).map_or(&[], |a| &a.values)
    }

    /// The first value of an attribute as text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.values(name).first().and_then(|v| std::str::from_utf8(v).ok())
    }
}

/// What a search brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// At most as many as the limit of the search.
    pub entries: Vec<Entry>,
    /// There were more.
    pub more: bool,
    /// The final answer of the server. Code 32 (no such object) is an answer too. Referrals are not followed.
    /// Code 4 (size limit exceeded) without words stands for a server that was still sending when the reading stopped.
    pub answer: Answer,
}

/// A control (RFC 4511 section 4.1.11).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Control {
    /// Dotted decimal.
    pub oid: String,
    /// A server that does not know it must refuse the request.
    pub critical: bool,
    /// BER or whatever the control defines.
    pub value: Option<Vec<u8>>,
}

/// The answer of a server to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The LDAP result code; 0 is success.
    pub code: u32,
    /// The server's words, at most 2 KiB, as sent but for the service account's password: whoever passes them on
    /// withholds the operation's passwords in them, and what a terminal obeys.
    pub diagnostic: String,
    /// What came with it.
    pub controls: Vec<Control>,
    /// The URL of the server that answered.
    pub server: String,
}

/// One value to be written.
#[derive(Debug, Clone)]
pub enum Value {
    /// Anything but a password.
    Plain(Vec<u8>),
    /// A password of the operation; encoded at the last moment, and sent over a protected connection or not at all.
    Secret(Arc<Password>, Encoding),
}

/// What is done to an attribute (RFC 4511 section 4.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// Add values.
    Add,
    /// Remove values, or all of them if none is given.
    Delete,
    /// Replace all values; removes the attribute if none is given.
    Replace,
}

/// One change.
#[derive(Debug, Clone)]
pub struct Change {
    /// What is done.
    pub kind: ChangeKind,
    /// To which attribute.
    pub attribute: String,
    /// With which values.
    pub values: Vec<Value>,
}

/// A write to one entry.
#[derive(Debug, Clone)]
pub struct Modify {
    /// The entry.
    pub dn: String,
    /// In this order, all or nothing.
    pub changes: Vec<Change>,
    /// Sent with the request.
    pub controls: Vec<Control>,
}

/// A password modify operation (RFC 3062). The old password is not part of it: whoever knows it performs the operation
/// as the target, bound with it ([`Performer::Target`]).
#[derive(Debug, Clone)]
pub struct SetPassword {
    /// The entry.
    pub dn: String,
    /// Its new password.
    pub new: Arc<Password>,
    /// Sent with the request.
    pub controls: Vec<Control>,
}

/// As whom a write is done.
#[derive(Debug, Clone)]
pub enum Performer {
    /// The service account, on a pooled connection.
    Service,
    /// The entry itself, on a connection of its own that is bound with this password and closed afterwards.
    Target {
        /// The entry's name.
        dn: String,
        /// Its present password.
        password: Arc<Password>,
    },
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// Nothing was sent, or only reads were; the text names each server that was tried and what happened.
    #[error("{0}")]
    Unavailable(String),
    /// The directory refused the service account's own name or password; nothing else was sent.
    #[error("{0}")]
    ServiceAccount(String),
    /// A password was to be sent over a connection that anybody can read.
    #[error("{0} is not protected by TLS or a local socket: no password is sent over it")]
    Unprotected(String),
    /// The performer's bind was refused; the write was not sent.
    #[error("the bind was refused with code {}: {}", .0.code, .0.diagnostic)]
    BindRefused(Answer),
    /// A write or a bind was sent and no readable answer came: it may have been done.
    #[error("{0}")]
    InDoubt(String),
    /// An answer that no server may give.
    #[error("{0}")]
    Nonsense(String),
}
