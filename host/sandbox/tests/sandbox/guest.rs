//! Plugins in a few lines, and a host of a few functions for them.

use std::future::pending;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use portcullis_sandbox::{Cache, Ended, Guarded, LimitHit, Limiter, Limits, Plugin, Prepared, Sandbox, SandboxOptions};
use tokio::sync::Semaphore;
use wasmtime::component::{Linker, Resource, ResourceType};

/// What a run carries, and what its end leaves behind.
pub(crate) struct Data {
    limiter: Limiter,
    started: Instant,
    seen: Seen,
}

/// What outlives the runs.
#[derive(Clone, Default)]
pub(crate) struct Seen {
    /// Data of runs that were dropped.
    pub(crate) ended: Arc<AtomicUsize>,
    /// Calls of `wait` that began.
    pub(crate) waiting: Arc<AtomicUsize>,
    /// Calls of `wait` that were dropped before they ended.
    pub(crate) given_up: Arc<AtomicUsize>,
    /// Lets one call of `wait` return for each permit.
    pub(crate) gate: Arc<Gate>,
}

/// Closed at first.
pub(crate) struct Gate(pub(crate) Semaphore);

impl Default for Gate {
    fn default() -> Self {
        Self(Semaphore::new(0))
    }
}

/// A resource that the host gives away.
pub(crate) struct Token;

impl Guarded for Data {
    fn limiter(&mut self) -> &mut Limiter {
        &mut self.limiter
    }
}

impl Drop for Data {
    fn drop(&mut self) {
        self.seen.ended.fetch_add(1, Ordering::SeqCst);
    }
}

/// Counts a future that is dropped before its end.
struct GivenUp(Option<Arc<AtomicUsize>>);

impl Drop for GivenUp {
    fn drop(&mut self) {
        if let Some(count) = &self.0 {
            count.fetch_add(1, Ordering::SeqCst);
        }
    }
}

/// Few slots, so that each of them is used again.
pub(crate) fn sandbox(slots: u32) -> Sandbox {
    Sandbox::new(SandboxOptions { slots }, None).unwrap()
}

pub(crate) fn cached(folder: &Path) -> Sandbox {
    Sandbox::new(SandboxOptions { slots: 2 }, Some(Cache::open(folder).unwrap())).unwrap()
}

/// A component around a core module that exports `run`, a function that returns an `i32`. It may import the functions
/// of the test's host from `host`.
pub(crate) fn component(core: &str) -> Vec<u8> {
    let core = core.replacen("(module", "(core module $core", 1);
    wat::parse_str(format!(
        r#"(component
            (import "host" (instance $host
                (export "token" (type $token (sub resource)))
                (export "wait" (func))
                (export "panic" (func))
                (export "panic-with-words" (func))
                (export "elapsed" (func (result u32)))
                (export "make" (func (result (own $token))))
                (export "take" (func (param "bytes" (list u8))))
                (export "fail" (func))))
            (core module $memory (memory (export "memory") 1))
            (core instance $memory (instantiate $memory))
            (core func $wait (canon lower (func $host "wait")))
            (core func $panic (canon lower (func $host "panic")))
            (core func $panic-with-words (canon lower (func $host "panic-with-words")))
            (core func $elapsed (canon lower (func $host "elapsed")))
            (core func $make (canon lower (func $host "make")))
            (core func $fail (canon lower (func $host "fail")))
            (core func $take (canon lower (func $host "take") (memory (core memory $memory "memory"))))
            {core}
            (core instance $core (instantiate $core
                (with "host" (instance
                    (export "wait" (func $wait)) (export "panic" (func $panic)) (export "fail" (func $fail))
                    (export "elapsed" (func $elapsed)) (export "make" (func $make)) (export "take" (func $take))
                    (export "panic-with-words" (func $panic-with-words))
                    (export "memory" (memory $memory "memory"))))))
            (func (export "run") (result s32) (canon lift (core func $core "run"))))"#
    ))
    .unwrap()
}

/// Compiles a plugin.
pub(crate) fn load(sandbox: &Sandbox, core: &str) -> Plugin {
    sandbox.load_bytes(Path::new("test.wasm"), &component(core)).unwrap()
}

/// A plugin that is ready to run, and what its runs leave.
pub(crate) struct Ready {
    prepared: Prepared<Data>,
    pub(crate) seen: Seen,
}

pub(crate) fn ready(sandbox: &Sandbox, limits: Limits, core: &str) -> Ready {
    ready_with(sandbox, limits, &load(sandbox, core))
}

pub(crate) fn ready_with(sandbox: &Sandbox, limits: Limits, plugin: &Plugin) -> Ready {
    let prepared = sandbox.prepare(plugin, &linker(sandbox), limits).unwrap();
    Ready { prepared, seen: Seen::default() }
}

impl Ready {
    /// One operation: what `run` returned, or how it ended.
    pub(crate) async fn run(&self) -> Result<i32, Ended> {
        let limiter = Limiter::new(self.prepared.limits());
        let data = Data { limiter, started: Instant::now(), seen: self.seen.clone() };
        self.prepared
            .run(data, async |store, instance| {
                let run = instance.get_typed_func::<(), (i32,)>(&mut *store, "run")?;
                Ok(run.call_async(&mut *store, ()).await?.0)
            })
            .await
    }

    pub(crate) fn count(&self, of: fn(&Seen) -> &Arc<AtomicUsize>) -> usize {
        of(&self.seen).load(Ordering::SeqCst)
    }
}

/// The limit that was met.
pub(crate) fn limit(ended: Result<i32, Ended>) -> &'static str {
    match ended {
        Err(Ended::Limit(LimitHit { what, .. })) => what,
        other => panic!("no limit was met: {other:?}"),
    }
}

fn linker(sandbox: &Sandbox) -> Linker<Data> {
    let mut linker = Linker::<Data>::new(sandbox.engine());
    let mut host = linker.instance("host").unwrap();
    host.resource("token", ResourceType::host::<Token>(), |_, _| Ok(())).unwrap();
    host.func_wrap_async("wait", |store, (): ()| {
        let seen = store.data().seen.clone();
        Box::new(async move {
            let mut given_up = GivenUp(Some(Arc::clone(&seen.given_up)));
            seen.waiting.fetch_add(1, Ordering::SeqCst);
            match seen.gate.0.acquire().await {
                Ok(permit) => permit.forget(),
                Err(_) => pending().await,
            }
            given_up.0 = None;
            Ok(())
        })
    })
    .unwrap();
    host.func_wrap_async("panic", |_, (): ()| {
        Box::new(async {
            assert!(std::hint::black_box(false), "a library met what it did not expect");
            Ok(())
        })
    })
    .unwrap();
    host.func_wrap_async("panic-with-words", |_, (): ()| {
        Box::new(async {
            let sent = std::hint::black_box("Tr0ub4dor");
            assert!(sent.is_empty(), "a library met {sent:?}");
            Ok(())
        })
    })
    .unwrap();
    host.func_wrap("elapsed", |store, (): ()| {
        Ok((u32::try_from(store.data().started.elapsed().as_millis()).unwrap_or(u32::MAX),))
    })
    .unwrap();
    host.func_wrap("make", |_, (): ()| Ok((Resource::<Token>::new_own(7),))).unwrap();
    host.func_wrap("take", |_, (bytes,): (Vec<u8>,)| {
        assert!(bytes.len() <= 1 << 20, "{} bytes reached the host", bytes.len());
        Ok(())
    })
    .unwrap();
    host.func_wrap("fail", |_, (): ()| -> wasmtime::Result<()> { Err(wasmtime::Error::msg("no such thing")) }).unwrap();
    linker
}

/// Runs a test's future on a thread of its own and fails if it does not end: a plugin that holds its thread would
/// otherwise hold the test for ever.
pub(crate) fn within<F: Future<Output = ()>>(most: Duration, test: impl FnOnce() -> F + Send + 'static) {
    let (done, ended) = std::sync::mpsc::channel();
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(test());
        let _ = done.send(());
    });
    match ended.recv_timeout(most) {
        Ok(()) => {}
        Err(std::sync::mpsc::RecvTimeoutError::Timeout) => {
            panic!("not ended after {most:?}: something holds the thread")
        }
        // The test panicked: its own words say why.
        Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => {
            std::panic::resume_unwind(thread.join().expect_err("it ended without a word"));
        }
    }
}
