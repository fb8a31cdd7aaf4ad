//! One operation, one fresh instance, within its limits.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use tokio::sync::Semaphore;
use wasmtime::component::{Instance, InstancePre, Linker, ResourceTableError};
use wasmtime::{PoolConcurrencyLimitError, Store, Trap};

use crate::limits::shown;
use crate::words::cause_first;
use crate::{Guarded, LimitHit, Limits, Plugin, Sandbox};

/// How a plugin ended when it did not return.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Ended {
    /// No place for another operation: the connector's concurrency or the host's slots are used up.
    #[error("{0}")]
    Busy(String),
    /// It went over a limit.
    #[error(transparent)]
    Limit(#[from] LimitHit),
    /// The wall clock ran out; the plugin, or a host call that it waited in, was dropped.
    #[error("the plugin did not end within {} ms", .0.as_millis())]
    Time(std::time::Duration),
    /// It trapped, or the engine refused to instantiate it.
    #[error("{0}")]
    Trapped(String),
    /// A host call panicked: a bug of the host or of a library, which costs this operation and nothing else.
    #[error("a host call panicked: {0}")]
    Panicked(String),
}

/// A plugin linked with what it was granted. Each run is in an instance of its own.
pub struct Prepared<T: 'static> {
    instance: InstancePre<T>,
    limits: Limits,
    own: Arc<Semaphore>,
    all: Arc<Semaphore>,
    slots: usize,
}

impl<T> std::fmt::Debug for Prepared<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Prepared").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl Sandbox {
    /// Links a plugin. The linker holds what was granted and nothing else, so a plugin that imports more fails here.
    ///
    /// # Errors
    /// The engine's, naming the first import that the linker lacks or whose type differs.
    pub fn prepare<T: Guarded>(
        &self,
        plugin: &Plugin,
        linker: &Linker<T>,
        limits: Limits,
    ) -> wasmtime::Result<Prepared<T>> {
        let instance = linker.instantiate_pre(&plugin.component)?;
        let own = Arc::new(Semaphore::new(limits.concurrency));
        Ok(Prepared { instance, limits, own, all: Arc::clone(self.admission()), slots: self.slots() })
    }
}

impl<T: Guarded> Prepared<T> {
    /// The instance before it is one: to look up exports by type once, not for each operation.
    #[must_use]
    pub fn instance_pre(&self) -> &InstancePre<T> {
        &self.instance
    }

    /// The limits of each run.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// How many instances can run at once in the whole sandbox, and how many run.
    #[must_use]
    pub fn slots(&self) -> (usize, usize) {
        (self.slots, self.slots.saturating_sub(self.all.available_permits()))
    }

    /// Runs `call` in a fresh instance with `data` as the store's data. The store is dropped afterwards, whatever
    /// happened, and with it everything that the plugin left.
    ///
    /// # Errors
    /// [`Ended`] if the plugin did not return. What it did to the directory until then is in the trace.
    pub async fn run<R>(
        &self,
        data: T,
        call: impl AsyncFnOnce(&mut Store<T>, &Instance) -> wasmtime::Result<R>,
    ) -> Result<R, Ended> {
        let _own = self
            .own
            .try_acquire()
            .map_err(|_| Ended::Busy(format!("this connector is at its concurrency of {}", self.limits.concurrency)))?;
        let _all = self.all.try_acquire().map_err(|_| Ended::Busy("the host's slots are all in use".into()))?;
        let run = async {
            let mut store = self.store(data);
            let instance = self.instance.instantiate_async(&mut store).await?;
            call(&mut store, &instance).await
        };
        // Unwind safety: everything that the future could leave half done is in the store, which is dropped with it.
        match tokio::time::timeout(self.limits.time, AssertUnwindSafe(run).catch_unwind()).await {
            Ok(Ok(Ok(value))) => Ok(value),
            Ok(Ok(Err(error))) => Err(ended(&error, &self.limits)),
            Ok(Err(panic)) => Err(Ended::Panicked(words(panic.as_ref()))),
            Err(_) => Err(Ended::Time(self.limits.time)),
        }
    }

    fn store(&self, data: T) -> Store<T> {
        let mut store = Store::new(self.instance.engine(), data);
        store.limiter(|data| data.limiter());
        store.set_hostcall_fuel(self.limits.host_call_bytes);
        store.set_max_component_handles(self.limits.handles);
        // At each tick the guest gives way, so that the timeout around the call is looked at: a guest in a loop would
        // otherwise hold its thread.
        store.epoch_deadline_async_yield_and_update(1);
        store.set_epoch_deadline(1);
        store
    }
}

fn ended(error: &wasmtime::Error, limits: &Limits) -> Ended {
    if let Some(hit) = error.downcast_ref::<LimitHit>() {
        return Ended::Limit(hit.clone());
    }
    if let Some(full) = error.downcast_ref::<PoolConcurrencyLimitError>() {
        return Ended::Busy(format!("the host has no room for another instance: {full}"));
    }
    if matches!(error.downcast_ref(), Some(ResourceTableError::Full)) {
        return Ended::Limit(LimitHit { what: "handles", limit: limits.handles.to_string() });
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::StackOverflow) => Ended::Limit(LimitHit { what: "stack", limit: "512 KiB".into() }),
        Some(trap) => Ended::Trapped(trap.to_string()),
        None => untyped_limit(&error.root_cause().to_string(), limits)
            .map_or_else(|| Ended::Trapped(cause_first(error)), Ended::Limit),
    }
}

/// Limits that the engine tells by words alone. The engine's version is pinned, and a test meets each of them.
fn untyped_limit(words: &str, limits: &Limits) -> Option<LimitHit> {
    if words.contains("fuel allocated for hostcalls") {
        Some(LimitHit { what: "bytes in one host call", limit: shown(limits.host_call_bytes) })
    } else if words.contains("store handle limit") {
        Some(LimitHit { what: "handles", limit: limits.handles.to_string() })
    } else if words.contains("count too high") {
        Some(LimitHit { what: "core instances", limit: limits.instances.to_string() })
    } else {
        None
    }
}

/// Only words that stand in the source: those that were put together may hold what a server sent.
fn words(panic: &(dyn std::any::Any + Send)) -> String {
    panic.downcast_ref::<&'static str>().map_or("the log names the place", |words| *words).to_owned()
}
