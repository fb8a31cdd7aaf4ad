//! What the tests of more than one crate share: real directory servers, plugins that were built before, and the rule
//! that nothing is skipped in silence.
//!
//! This crate installs nothing and builds nothing. Apart from `harness`, which holds what is under test, it never speaks
//! to a server through Portcullis: what a test proves must not depend on that.
//!
//! ```no_run
//! use portcullis_tests::{or_skip, servers::OpenLdap};
//!
//! # async fn test() -> portcullis_tests::Result<()> {
//! let Some(server) = or_skip(OpenLdap.shared()) else { return Ok(()) };
//! let account = server.new_account("reset").await?;
//! assert!(server.binds(&account.dn, &account.password).await?);
//! # Ok(())
//! # }
//! ```

#[cfg(feature = "harness")]
pub mod harness;
pub mod plugins;
#[cfg(feature = "harness")]
pub mod proxy;
pub mod servers;
#[cfg(feature = "harness")]
pub mod service;
pub mod signer;
mod skip;

pub use skip::{NotAvailable, or_skip};

/// What a helper of a test returns. The errors are for a person who reads the output of a failed test.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;
