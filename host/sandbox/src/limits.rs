//! What one operation may use, and what happens at the limit.
//!
//! Time is bounded in `run`; log and host-call volume belong to the capabilities, which count with [`Limits`] too.

use std::time::Duration;

use wasmtime::ResourceLimiter;

/// The most that one operation may use of the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Wall-clock time of the plugin, the directory's answers included.
    pub time: Duration,
    /// Bytes of all linear memories together. At most [`Limits::MAX_MEMORY`].
    pub memory: usize,
    /// Elements of all tables together.
    pub table_elements: usize,
    /// Core instances; components built from C or Python consist of several.
    pub instances: usize,
    /// Operations of one connector at the same time.
    pub concurrency: usize,
    /// Calls from the plugin into the host.
    pub host_calls: u32,
    /// Bytes that one call may pass from the plugin to the host, strings and lists together.
    pub host_call_bytes: usize,
    /// Handles of resources that the plugin may hold.
    pub handles: usize,
    /// Bytes that the plugin may write to the log, standard output and error included.
    pub log_bytes: usize,
}

impl Limits {
    /// The largest linear memory that the sandbox has room for, in bytes.
    pub const MAX_MEMORY: usize = 64 << 20;
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            time: Duration::from_secs(10),
            memory: 16 << 20,
            table_elements: 20_000,
            instances: 40,
            concurrency: 64,
            host_calls: 256,
            host_call_bytes: 1 << 20,
            handles: 64,
            log_bytes: 64 << 10,
        }
    }
}

/// A limit that a plugin met; travels through the engine as the reason of the trap.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the plugin went over its limit of {what}: {limit}")]
pub struct LimitHit {
    /// `memory`, `table elements`, `host calls`, ...
    pub what: &'static str,
    /// The limit with its unit.
    pub limit: String,
}

/// Counts the memory and tables of one instance.
#[derive(Debug)]
pub struct Limiter {
    memory_limit: usize,
    memory_left: usize,
    table_limit: usize,
    tables_left: usize,
    /// Also for the number of memories and of tables: each of them belongs to an instance.
    most: usize,
}

impl Limiter {
    /// A fresh counter.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        Self {
            memory_limit: limits.memory,
            memory_left: limits.memory,
            table_limit: limits.table_elements,
            tables_left: limits.table_elements,
            most: limits.instances,
        }
    }
}

/// Takes `desired - current` from what is left. Failing instead of returning `false` ends the plugin at once: many
/// guests answer a refused growth by trying again for ever.
fn take(left: &mut usize, current: usize, desired: usize, hit: impl FnOnce() -> LimitHit) -> wasmtime::Result<bool> {
    match left.checked_sub(desired.saturating_sub(current)) {
        Some(rest) => {
            *left = rest;
            Ok(true)
        }
        None => Err(wasmtime::Error::new(hit())),
    }
}

/// As an operator writes it.
pub(crate) fn shown(bytes: usize) -> String {
    if bytes.is_multiple_of(1 << 20) { format!("{} MiB", bytes >> 20) } else { format!("{} KiB", bytes >> 10) }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        let limit = self.memory_limit;
        take(&mut self.memory_left, current, desired, || LimitHit { what: "memory", limit: shown(limit) })
    }

    fn table_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        let limit = self.table_limit;
        take(&mut self.tables_left, current, desired, || LimitHit { what: "table elements", limit: limit.to_string() })
    }

    fn instances(&self) -> usize {
        self.most
    }

    fn memories(&self) -> usize {
        self.most
    }

    fn tables(&self) -> usize {
        self.most
    }
}

/// What the data of a store must offer so that the sandbox can limit it.
pub trait Guarded: Send + 'static {
    /// The counter of this operation.
    fn limiter(&mut self) -> &mut Limiter;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limiter() -> Limiter {
        Limiter::new(&Limits { memory: 1 << 20, table_elements: 10, ..Limits::default() })
    }

    #[test]
    fn memories_are_counted_together() {
        let mut limiter = limiter();
        assert!(limiter.memory_growing(0, 600 << 10, None).is_ok());
        let error = limiter.memory_growing(0, 600 << 10, None).unwrap_err();
        assert_eq!(
            error.downcast_ref::<LimitHit>().unwrap().to_string(),
            "the plugin went over its limit of memory: 1 MiB"
        );
        assert!(limiter.memory_growing(600 << 10, 1 << 20, None).is_ok());
    }

    #[test]
    fn tables_are_counted_together() {
        let mut limiter = limiter();
        assert!(limiter.table_growing(0, 8, None).is_ok());
        assert!(limiter.table_growing(0, 3, None).is_err());
        assert!(limiter.table_growing(8, 10, None).is_ok());
    }
}
