//! The audit log: what was asked, allowed, denied and done, one line of JSON for each fact, each line bound to the one
//! before it.
//!
//! A line's `prev` is the SHA-256 of the line before as it stands in the file, without its newline. Checkpoints are
//! lines with an Ed25519 signature over the place that they close, and `audit.head` beside the lines holds a signature
//! over the place of the last one: so an edited, deleted, reordered or truncated line is found, and a log that was cut
//! at its end as well. Who may write the folder can turn the log back to an earlier head that they kept, and
//! who holds the key can make another log that is whole in itself; against
//! that helps a checkpoint that was kept elsewhere ([`verify::Options::anchors`]).
//!
//! This crate holds no secret but the signing key, never decides what is allowed, and never takes a line back: a log
//! that does not continue where its head says is an error, not a reason to begin a new one.

mod error;
pub mod fact;
pub mod follow;
mod hash;
mod head;
mod key;
mod line;
mod log;
mod read;
mod segment;
pub mod verify;

pub use error::AuditError;
pub use fact::{About, Entry, Fact};
pub use hash::Hash;
pub use head::{Place, head};
pub use key::{KeyId, PublicKey, public_key};
pub use line::{Line, VERSION};
pub use log::AuditLog;
pub use read::{Lines, read};

/// The folder in the state folder that holds the lines.
pub const FOLDER: &str = "audit";
