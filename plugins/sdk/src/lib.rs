//! Write a Portcullis connector in Rust.
//!
//! A connector implements the traits of what it can do and exports them. The host finds the one entry that an operation
//! is about, holds the passwords and the connections, and compares every call with the operator's grants; the connector
//! knows the directory's dialect.
//!
//! ```
//! use portcullis_connector::ldap::{self, Change, Performer, Value};
//! use portcullis_connector::{Account, Effect, Fault, Password, Passwords, Receipt, ResetOptions, Verdict, export};
//!
//! struct Example;
//! export!(Example: passwords);
//!
//! impl Passwords for Example {
//!     fn reset(_: Account, new: &Password, _: ResetOptions) -> Result<Receipt, Fault> {
//!         let target = ldap::target(&[])?;
//!         let changes = [Change::replace("userPassword", [Value::utf8(new)])];
//!         ldap::modify(&target.dn, &Performer::Service, &changes, &[])?;
//!         Ok(Receipt::of(Effect::PasswordSet))
//!     }
//!
//!     fn change(_: Account, old: &Password, new: &Password) -> Result<Receipt, Fault> {
//!         let target = ldap::target(&[])?;
//!         let changes = [Change::replace("userPassword", [Value::utf8(new)])];
//!         ldap::modify(&target.dn, &Performer::Target(old), &changes, &[])?;
//!         Ok(Receipt::of(Effect::PasswordSet))
//!     }
//!
//!     fn verify(_: Account, candidate: &Password) -> Result<Verdict, Fault> {
//!         let answer = ldap::try_bind(&ldap::target(&[])?.dn, candidate, &[])?;
//!         Ok(if answer.code == 0 { Verdict::Valid } else { Verdict::Invalid })
//!     }
//! }
//! # fn main() {}
//! ```
//!
//! # What is where
//! - [`Passwords`], [`Accounts`], [`Lifecycle`]: the traits, each an interface that the host can call. [`export!`].
//! - [`ldap`], [`config`], [`log`], [`reveal`]: what the host offers. A binary imports what it calls and nothing else.
//! - [`dialect`]: how kinds of directories say why they refuse, and how they write times.
//! - [`testing`]: what a unit test needs that runs outside the host.
//!
//! # Building
//! A crate of type `cdylib`, built for `wasm32-unknown-unknown`, has no WASI import; `cargo xtask plugins` makes the
//! component of it, and so does `wasm-tools component new`. For `wasm32-wasip2` cargo itself makes the component, with
//! imports of WASI behind which the host grants nothing.
//!
//! An instance lives for one operation: nothing that a connector keeps in a `static` is there for the next, and the
//! feature `bump-allocator` makes allocating cheaper by never giving back.

#[cfg(all(target_arch = "wasm32", target_os = "unknown", feature = "bump-allocator"))]
mod allocator;
mod ber;
#[doc(hidden)]
pub mod bindings;
pub mod config;
pub mod dialect;
mod fault;
pub mod ldap;
pub mod log;
mod macros;
mod receipt;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;

pub use bindings::accounts::exports::portcullis::writeback::accounts::{AccountStatus, Guest as Accounts};
pub use bindings::host::portcullis::writeback::secrets::Password;
pub use bindings::host::portcullis::writeback::types::{Account, Effect, Fault, FaultCode, Note, Receipt};
pub use bindings::lifecycle::exports::portcullis::writeback::lifecycle::{Finding, Guest as Lifecycle, Severity};
pub use bindings::passwords::exports::portcullis::writeback::passwords::{Guest as Passwords, ResetOptions, Verdict};

/// Reading passwords. A connector that calls this asks the operator for the grant `reveal`, and its binary tells so.
pub mod reveal {
    pub use crate::bindings::host::portcullis::writeback::reveal::{Denied, reveal};
}

#[doc(hidden)]
pub mod __implements {
    pub fn passwords<T: crate::Passwords>() {}
    pub fn accounts<T: crate::Accounts>() {}
    pub fn lifecycle<T: crate::Lifecycle>() {}
}
