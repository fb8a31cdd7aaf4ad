//! The durable log of operations: what was accepted, what became of it, and nothing that is not journaled first.
//!
//! One thread writes ([`Journal::accept`], [`Journal::record`]): it takes what has queued into one transaction, and answers
//! once the disk has it. Everything else reads. [`State::after`] alone decides what may follow what. A password rests only
//! sealed, and is erased in the same transaction as the event that ends its operation.
//!
//! ```
//! use std::time::{Duration, SystemTime};
//!
//! use portcullis_journal::{Accepted, Event, Journal, NewOperation, State};
//! use portcullis_model::{Login, OperationId, OperationKind, ResetOptions};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! let journal = Journal::open(folder.path())?;
//! let new = NewOperation {
//!     id: OperationId::new()?,
//!     caller: "portal".to_owned(),
//!     idempotency: None,
//!     kind: OperationKind::ResetPassword,
//!     account: Login::new("alice@corp.example")?,
//!     connector: "corp-ad".to_owned(),
//!     options: ResetOptions::default(),
//!     sealed: b"pcs1...".to_vec(),
//!     envelopes: vec![[7; 32]],
//!     deadline: SystemTime::now() + Duration::from_secs(3600),
//! };
//! let Accepted::New(record) = journal.accept(new).await? else { return Err("asked for before".into()) };
//!
//! journal.record(&record.id, Event::Acting).await?; // Only now may an effect leave the host.
//! let receipt = serde_json::json!({ "target": "CN=Alice,DC=corp,DC=example" });
//! let ended = journal.record(&record.id, Event::Done { receipt }).await?;
//! assert_eq!(ended.state, State::Done);
//! assert_eq!(journal.sealed(&record.id).await?, None);
//! assert!(journal.record(&record.id, Event::Acting).await.is_err());
//! # Ok(())
//! # }
//! ```
//!
//! # Files
//! `journal.db` and, while a process has it open, `journal.db-wal` and `journal.db-shm`; `journal.lock` says which process
//! may write, and that there was a journal. All are of mode 0600, in a folder of mode 0700.
//!
//! # Retention
//! [`Journal::prune`] forgets whole operations. Idempotency keys and the digests of envelopes are remembered exactly as
//! long as their operation: at least as long after its end as the operator keeps operations. So a sealed password must
//! expire sooner than that.
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
mod restore;
mod row;
mod schema;
mod state;
mod writer;

pub use error::JournalError;
pub use event::Event;
pub use journal::Journal;
pub use reader::Reader;
pub use record::{Accepted, Entry, Filter, Idempotency, NewOperation, Page, PageRequest, Pruned, Record};
pub use restore::{Restored, restore};
pub use state::{Illegal, State};
