//! What the interface needs of the service: the desk at which callers hand in and ask.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use portcullis_journal::{Journal, Record};
use portcullis_model::{Fault, Login, OperationId, OperationKind, ResetOptions};
use portcullis_seal::{KeyRing, Label};

use super::documents::ConnectorDocument;
use super::request::Secret;
use crate::service::callers::{Caller, Callers, Rates};

/// The service behind the interface. Whoever implements it decides what may be asked; the interface brings the caller,
/// who was known by a credential, and what it said.
pub trait Desk: Send + Sync + 'static {
    /// The callers of the present configuration.
    fn callers(&self) -> Arc<Callers>;
    /// Their limits.
    fn rates(&self) -> Arc<Rates>;
    /// The journal, to be read.
    fn journal(&self) -> &Journal;
    /// The keys for sealed passwords.
    fn keys(&self) -> &KeyRing;
    /// How long a request waits for an outcome if its caller does not say, and the longest that it may say.
    fn waits(&self) -> (Duration, Duration);
    /// Takes an operation on, or finds the one that was taken on with the same key. Runs to its end even if the caller
    /// is gone.
    fn submit(&self, caller: Arc<Caller>, wanted: Submission) -> BoxFuture<'_, Result<Admitted, Fault>>;
    /// The operation at its end, or as it stands after `most`.
    fn wait<'a>(&'a self, id: &'a OperationId, most: Duration) -> BoxFuture<'a, Result<Record, Fault>>;
    /// Takes an operation back before it is carried out.
    fn cancel<'a>(&'a self, by: &'a str, id: &'a OperationId) -> BoxFuture<'a, Result<Record, Fault>>;
    /// Tries an operation again, now.
    fn retry<'a>(&'a self, by: &'a str, id: &'a OperationId) -> BoxFuture<'a, Result<Record, Fault>>;
    /// Every connector, by name.
    fn connectors(&self) -> Vec<ConnectorDocument>;
    /// Whether operations are taken on at the moment.
    ///
    /// # Errors
    /// Why not: starting, stopping, the journal.
    fn ready(&self) -> Result<(), Fault>;
    /// The metrics in the text format of Prometheus.
    fn metrics(&self) -> String;
}

/// An operation as a caller hands it in.
#[derive(Debug)]
pub struct Submission {
    /// What is asked for.
    pub kind: OperationKind,
    /// Whom it is about.
    pub account: Login,
    /// By which connector, if the caller says so.
    pub connector: Option<String>,
    /// Exactly the passwords that belong to the kind.
    pub passwords: Vec<(Label, Secret)>,
    /// What a reset does besides.
    pub options: ResetOptions,
    /// By which the caller repeats the request: 1 to 255 visible ASCII characters.
    pub idempotency_key: Option<String>,
    /// For how long it is tried; at most what the configuration says.
    pub deadline: Option<Duration>,
}

/// An operation that was taken on.
#[derive(Debug, Clone)]
pub enum Admitted {
    /// Now.
    New(Record),
    /// Before, with the same key and the same request.
    Same(Record),
}
