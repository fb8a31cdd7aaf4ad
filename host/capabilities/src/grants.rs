//! What the operator allows one connector. Plain data; each part has its own `permit` functions beside it.

use std::collections::BTreeMap;

use crate::ldap::LdapGrant;
use crate::log::LogGrant;
use crate::reveal::RevealGrant;

/// Everything that one connector may do. The default is nothing.
#[derive(Debug, Clone, Default)]
pub struct Grants {
    /// The section `[ldap]`.
    pub ldap: Option<LdapGrant>,
    /// The section `[log]`.
    pub log: Option<LogGrant>,
    /// The section `[config]`: the settings that the connector may read.
    pub config: Option<BTreeMap<String, String>>,
    /// The section `[reveal]`.
    pub reveal: Option<RevealGrant>,
}
