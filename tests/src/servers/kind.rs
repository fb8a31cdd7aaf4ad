//! The kinds of servers, and the one of each that all tests share.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::{Server, Variant};
use crate::NotAvailable;

/// A directory software.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// OpenLDAP with ppolicy.
    OpenLdap,
    /// A Samba domain controller: Active Directory.
    Samba,
    /// 389 Directory Server.
    Ds389,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::OpenLdap, Self::Samba, Self::Ds389];

    /// Starts a server that belongs to the caller alone.
    ///
    /// # Errors
    /// [`NotAvailable::Server`] if the software is not installed, [`NotAvailable::Broken`] if it does not start.
    pub fn start(self) -> Result<Server, NotAvailable> {
        self.start_variant(&Variant::default())
    }

    /// Starts a server that differs from the usual one.
    ///
    /// # Errors
    /// As [`Kind::start`].
    pub fn start_variant(self, variant: &Variant) -> Result<Server, NotAvailable> {
        Server::start(self, variant)
    }

    /// The server that all tests share: the one of `cargo xtask test`, or else one for this process. It cannot be
    /// stopped; a test makes itself an account there.
    ///
    /// # Errors
    /// As [`Kind::start`].
    pub fn shared(self) -> Result<Arc<Server>, NotAvailable> {
        // Weak, because nothing drops a static: the last test that holds the server ends it.
        static SHARED: [Mutex<Weak<Server>>; 3] = [const { Mutex::new(Weak::new()) }; 3];
        let mut shared = SHARED[self as usize].lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(server) = shared.upgrade() {
            return Ok(server);
        }
        let server = Arc::new(Server::started_by_others(self).unwrap_or_else(|| self.start())?);
        *shared = Arc::downgrade(&server);
        Ok(server)
    }

    pub(super) const fn script(self) -> &'static str {
        match self {
            Self::OpenLdap => "openldap.sh",
            Self::Samba => "samba.sh",
            Self::Ds389 => "ds389.sh",
        }
    }

    pub(super) const fn variable(self) -> &'static str {
        match self {
            Self::OpenLdap => "PORTCULLIS_OPENLDAP_ENV",
            Self::Samba => "PORTCULLIS_SAMBA_ENV",
            Self::Ds389 => "PORTCULLIS_DS389_ENV",
        }
    }
}
