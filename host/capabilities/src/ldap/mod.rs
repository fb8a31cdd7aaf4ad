//! The capability `ldap`: the connector's one directory.
//!
//! A call goes: read the arguments, ask the grant, record that it was allowed, let the directory do it, record what
//! became of it. The grant is asked about everything that leaves the host: attribute, value, base, filter, control,
//! performer. What comes back is filtered by the same grant, since a server returns more than it was asked for
//! (subtypes, options). Referrals are not followed.

mod attribute;
mod audit;
mod calls;
mod convert;
#[cfg(test)]
mod each_effect;
mod grant;
mod host;
mod proof;
mod root_dse;
#[cfg(test)]
mod tests;
mod writes;

pub use attribute::{AttributeName, BadAttributeName};
pub use grant::{LdapGrant, WriteGrant};
pub use root_dse::RootDseCache;
pub use writes::{Placed, PlacedChange};
