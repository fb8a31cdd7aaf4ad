//! What one operation costs: a fresh instance, the call, three host calls, on a directory in the host's memory.
//!
//! Not in the figures: the network, a real directory, starting the process, compiling the plugin.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use portcullis_directory::{Change, ChangeKind, Control, Modify, Performer, Value};
use portcullis_model::{Encoding, Operation};
use tokio::runtime::{Builder, Runtime};

use crate::Result;
use crate::figure::{Figure, Goal, Section};
use crate::mock::{Mock, PEOPLE, search};
use crate::stats::{each, quantile};

const PPOLICY: &str = "1.3.6.1.4.1.42.2.27.8.5.1";

const METHOD: &str = "The connector `mock` on the directory in the host's memory (64 people, no state file, one iteration \
    of PBKDF2). Its `reset` makes three host calls: `root-dse`, `target`, `modify`. \"Sandbox\" is \
    `Prepared::run` with `Exports::call`: a fresh store and instance, the call, its host calls with their grants and \
    events, and dropping it all. \"Whole operation\" is `perform` with `[ldap.confirm] by = \"none\"`: the search for the \
    account, then the sandbox, then the receipt. \"Without a sandbox\" asks the directory for the same by plain function \
    calls, without a grant, an event or a limit. Each figure is the median of rounds that were taken in turns. On two \
    threads, two tasks run on a runtime with two workers; the figure counts both.";

/// Measures.
pub(crate) fn measure(quick: bool) -> Result<Section> {
    let rounds = if quick { 5 } else { 41 };
    let mock = Arc::new(Mock::start(16)?);
    let (one, two) = (Builder::new_current_thread().enable_all().build()?, runtime()?);
    let time = Duration::from_millis(100);
    let mut all = [const { Vec::new() }; 7];
    for round in 0..=rounds {
        let samples = [
            one.block_on(each(time / 2, async || without_sandbox(&mock, 0, false).await))?,
            one.block_on(each(time / 2, async || without_sandbox(&mock, 0, true).await))?,
            one.block_on(each(time / 2, async || mock.nothing(0).await))?,
            one.block_on(each(time, async || mock.in_sandbox(0).await))?,
            one.block_on(each(time, async || mock.perform(0).await))?,
            together(&two, &mock, time, Part::Sandbox)?,
            together(&two, &mock, time, Part::Whole)?,
        ];
        // The first round warms the caches, the pool and the root DSE.
        if round > 0 {
            all.iter_mut().zip(samples).for_each(|(all, sample)| all.push(sample));
        }
    }
    let [native, located, nothing, sandbox, whole, sandbox_two, whole_two] = &all;
    let median = |samples: &[f64]| quantile(samples, 0.5).unwrap_or(f64::NAN);
    let why = format!(
        "Of {:.1} us, {:.1} are a store and an instance of an empty component, {:.1} the write itself; the rest is the \
         plugin's instance, its code, and the three host calls with their grants and events.",
        median(sandbox),
        median(nothing),
        median(native)
    );
    let why_two = format!("{why} Two threads share the kernel's map of the process and, on most machines, a core.");
    let figures = vec![
        Figure::of("sandbox, one thread", "us/operation", sandbox).goal(Goal::AtMost(15.0), why),
        Figure::of("sandbox, two threads together", "operations/s", sandbox_two)
            .goal(Goal::AtLeast(100_000.0), why_two),
        Figure::of("whole operation, one thread", "us/operation", whole),
        Figure::of("whole operation, two threads together", "operations/s", whole_two),
        Figure::of("an empty plugin in the sandbox, one thread", "us/operation", nothing),
        Figure::of("the write, without a sandbox, one thread", "us/operation", native),
        Figure::of("the search and the write, without a sandbox, one thread", "us/operation", located),
    ];
    Ok(Section { title: "One operation in a fresh instance", method: METHOD.to_owned(), figures })
}

fn runtime() -> Result<Runtime> {
    Ok(Builder::new_multi_thread().worker_threads(2).enable_all().build()?)
}

/// What two threads do.
#[derive(Clone, Copy)]
enum Part {
    Sandbox,
    Whole,
}

/// Two tasks at once, each with people of its own; operations of both in a second.
fn together(runtime: &Runtime, mock: &Arc<Mock>, time: Duration, part: Part) -> Result<f64> {
    let start = Instant::now();
    let task = |first: usize| {
        let mock = Arc::clone(mock);
        runtime.spawn(async move {
            let mut n = first;
            while start.elapsed() < time {
                for _ in 0..16 {
                    n += 2;
                    match part {
                        Part::Sandbox => mock.in_sandbox(n).await?,
                        Part::Whole => mock.perform(n).await?,
                    }
                }
            }
            Result::Ok((n - first) / 2)
        })
    };
    let tasks = [task(0), task(1)];
    let mut done = 0;
    for task in tasks {
        done += runtime.block_on(task)??;
    }
    Ok(done as f64 / start.elapsed().as_secs_f64())
}

/// What the connector has the directory do, by plain calls.
async fn without_sandbox(mock: &Mock, n: usize, locate: bool) -> Result {
    let directory = mock.connector.context.directory.as_ref().ok_or("no directory")?;
    let dn = if locate {
        let found = directory.search(&search(n)).await?;
        found.entries.into_iter().next().ok_or("nobody")?.dn
    } else {
        mock.targets[n % PEOPLE].entry.dn.clone()
    };
    let modify = modify(dn, &mock.operations[n % PEOPLE])?;
    let answer = black_box(directory.modify(&Performer::Service, &modify).await?);
    if answer.code == 0 { Ok(()) } else { Err(answer.diagnostic.into()) }
}

fn modify(dn: String, operation: &Operation) -> Result<Modify> {
    let password = Arc::clone(operation.new_password().ok_or("no password")?);
    let values = vec![Value::Secret(password, Encoding::Utf8)];
    let change = Change { kind: ChangeKind::Replace, attribute: "userPassword".to_owned(), values };
    let control = Control { oid: PPOLICY.to_owned(), critical: false, value: None };
    Ok(Modify { dn, changes: vec![change], controls: vec![control] })
}
