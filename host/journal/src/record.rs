//! What goes into the journal and what comes out of it, as plain types.

use std::time::SystemTime;

use portcullis_model::{FaultCode, Login, OperationId, OperationKind, ResetOptions};
use serde_json::Value;

use crate::{Event, State};

/// The key by which a caller repeats a request without having it done twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    /// The caller's key: 1 to [`Idempotency::MAX_BYTES`] bytes.
    pub key: String,
    /// SHA-256 of what was asked for, without the passwords' ciphertext or with it, as the service decides.
    pub digest: [u8; 32],
}

impl Idempotency {
    /// The longest key, in bytes.
    pub const MAX_BYTES: usize = 255;
}

/// An operation that is to be taken on.
#[derive(Debug, Clone)]
pub struct NewOperation {
    /// Its name. A journal takes each name once.
    pub id: OperationId,
    /// Who asks: 1 to [`NewOperation::MAX_NAME_BYTES`] bytes.
    pub caller: String,
    /// How the caller repeats the request.
    pub idempotency: Option<Idempotency>,
    /// What is asked for.
    pub kind: OperationKind,
    /// Whom it is about.
    pub account: Login,
    /// The connector that will do it: 1 to [`NewOperation::MAX_NAME_BYTES`] bytes.
    pub connector: String,
    /// What a reset does besides.
    pub options: ResetOptions,
    /// The sealed passwords, at most [`NewOperation::MAX_SEALED_BYTES`]; empty for an operation without one.
    /// The journal does not look into them. Never a password in clear.
    pub sealed: Vec<u8>,
    /// The digests of the envelopes in `sealed`, at most [`NewOperation::MAX_ENVELOPES`]: each may be used once.
    pub envelopes: Vec<[u8; 32]>,
    /// Until when it is tried.
    pub deadline: SystemTime,
}

impl NewOperation {
    /// The longest name of a caller, a connector or whoever cancels, in bytes.
    pub const MAX_NAME_BYTES: usize = 256;
    /// The most bytes of sealed passwords.
    pub const MAX_SEALED_BYTES: usize = 16 * 1024;
    /// The most envelopes.
    pub const MAX_ENVELOPES: usize = 4;
}

/// What became of [`crate::Journal::accept`]. Only [`Accepted::New`] wrote anything.
#[derive(Debug, Clone, PartialEq)]
pub enum Accepted {
    /// Written.
    New(Record),
    /// The same caller asked for the same with the same key before.
    Same(Record),
    /// The same caller used the key before for something else.
    KeyReused(Record),
    /// One of the envelopes was used before.
    EnvelopeUsed,
}

/// An operation as it stands. Holds no password.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Its place in the order in which operations came. Never used again.
    pub seq: u64,
    /// Its name.
    pub id: OperationId,
    /// Who asked.
    pub caller: String,
    /// What was asked for.
    pub kind: OperationKind,
    /// Whom it is about, as the caller wrote it.
    pub account: Login,
    /// The connector.
    pub connector: String,
    /// What a reset does besides.
    pub options: ResetOptions,
    /// Where it stands.
    pub state: State,
    /// How often it was tried: each [`Event::Acting`], and each [`Event::Postponed`] that came before one.
    pub attempts: u32,
    /// How often the host looked without being able to tell: each [`Event::Looked`] since it was last tried.
    pub looks: u32,
    /// When it was taken on.
    pub accepted_at: SystemTime,
    /// Until when it is tried.
    pub deadline: SystemTime,
    /// Nothing is done for it before.
    pub not_before: Option<SystemTime>,
    /// The last fault; its detail is in the history.
    pub fault: Option<FaultCode>,
    /// Once it has ended: the receipt as the service gave it, or the fault as the caller may read it:
    /// `{"code", "text", "limit"?, "by"?}` (`by`: the operation that superseded it).
    pub outcome: Option<Value>,
    /// When it ended.
    pub ended_at: Option<SystemTime>,
    /// Whether its sealed password is still there.
    pub has_password: bool,
}

/// One line of the journal.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Its place among all lines. Grows, with gaps, and is never used again.
    pub number: u64,
    /// The operation.
    pub operation: OperationId,
    /// Who asked for the operation.
    pub caller: String,
    /// When it was written, by the host's clock: the order is that of the numbers.
    pub at: SystemTime,
    /// What happened.
    pub event: Event,
    /// Where the operation stood afterwards.
    pub state: State,
}

/// Which operations a list is about. An empty filter means all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// In one of these states; empty for any.
    pub states: Vec<State>,
    /// Of this kind.
    pub kind: Option<OperationKind>,
    /// About this account, upper and lower case being the same.
    pub account: Option<Login>,
    /// Of this caller.
    pub caller: Option<String>,
    /// By this connector.
    pub connector: Option<String>,
    /// Accepted at this time or later.
    pub since: Option<SystemTime>,
    /// Accepted before this time.
    pub until: Option<SystemTime>,
}

/// Which page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest {
    /// The most records: 1 to [`PageRequest::MAX`].
    pub limit: u32,
    /// [`Page::next`] of the page before; nothing for the first.
    pub cursor: Option<String>,
}

impl PageRequest {
    /// The most records of one page.
    pub const MAX: u32 = 500;
}

impl Default for PageRequest {
    fn default() -> Self {
        Self { limit: 50, cursor: None }
    }
}

/// A page of a list, newest first.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// The operations.
    pub records: Vec<Record>,
    /// What to ask with for the next page; nothing after the last.
    pub next: Option<String>,
}

/// What [`crate::Journal::prune`] removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Ended operations, with their history and the digests of their envelopes.
    pub operations: u64,
    /// Sealed passwords of operations that stay unknown.
    pub passwords: u64,
}
