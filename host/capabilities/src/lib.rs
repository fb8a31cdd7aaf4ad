//! What the host offers to connectors: one folder for each capability, each with its grant, its host functions and its
//! tests.
//!
//! A capability checks the grant, makes the effect happen, and records an event, in this order and for every call.
//! This crate never decides what is granted, never opens a connection itself, and gives a password's text to nobody
//! but a connector with the grant `reveal`.

pub mod bindings;
pub mod config;
mod convert;
mod exports;
mod grants;
mod intent;
pub mod ldap;
mod ledger;
mod link;
pub mod log;
mod permitted;
pub mod reveal;
pub mod secrets;
mod state;
mod text;
pub mod wasi;

pub use exports::{Exports, Findings, Returned, Severity};
pub use grants::Grants;
pub use intent::Intent;
pub use ledger::{Ledger, PasswordState, Seen};
pub use link::{MissingGrant, Offer, link, missing, what_it_is};
pub use permitted::Permitted;
pub use state::{Context, OperationState, Target};
pub use text::clean;
