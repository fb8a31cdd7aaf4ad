//! The one engine of the host and what it is made of.
//!
//! Each setting below was chosen by measuring a fresh instance for every operation; see BENCHMARKS.md.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::Semaphore;
use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

use crate::ticker::Ticker;
use crate::{Cache, Limits};

/// How large the sandbox is.
#[derive(Debug, Clone, Copy)]
pub struct SandboxOptions {
    /// Operations of all connectors together that can be in an instance at the same time. Address space is set aside
    /// for each (4 GiB, not memory), so a command needs few and a service many; at most 12,000.
    pub slots: u32,
}

impl Default for SandboxOptions {
    fn default() -> Self {
        Self { slots: 16 }
    }
}

/// Where plugins are compiled and run.
pub struct Sandbox {
    engine: Engine,
    cache: Option<Cache>,
    admission: Arc<Semaphore>,
    slots: usize,
    _ticker: Ticker,
}

impl std::fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sandbox").field("cache", &self.cache).finish_non_exhaustive()
    }
}

impl Sandbox {
    /// Makes the engine. Without a cache every load compiles.
    ///
    /// # Errors
    /// The engine's own, if this machine lacks what it needs (address space, a supported processor).
    pub fn new(options: SandboxOptions, cache: Option<Cache>) -> wasmtime::Result<Self> {
        let engine = Engine::new(&config(options.slots))?;
        let ticker = Ticker::start(&engine)?;
        let slots = options.slots as usize;
        let admission = Arc::new(Semaphore::new(slots));
        Ok(Self { engine, cache, admission, slots, _ticker: ticker })
    }

    /// The engine, to build linkers with.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The files of the cache that were not ones that this host wrote, since this was asked the last time. They are gone,
    /// and nothing of them was run.
    #[must_use]
    pub fn take_altered(&self) -> Vec<PathBuf> {
        self.cache.as_ref().map(|cache| std::mem::take(&mut *cache.altered())).unwrap_or_default()
    }

    pub(crate) fn cache(&self) -> Option<&Cache> {
        self.cache.as_ref()
    }

    pub(crate) fn slots(&self) -> usize {
        self.slots
    }

    pub(crate) fn admission(&self) -> &Arc<Semaphore> {
        &self.admission
    }
}

/// The most that one plugin may consist of.
const CORE_INSTANCES: u32 = 64;
const MEMORIES: u32 = 8;
const TABLES: u32 = 32;

fn config(slots: u32) -> Config {
    // Never less than one plugin may have: it would be told to come again later for ever.
    let room = |each: u32, one: u32| slots.saturating_mul(each).max(one);
    // Twice as many while that costs nothing. With many slots each memory more is 4 GiB of the 85 TiB of address space
    // below the program, and each stack more is two of the mappings that the kernel allows a process (65,530).
    let spare = slots.min(1024);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(slots)
        // A component from C or Rust is up to four core instances, one from Python up to a dozen; the pool only counts.
        .total_core_instances(room(16, CORE_INSTANCES))
        .total_memories(slots.saturating_add(spare).max(MEMORIES))
        .total_tables(room(4, TABLES))
        // Below the number of stores in flight the pool once refused although there was room: leave some.
        .total_stacks(slots.saturating_add(spare))
        .max_core_instances_per_component(CORE_INSTANCES)
        .max_memories_per_component(MEMORIES)
        .max_tables_per_component(TABLES)
        .max_memory_size(Limits::MAX_MEMORY)
        .linear_memory_keep_resident(2 << 20)
        .table_keep_resident(64 << 10)
        .async_stack_keep_resident(64 << 10)
        .max_unused_warm_slots(slots)
        .pagemap_scan(Enabled::Auto);
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        .concurrency_support(false)
        .epoch_interruption(true)
        // A stack may have held a copy of what a host call passed; the next operation must not find it.
        .async_stack_zeroing(true)
        .max_wasm_stack(512 << 10)
        .async_stack_size(1 << 20)
        .wasm_memory64(false)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    config
}
