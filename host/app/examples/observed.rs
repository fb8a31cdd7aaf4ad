//! What it costs an operation to be observed: `cargo run -p portcullis --example observed --release`.
//!
//! Measures the calls that the service makes for one operation from accepting to its end, with the spans of its stages,
//! by who listens. Sends nothing but to a collector that is not there.

use std::hint::black_box;
use std::time::{Duration, Instant, SystemTime};

use portcullis::config::{LogFormat, Observe as Settings};
use portcullis::observe::{Look, Metrics, Observe};
use portcullis_journal::{Record, State};
use portcullis_model::{Fault, Login, OperationId, OperationKind, ResetOptions, Timings};

const TIMES: u32 = 20_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let record = Record {
        seq: 1,
        id: OperationId::new()?,
        caller: "portal".into(),
        kind: OperationKind::ResetPassword,
        account: Login::new("alice@people.example")?,
        connector: "corp-ad".into(),
        options: ResetOptions::default(),
        state: State::Waiting,
        attempts: 0,
        looks: 0,
        accepted_at: SystemTime::now(),
        deadline: SystemTime::now(),
        not_before: None,
        fault: None,
        outcome: None,
        ended_at: None,
        has_password: true,
    };
    let metrics = Metrics::new().map_err(text)?;
    println!("the loop alone: {:?}", each(|| drop(black_box(records(&record)))));
    println!("metrics alone, nobody listens: {:?}", each(|| operation(&metrics, &record)));
    let look = |format| Look { format, time: true, colours: false };
    for (who, level, format, otlp) in [
        ("log at warn", tracing::Level::WARN, LogFormat::Text, None),
        ("log at info, text", tracing::Level::INFO, LogFormat::Text, None),
        ("log at info, JSON", tracing::Level::INFO, LogFormat::Json, None),
        ("log at warn, OTLP", tracing::Level::WARN, LogFormat::Text, Some("http://127.0.0.1:1".parse()?)),
    ] {
        let settings = Settings { log_format: format, otlp, ca_file: None };
        let (observe, dispatch) = Observe::prepare(&settings, level, look(format), std::io::sink).map_err(text)?;
        let metrics = observe.metrics();
        let took = tracing::dispatcher::with_default(&dispatch, || each(|| operation(&metrics, &record)));
        println!("{who}: {took:?}");
    }
    println!("one render of these metrics: {:?}", each(|| drop(black_box(metrics.render()))));
    Ok(())
}

fn each(act: impl Fn()) -> Duration {
    (0..TIMES / 10).for_each(|_| act());
    let started = Instant::now();
    (0..TIMES).for_each(|_| act());
    started.elapsed() / TIMES
}

/// The same operation as it goes on.
fn records(record: &Record) -> [Record; 2] {
    [Record { state: State::Acting, ..record.clone() }, Record { state: State::Done, ..record.clone() }]
}

/// What the service calls for an operation that is done at once.
fn operation(metrics: &Metrics, record: &Record) {
    let ms = Duration::from_millis;
    let [acting, done] = records(record);
    metrics.accepted(record);
    metrics.taken_up(&record.id, record.kind, &record.connector, ms(1)).in_scope(|| {
        tracing::debug_span!(target: "portcullis", "locate").in_scope(|| ());
        tracing::debug_span!(target: "portcullis", "sandbox")
            .in_scope(|| tracing::debug_span!(target: "portcullis", "directory").in_scope(|| ()));
        metrics.reached(&acting, None);
        tracing::debug_span!(target: "portcullis", "confirm").in_scope(|| ());
        let timings = Timings { locate: ms(1), connector: ms(3), directory: ms(2), confirm: ms(1), total: ms(5) };
        metrics.performed(&record.connector, &timings);
        metrics.reached(&done, None);
    });
}

fn text(fault: Fault) -> String {
    fault.detail
}
