//! Resets through the HTTP interface: as many as 64 callers can have done, and how long each takes at half of that.

use std::time::{Duration, Instant};

use super::batches;
use super::client::{Door, Way};
use super::open;
use super::server::Server;
use super::world::World;
use crate::Result;
use crate::figure::{Figure, Goal, Section};
use crate::stats::{processor_time, quantile};

/// How many people live in the directory.
pub(super) const PEOPLE: usize = 2_048;
/// Callers, each with a connection and one request at a time.
pub(super) const CALLERS: usize = 64;

const METHOD: &str = "Resets through `POST /v1/operations` (HTTP/1.1, kept connections on loopback, a bearer token, the \
    password in clear in the request): accepted, sealed and journaled with sync, acted on, done in the directory in the \
    host's memory (2,048 people, one iteration of PBKDF2) through the connector `mock`, confirmed by one bind as the \
    account, and journaled again; the answer is the receipt. The audit log is on, as it always is: what was allowed stands \
    in it before the effect, and how it ended is synced before anybody is told. Service and callers are one process on the \
    same two processors: the service on a runtime with two workers, its journal and its audit log on a thread each, the \
    callers on a runtime with one worker. Rates are raised so that they hold back nobody, and the connector's `concurrency` is 64. Nothing is logged. \
    In the closed loop 64 callers ask again as soon as they are answered; rounds in clear and with TLS 1.3 take turns, \
    and the times are those of all rounds together. In the open loop requests begin at a fixed rate, half of the median \
    of the closed loop, whether or not others were answered; the time of each is counted from when it should have begun \
    (a timer is up to 1 ms late), on the same 64 connections.";

/// Measures.
pub(crate) fn measure(quick: bool) -> Result<Section> {
    batches::count();
    let (rounds, time) = if quick { (2, 1) } else { (8, 3) };
    let time = Duration::from_secs(time);
    let world = World::new(1, PEOPLE, "")?;
    let server = Server::start(&world)?;
    let callers = callers()?;
    let ways = [("in clear", Way::new(&world, &server, Door::Clear)?), ("TLS", Way::new(&world, &server, Door::Tls)?)];
    // What is first used is compiled, connected and cached once.
    callers.block_on(closed(&ways[0].1, time))?;

    let mut all = [const { Vec::new() }; 2];
    let before = batches::counted();
    for _ in 0..rounds {
        for ((_, way), rounds) in ways.iter().zip(&mut all) {
            rounds.push(callers.block_on(closed(way, time))?);
        }
    }
    let batch = batches::counted().since(before);
    let mut figures = Vec::new();
    for ((name, way), rounds) in ways.iter().zip(&all) {
        figures.extend(of_closed(name, rounds));
        let rate = quantile(&rounds.iter().map(|round| round.rate).collect::<Vec<_>>(), 0.5).unwrap_or_default();
        let times = callers.block_on(open::times(way, rate / 2.0, time * rounds.len() as u32))?;
        figures.extend(times_of(&format!("{name}, {:.0} begin in a second", rate / 2.0), &times, Some(50.0)));
    }
    figures.push(Figure::one("events in one commit of the journal, closed loop", "", batch));
    server.stop()?;
    Ok(Section { title: "The service: resets through the interface", method: METHOD.to_owned(), figures })
}

/// Where the callers run.
pub(super) fn callers() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().worker_threads(1).thread_name("callers").enable_all().build()?)
}

fn of_closed(name: &str, rounds: &[Round]) -> Vec<Figure> {
    let of = |what: fn(&Round) -> f64| rounds.iter().map(what).collect::<Vec<_>>();
    let processor = of(|round| round.processor);
    let why = format!(
        "An operation takes {:.0} us of processor time, the caller's part and the kernel's included, and waits for three \
         commits and for the audit log, each of which is a sync: see where an operation's time goes.",
        quantile(&processor, 0.5).unwrap_or_default()
    );
    let with_audit = format!("through the service with the audit log, {CALLERS} callers, {name}");
    let rate = Figure::of(with_audit, "operations/s", &of(|round| round.rate));
    let mut figures = vec![
        rate.goal(Goal::AtLeast(2_000.0), why),
        Figure::of(format!("processor time with the callers', {name}"), "us/operation", &processor),
    ];
    let times: Vec<f64> = rounds.iter().flat_map(|round| round.times.iter().copied()).collect();
    figures.extend(times_of(&format!("{CALLERS} callers, {name}"), &times, None));
    figures
}

/// The distribution of times in milliseconds; the goal is for the 99th percentile.
fn times_of(name: &str, times: &[f64], goal: Option<f64>) -> Vec<Figure> {
    [("half", 0.5), ("90 %", 0.9), ("99 %", 0.99), ("all", 1.0)]
        .into_iter()
        .map(|(which, share)| {
            let name = format!("{which} are answered within, {name}");
            let Some(value) = quantile(times, share) else { return Figure::missing(name, "ms", "no request ended") };
            let figure = Figure::one(name, "ms", value);
            match goal.filter(|_| share == 0.99) {
                Some(goal) => figure.goal(Goal::AtMost(goal), "Requests queued for the processors or for the disk."),
                None => figure,
            }
        })
        .collect()
}

/// One round of the closed loop.
pub(super) struct Round {
    /// Operations in a second.
    pub(super) rate: f64,
    /// Microseconds of processor time of an operation.
    pub(super) processor: f64,
    /// Milliseconds of each.
    pub(super) times: Vec<f64>,
}

async fn closed(way: &Way, time: Duration) -> Result<Round> {
    let mut clients = Vec::new();
    for _ in 0..CALLERS {
        clients.push(way.connect().await?);
    }
    let (start, before) = (Instant::now(), processor_time()?);
    let mut tasks = tokio::task::JoinSet::new();
    for (caller, mut client) in clients.into_iter().enumerate() {
        tasks.spawn(async move {
            let mut times = Vec::new();
            for turn in 0.. {
                let begun = Instant::now();
                if begun - start >= time {
                    break;
                }
                client.reset((caller + CALLERS * turn) % PEOPLE, &format!("Second-Passw0rd-{turn}")).await?;
                times.push(begun.elapsed().as_secs_f64() * 1e3);
            }
            Result::Ok(times)
        });
    }
    let mut times = Vec::new();
    while let Some(ended) = tasks.join_next().await {
        times.append(&mut ended??);
    }
    let (seconds, processor) = (start.elapsed().as_secs_f64(), processor_time()? - before);
    let count = times.len() as f64;
    Ok(Round { rate: count / seconds, processor: processor * 1e6 / count, times })
}
