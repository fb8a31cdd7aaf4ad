//! The words of Portcullis as plain types: operation, account, password, receipt, fault, event.
//!
//! This crate never does input or output, never names a runtime, an engine or a directory library, and every other
//! crate of the host may depend on it.

mod account;
mod event;
mod fault;
mod operation;
mod outcome;
mod password;
mod text;
mod trace;
mod used;

pub use account::{AccountStatus, Login, LoginError, Verdict};
pub use event::{Effect, Event, Note, Tried};
pub use fault::{Blame, Fault, FaultCode, Retry};
pub use operation::{Operation, OperationId, OperationKind, Passwords, ResetOptions};
pub use outcome::{Confirmation, Outcome, Receipt, Result, Stage, Timings};
pub use password::{Encoding, Password, PasswordError};
pub use text::misleads;
pub use trace::{Moment, Told, Trace};
pub use used::{Use, UsedValue};
