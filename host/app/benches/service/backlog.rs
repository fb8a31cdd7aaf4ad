//! What waited out an outage: does delivering ten thousand operations cost as much for each as a hundred?

use std::time::{Duration, Instant};

use super::client::{Door, Way};
use super::requests::{CALLERS, callers};
use super::server::Server;
use super::world::{EMBEDDED, World};
use crate::Result;
use crate::figure::{Figure, Goal, Section};
use crate::stats::{processor_time, quantile};

const METHOD: &str = "Resets are handed in through the interface while the connector's directory refuses connections, each \
    for another account; all of them wait. Then the directory is there (the connector's file names the one in the host's \
    memory, with 10,000 people, and the registry is told to look), and the service delivers them, 64 side by side. From \
    the first that is acted on to the end of the last, by their number. Each sample is a service of its own on an empty \
    journal; sizes take turns, and the smaller are taken more often, because they are over so soon. The kernel counts \
    processor time in hundredths of a second: that of 100 operations is coarse.";

const SIZES: [usize; 3] = [100, 1_000, 10_000];
const MOST: usize = 10_000;

/// What the pauses are, so that the service looks at the directory again soon.
const SETTINGS: &str = "[delivery]\nretry-first = \"10ms\"\nretry-longest = \"200ms\"\nbreaker-pause = \"100ms\"\n";

/// Measures.
pub(crate) fn measure(quick: bool) -> Result<Section> {
    let rounds = if quick { 1 } else { 3 };
    let mut samples = [const { Vec::new() }; SIZES.len()];
    let mut times = [const { Vec::new() }; SIZES.len()];
    for _ in 0..rounds {
        for (at, size) in SIZES.into_iter().enumerate() {
            for _ in 0..if size < MOST { 3 } else { 1 } {
                let (each, processor) = outage(size)?;
                samples[at].push(each);
                times[at].push(processor);
            }
        }
    }
    let mut figures = Vec::new();
    for ((size, samples), times) in SIZES.into_iter().zip(&samples).zip(&times) {
        figures.push(Figure::of(format!("an operation of {size} that waited"), "us", samples));
        figures.push(Figure::of(format!("processor time of one of {size}"), "us", times));
    }
    let median = |at: usize| quantile(&samples[at], 0.5).unwrap_or_default();
    let ratio = Figure::one("an operation of 10,000 that waited to one of 100", "ratio", median(2) / median(0));
    figures.push(ratio.goal(Goal::AtMost(1.2), "See the processor time of each: what grows with what waits is in it."));
    Ok(Section { title: "The service: after an outage", method: METHOD.to_owned(), figures })
}

/// Microseconds, and microseconds of processor time, for each operation after an outage in which so many were handed in.
fn outage(size: usize) -> Result<(f64, f64)> {
    let world = World::new(1, MOST, SETTINGS)?;
    world.gone(0)?;
    let server = Server::start(&world)?;
    let way = Way::new(&world, &server, Door::Clear)?;
    callers()?.block_on(hand_in(&way, size))?;
    let waiting = || server.service.load().get("c0").map(|load| load.waiting + load.running).unwrap_or_default();
    if waiting() != size {
        return Err(format!("{} of {size} wait", waiting()).into());
    }
    let (start, seconds, processor) = server.block_on(async {
        let mut entries = server.service.journal().watch();
        world.connector(0, EMBEDDED)?;
        let changes = server.service.registry().reload().await;
        if server.service.registry().get("c0").is_none() {
            return Err(format!("the connector was not swapped: {changes:?}").into());
        }
        while !matches!(entries.recv().await?.event, portcullis_journal::Event::Acting) {}
        drop(entries);
        let (start, before) = (Instant::now(), processor_time()?);
        while waiting() > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Result::Ok((start, start.elapsed().as_secs_f64(), processor_time()? - before))
    })?;
    let counts = server.block_on(server.service.journal().counts())?;
    let done = counts.get(&portcullis_journal::State::Done).copied().unwrap_or_default();
    if done != size as u64 {
        return Err(format!("after {:?} not all of {size} are done: {counts:?}", start.elapsed()).into());
    }
    server.stop()?;
    Ok((seconds * 1e6 / size as f64, processor * 1e6 / size as f64))
}

/// Hands operations in, each for an account of its own.
async fn hand_in(way: &Way, size: usize) -> Result {
    let mut tasks = tokio::task::JoinSet::new();
    for caller in 0..CALLERS {
        let mut client = way.connect().await?;
        tasks.spawn(async move {
            for account in (caller..size).step_by(CALLERS) {
                client.hand_in(account, "Fourth-Passw0rd").await?;
            }
            Result::Ok(())
        });
    }
    while let Some(ended) = tasks.join_next().await {
        ended??;
    }
    Ok(())
}
