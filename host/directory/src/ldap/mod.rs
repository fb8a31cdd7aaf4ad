//! LDAP servers, over the client library `ldap3`.
//!
//! Requests go to the first server that can be used; connections of the service account are pooled for each server. This
//! module never follows a referral, never sends a password over a connection that is not protected, never sends a write
//! twice, and takes no answer of a server on trust: one that is malformed, endless or missing costs the request and the
//! connection. `probe` looks at one server by itself, and sends nothing but the handshake.

mod connect;
mod connection;
mod convert;
mod failover;
mod pool;
mod probe;
mod search;
mod settings;
mod start_tls;
mod tls;
mod write;

use std::fmt;

use async_trait::async_trait;
use portcullis_model::Password;

use self::failover::Servers;
use self::pool::Server;
use self::write::Write;
use crate::{Answer, Connections, Control, Directory, Failure, Found, Modify, Performer, Search, SetPassword};

pub use probe::{Certificate, Channel, Probe, Trouble, probe};
pub use settings::{MinTls, Settings, SetupError};

/// A directory of LDAP servers that hold the same entries.
pub struct LdapDirectory {
    servers: Servers,
    settings: Settings,
}

impl LdapDirectory {
    /// Checks the settings. Nothing is connected before the first request.
    ///
    /// # Errors
    /// [`SetupError`] names the setting and says what is wrong with it.
    pub fn new(settings: Settings) -> Result<Self, SetupError> {
        let targets = settings.check()?;
        let servers = targets.into_iter().map(|target| Server::new(target, &settings)).collect::<Result<_, _>>()?;
        Ok(Self { servers: Servers::new(servers), settings })
    }

    /// The service account's password, which every server knows that it is bound to.
    fn service_password(&self) -> Option<&Password> {
        self.settings.bind.as_ref().map(|(_, password)| &**password)
    }

    /// As [`Directory::search`], with controls: some questions, such as who may write what, cannot be asked without.
    ///
    /// # Errors
    /// As [`Directory::search`].
    pub async fn search_with(&self, search: &Search, controls: &[Control]) -> Result<Found, Failure> {
        self.read(search, controls).await
    }
}

impl fmt::Debug for LdapDirectory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LdapDirectory").field(&self.settings.urls).finish()
    }
}

#[async_trait]
impl Directory for LdapDirectory {
    async fn search(&self, search: &Search) -> Result<Found, Failure> {
        self.read(search, &[]).await
    }

    async fn modify(&self, performer: &Performer, modify: &Modify) -> Result<Answer, Failure> {
        self.write(performer, Write::Modify(modify)).await
    }

    async fn set_password(&self, performer: &Performer, request: &SetPassword) -> Result<Answer, Failure> {
        self.write(performer, Write::SetPassword(request)).await
    }

    async fn bind(&self, dn: &str, password: &Password, controls: &[Control]) -> Result<Answer, Failure> {
        self.try_bind(dn, password, controls).await
    }

    fn connections(&self) -> Vec<Connections> {
        self.servers.connections()
    }
}
