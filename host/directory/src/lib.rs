//! Directories: LDAP servers behind a pool of bound connections, and one that lives in the host's memory.
//!
//! Everything above this crate speaks to a [`Directory`] and does not see which kind it is. This crate checks no grants
//! and knows no connectors; what it does decide is that a password leaves the host only over a protected connection.

mod request;

pub mod dn;
pub mod filter;
pub mod ldap;
pub mod memory;

pub use filter::{BadFilter, Filter, Template};
pub use request::{
    Answer, Attribute, Change, ChangeKind, Control, Entry, Failure, Found, Modify, Performer, Scope, Search,
    SetPassword, Value,
};

use async_trait::async_trait;
use portcullis_model::Password;

/// One directory, as many servers as it may have.
///
/// Every function ends within the directory's own timeouts. Dropping a future is safe: the connection that it used is
/// closed and never used again.
#[async_trait]
pub trait Directory: Send + Sync + std::fmt::Debug {
    /// Reads. A server that does not answer is left for the next one.
    ///
    /// # Errors
    /// [`Failure::Unavailable`] when no server answered, [`Failure::Nonsense`] for an answer that cannot be read.
    async fn search(&self, search: &Search) -> Result<Found, Failure>;

    /// Writes to one entry. An answer of the server is an [`Answer`], whatever its code.
    ///
    /// # Errors
    /// [`Failure::Unprotected`] before anything is sent if a value is a password and the connection is not protected;
    /// [`Failure::Unavailable`] if nothing was sent; [`Failure::BindRefused`] if the performer could not be bound;
    /// [`Failure::InDoubt`] if the request may have been taken and no readable answer came.
    async fn modify(&self, performer: &Performer, modify: &Modify) -> Result<Answer, Failure>;

    /// The password modify operation (RFC 3062).
    ///
    /// # Errors
    /// As [`Directory::modify`].
    async fn set_password(&self, performer: &Performer, request: &SetPassword) -> Result<Answer, Failure>;

    /// Binds on a connection of its own and closes it. A refused bind is an [`Answer`].
    ///
    /// # Errors
    /// [`Failure::Unprotected`] and [`Failure::Unavailable`] if it was not sent; [`Failure::InDoubt`] and
    /// [`Failure::Nonsense`] if it was, and no readable answer came: it may count as a failed sign-in.
    async fn bind(&self, dn: &str, password: &Password, controls: &[Control]) -> Result<Answer, Failure>;

    /// The pooled connections as they are now, one entry for each server; none where nothing is pooled.
    fn connections(&self) -> Vec<Connections> {
        Vec::new()
    }
}

/// The pooled connections to one server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connections {
    /// Its URL, as the operator wrote it.
    pub server: String,
    /// Open, and nobody uses them.
    pub idle: usize,
    /// On loan, or being opened.
    pub busy: usize,
}
