//! Recordings: what one operation asked of its directory and what came back, kept so that it can be replayed without one.
//!
//! A [`Recorder`] stands below the grants, between the capabilities and the directory, so a recording holds what would have
//! left the host, in order. One operation is one line of JSON ([`to_line`]); every field is described in
//! `docs/replay.md`.
//!
//! A recording holds no password: in the place of each stands which one it was. It holds no attribute that the connector
//! was not granted to read, and of other entries than the target only what a granted search returned. Nothing here opens
//! a connection, decides anything about the operation, or keeps a recording on the host.

mod file;
mod format;
mod keep;
mod line;
mod listen;
mod recorder;
mod redact;
#[cfg(test)]
mod tests;

pub use file::{Unreadable, continues, read};
pub(crate) use format::digest_of;
pub use format::{
    Account, Answer, Attribute, Call, Change, ChangeKind, Control, Encoding, Ended, Entry, Failure, Located, Locating,
    Performer, Recording, Reply, Request, Scope, Value, WITHHELD, Which,
};
pub(crate) use keep::Keeper;
pub use line::{BadLine, MAX_LINE, from_line, to_line};
pub use recorder::Recorder;
pub(crate) use recorder::{ended, perform_recorded};
pub(crate) use redact::Redactor;
