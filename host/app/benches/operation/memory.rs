//! What an operation in flight holds: ten thousand resets at once, each in an instance of its own, all of them waiting
//! for their directory.
//!
//! A process of its own, so that nothing else is counted. The directory is the one in the host's memory behind a gate
//! that opens when all have arrived: the memory is read while every one of them is in the middle of its write.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use portcullis_directory::{Answer, Control, Directory, Failure, Found, Modify, Performer, Search, SetPassword};
use portcullis_model::Password;
use tokio::runtime::Builder;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::Result;
use crate::figure::{Figure, Goal, Section};
use crate::mock::Mock;

/// Set for the process that is measured: how many operations.
pub(crate) const CHILD: &str = "PORTCULLIS_BENCH_IN_FLIGHT";

const METHOD: &str = "That many `perform`s at once in a process of their own, on a runtime with two workers and a sandbox \
    with as many slots; `[limits] concurrency` is raised to it in the program. The directory lets no write pass before \
    all have arrived; the resident memory at that moment, less that before the first of them, by their number. One \
    operation was done before, so that what all share is not counted. Page tables are the kernel's and are not part of \
    the resident memory: they stand by themselves.";

const WHY: &str = "An instance in flight holds the pages of its memory, of its table and of its stack that it wrote to, \
    and the operation's own data. The number of instances is bounded by the mappings that the kernel allows a process: \
    about six for each, `vm.max_map_count` in all.";

/// Measures, in another process.
pub(crate) fn measure(quick: bool) -> Result<Section> {
    let wanted: &[usize] = if quick { &[500] } else { &[1_000, 10_000] };
    let mut figures = Vec::new();
    for &in_flight in wanted {
        let name = format!("resident memory of an operation, {in_flight} in flight");
        let output = Command::new(std::env::current_exe()?).env(CHILD, in_flight.to_string()).output()?;
        let said = String::from_utf8_lossy(&output.stdout);
        let numbers: Vec<f64> = said.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        let goal = |figure: Figure| if in_flight == 10_000 { figure.goal(Goal::AtMost(64.0), WHY) } else { figure };
        match numbers.as_slice() {
            [resident, tables, mappings, seconds] if output.status.success() => {
                figures.push(goal(Figure::one(name, "KiB", *resident)));
                figures.push(Figure::one(
                    format!("page tables of an operation, {in_flight} in flight"),
                    "KiB",
                    *tables,
                ));
                figures.push(Figure::one(format!("mappings of the process, {in_flight} in flight"), "", *mappings));
                figures.push(Figure::one(format!("until all {in_flight} are done"), "s", *seconds));
            }
            _ => {
                let why = String::from_utf8_lossy(&output.stderr);
                figures.push(goal(Figure::missing(name, "KiB", why.trim().replace('\n', "; "))));
            }
        }
    }
    Ok(Section { title: "Memory of operations in flight", method: METHOD.to_owned(), figures })
}

/// The process that is measured: prints KiB of memory, KiB of page tables, mappings, and seconds.
pub(crate) fn child() -> Result {
    let in_flight: usize = std::env::var(CHILD)?.parse()?;
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    // A tenth more than there are operations, as an operator would have it.
    let slots = u32::try_from(in_flight + in_flight / 10)?;
    let mut mock = Mock::start(slots)?;
    let gate = Arc::new(Gate::new(&mock)?);
    let context = Arc::get_mut(&mut mock.connector.context).ok_or("the context is shared")?;
    context.directory = Some(gate.clone());
    let mock = Arc::new(mock);

    gate.expect(1);
    runtime.block_on(mock.perform(0))?;
    gate.expect(in_flight);
    let (start, before) = (std::time::Instant::now(), Memory::now()?);
    let during = runtime.block_on(async {
        let mut tasks = JoinSet::new();
        for n in 0..in_flight {
            let mock = Arc::clone(&mock);
            tasks.spawn(async move { mock.perform(n).await });
        }
        let during = tokio::select! {
            () = gate.all_here() => Memory::now(),
            Some(ended) = tasks.join_next() => Err(format!("one ended before all had begun: {ended:?}").into()),
        };
        gate.open();
        while let Some(ended) = tasks.join_next().await {
            ended??;
        }
        during
    })?;
    let each = |after: u64, before: u64| (after as f64 - before as f64) / in_flight as f64;
    let (resident, tables) = (each(during.resident, before.resident), each(during.tables, before.tables));
    println!("{resident} {tables} {} {}", during.mappings, start.elapsed().as_secs_f64());
    Ok(())
}

/// What `/proc/self/status` says, in KiB.
struct Memory {
    resident: u64,
    tables: u64,
    mappings: usize,
}

impl Memory {
    fn now() -> Result<Self> {
        let status = std::fs::read_to_string("/proc/self/status")?;
        let of = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).ok_or_else(|| format!("no {name}"))?;
            let number = line.split_whitespace().next().unwrap_or_default();
            number.parse::<u64>().map_err(|e| format!("{name} {e}"))
        };
        let mappings = std::fs::read_to_string("/proc/self/maps")?.lines().count();
        Ok(Self { resident: of("VmRSS:")?, tables: of("VmPTE:")?, mappings })
    }
}

/// A directory that holds back every write until the expected number has arrived.
#[derive(Debug)]
struct Gate {
    inner: Arc<dyn Directory>,
    expected: AtomicUsize,
    arrived: AtomicUsize,
    here: Semaphore,
    pass: Semaphore,
}

impl Gate {
    fn new(mock: &Mock) -> Result<Self> {
        let inner = Arc::clone(mock.connector.context.directory.as_ref().ok_or("no directory")?);
        let (here, pass) = (Semaphore::new(0), Semaphore::new(0));
        Ok(Self { inner, expected: AtomicUsize::new(0), arrived: AtomicUsize::new(0), here, pass })
    }

    fn expect(&self, number: usize) {
        self.arrived.store(0, Ordering::SeqCst);
        self.expected.store(number, Ordering::SeqCst);
        // One alone waits for nobody.
        if number == 1 {
            self.pass.add_permits(1);
        }
    }

    async fn all_here(&self) {
        if let Ok(permit) = self.here.acquire().await {
            permit.forget();
        }
    }

    fn open(&self) {
        self.pass.add_permits(self.expected.load(Ordering::SeqCst));
    }
}

#[async_trait]
impl Directory for Gate {
    async fn search(&self, search: &Search) -> std::result::Result<Found, Failure> {
        self.inner.search(search).await
    }

    async fn modify(&self, performer: &Performer, modify: &Modify) -> std::result::Result<Answer, Failure> {
        let arrived = self.arrived.fetch_add(1, Ordering::SeqCst) + 1;
        if arrived == self.expected.load(Ordering::SeqCst) && arrived > 1 {
            self.here.add_permits(1);
        }
        if let Ok(permit) = self.pass.acquire().await {
            permit.forget();
        }
        self.inner.modify(performer, modify).await
    }

    async fn set_password(&self, performer: &Performer, request: &SetPassword) -> std::result::Result<Answer, Failure> {
        self.inner.set_password(performer, request).await
    }

    async fn bind(&self, dn: &str, password: &Password, controls: &[Control]) -> std::result::Result<Answer, Failure> {
        self.inner.bind(dn, password, controls).await
    }
}
