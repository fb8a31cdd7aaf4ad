//! The durable log of operations: what was accepted, what became of it, and nothing that is not journaled first.
//!
//! This crate never opens a sealed password, never reaches a directory, and is the only one that names SQLite.

mod backup;
mod check;
mod error;
mod event;
mod folder;
mod journal;
mod read;
mod reader;
mod record;
mod row;
mod schema;
mod state;
mod writer;

pub use error::JournalError;
pub use event::Event;
pub use journal::Journal;
pub use reader::Reader;
pub use record::{Accepted, Entry, Filter, Idempotency, NewOperation, Page, PageRequest, Pruned, Record};
pub use state::{Illegal, State};
