//! What one operation carries through the sandbox, and what a connector's operations share.

use std::collections::BTreeSet;
use std::sync::Arc;

use portcullis_directory::{Directory, Entry};
use portcullis_model::{Event, Login, Operation, OperationId, OperationKind, Password, Trace, Use};
use portcullis_sandbox::{Guarded, LimitHit, Limiter, Limits};
use wasmtime::component::{Resource, ResourceTable};
use wasmtime_wasi::WasiCtx;

use crate::intent::Intent;
use crate::ldap::RootDseCache;
use crate::log::Sink;
use crate::secrets::{Held, Label};
use crate::text::one_line;
use crate::wasi::Clock;
use crate::{Grants, Ledger};

/// What all operations of one connector share: it never changes while the connector runs.
#[derive(Debug)]
pub struct Context {
    /// Its name: the name of its file without `.toml`.
    pub connector: Arc<str>,
    /// What it may do.
    pub grants: Grants,
    /// Its directory, if it was granted one.
    pub directory: Option<Arc<dyn Directory>>,
    /// The limits of one operation.
    pub limits: Limits,
    /// What the directory's root DSE said a moment ago.
    pub root_dse: RootDseCache,
}

/// The entry that the host located.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// With the attributes that the connector may read, as they were when it was located.
    pub entry: Entry,
    /// The server that said so.
    pub server: String,
}

/// What one operation carries. It is the data of the operation's store and goes away with it.
pub struct OperationState {
    pub(crate) context: Arc<Context>,
    pub(crate) target: Option<Target>,
    pub(crate) secrets: Vec<Arc<Password>>,
    /// Those of them that the plugin has read.
    pub(crate) revealed: Vec<Arc<Password>>,
    /// Whether this kind of operation changes anything; one that only asks may not write, whatever is granted.
    pub(crate) writes: bool,
    /// Whether the caller has to know the old password.
    pub(crate) changes: bool,
    pub(crate) trace: Trace,
    pub(crate) ledger: Ledger,
    pub(crate) table: ResourceTable,
    pub(crate) sink: Sink,
    pub(crate) wasi: Option<WasiCtx>,
    pub(crate) clock: Clock,
    /// Asked before each effect.
    pub(crate) intent: Option<Arc<dyn Intent>>,
    /// Whether it was asked.
    pub(crate) intended: bool,
    /// Settings and the log, which are told of once.
    told: BTreeSet<Use>,
    limiter: Limiter,
    calls_left: u32,
}

impl OperationState {
    /// The state of an operation on a target.
    #[must_use]
    pub fn new(context: Arc<Context>, operation: &Operation, target: Target, trace: Trace, ledger: Ledger) -> Self {
        let secrets = operation.secrets().cloned().collect();
        let state = Self::with(context, operation.id.as_str(), Some(target), secrets, trace, ledger);
        let changes = operation.kind == OperationKind::ChangePassword;
        Self { writes: operation.kind.writes(), changes, ..state }
    }

    /// With what has to happen before each effect.
    #[must_use]
    pub fn with_intent(self, intent: Option<Arc<dyn Intent>>) -> Self {
        Self { intent, ..self }
    }

    /// The state of a check, which has no target and no password.
    #[must_use]
    pub fn for_check(context: Arc<Context>, id: &OperationId, trace: Trace, ledger: Ledger) -> Self {
        Self::with(context, id.as_str(), None, Vec::new(), trace, ledger)
    }

    fn with(
        context: Arc<Context>,
        id: &str,
        target: Option<Target>,
        secrets: Vec<Arc<Password>>,
        trace: Trace,
        ledger: Ledger,
    ) -> Self {
        let limits = &context.limits;
        let mut table = ResourceTable::new();
        table.set_max_capacity(limits.handles);
        let connector = Arc::clone(&context.connector);
        let sink = Sink::new(connector, id.to_owned(), secrets.clone(), trace.clone(), limits.log_bytes);
        let (limiter, calls_left) = (Limiter::new(limits), limits.host_calls);
        Self {
            context,
            target,
            secrets,
            revealed: Vec::new(),
            writes: false,
            changes: false,
            trace,
            ledger,
            table,
            sink,
            wasi: None,
            clock: Clock::default(),
            intent: None,
            intended: false,
            told: BTreeSet::new(),
            limiter,
            calls_left,
        }
    }

    /// Puts a password behind a handle that lives as long as the operation.
    ///
    /// # Errors
    /// The engine's, if there is no room for another handle.
    pub(crate) fn hold(&mut self, label: Label, secret: &Arc<Password>) -> wasmtime::Result<Resource<Held>> {
        let own = self.table.push(Held { label, secret: Arc::clone(secret) })?;
        Ok(Resource::new_borrow(own.rep()))
    }

    /// Counts a call into the host. Every host function begins with it.
    ///
    /// # Errors
    /// [`LimitHit`], which ends the plugin.
    pub(crate) fn charge(&mut self) -> wasmtime::Result<()> {
        match self.calls_left.checked_sub(1) {
            Some(left) => {
                self.calls_left = left;
                Ok(())
            }
            None => {
                let limit = self.context.limits.host_calls.to_string();
                Err(wasmtime::Error::new(LimitHit { what: "host calls", limit }))
            }
        }
    }

    /// Records the first use of something that is used often and always in the same way.
    pub(crate) fn used_once(&mut self, used: Use, event: impl FnOnce() -> Event) {
        if self.told.insert(used) {
            self.trace.record(event());
        }
    }

    /// Records a denial, and keeps the first one for the fault of the operation.
    pub(crate) fn deny(&self, event: Event, reason: &str) {
        tracing::warn!(connector = &*self.context.connector, "{}", one_line(&event.to_string(), 1024));
        self.trace.record(event);
        self.ledger.with(|seen| {
            seen.denied.get_or_insert_with(|| one_line(reason, 1024));
        });
    }
}

impl Guarded for OperationState {
    fn limiter(&mut self) -> &mut Limiter {
        &mut self.limiter
    }
}

impl std::fmt::Debug for OperationState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OperationState").field("connector", &self.context.connector).finish_non_exhaustive()
    }
}

/// An account as the interface describes it.
pub(crate) fn wit_account(login: &Login, id: &OperationId) -> crate::bindings::portcullis::writeback::types::Account {
    crate::bindings::portcullis::writeback::types::Account { login: login.to_string(), operation: id.to_string() }
}
