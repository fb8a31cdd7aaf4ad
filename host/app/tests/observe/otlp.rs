//! Export: a collector gets the operation and its stages, and one that is gone costs nobody anything.

use std::time::{Duration, Instant};

use http::HeaderMap;
use portcullis::config::{LogFormat, Observe as Settings};
use portcullis::observe::{Look, Observe, remote_parent, request_span};
use tracing::{Instrument as _, Level};

use crate::authority::Authority;
use crate::collector::{Collector, holds};
use crate::world::{ALICE, SOON, World, reset};

/// The example of the W3C's page, and its parts.
const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const TRACE: [u8; 16] = 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736_u128.to_be_bytes();
const SPAN: [u8; 8] = 0x00f0_67aa_0ba9_02b7_u64.to_be_bytes();

fn headers(values: &[&str]) -> HeaderMap {
    values.iter().map(|value| (http::HeaderName::from_static("traceparent"), value.parse().unwrap())).collect()
}

#[test]
fn a_collector_gets_the_spans_of_an_operation_under_the_callers_and_the_metrics() {
    let collector = Collector::start(true);
    // Traces do not depend on the level of the log.
    let world = World::new(&collector.settings(), Level::ERROR, LogFormat::Text);
    let record = world.serve(async |service| {
        let request = request_span("/v1/operations", &headers(&[PARENT]));
        reset(service, ALICE, "a new Passw0rd").instrument(request).await.unwrap()
    });
    world.within(|| {
        let span = world.metrics().taken_up(&record.id, record.kind, "mock", Duration::ZERO);
        span.in_scope(|| tracing::error!(target: "portcullis_directory", "words-of-a-directory"));
    });
    assert!(world.lines.text().contains("words-of-a-directory"));
    world.shutdown();
    let traces = collector.bodies("/v1/traces");
    for name in
        ["request", "operation", "queue", "locate", "sandbox", "directory", "confirm", record.id.as_str(), "mock"]
    {
        assert!(holds(&traces, name), "{name} is not in the traces");
    }
    assert!(!holds(&traces, "words-of-a-directory"), "a log line is in the traces");
    // Field 1 of a span is its trace (16 bytes), field 4 its parent (8 bytes); each once for the request's own span.
    assert!(holds(&traces, [&[0x0a, 16][..], &TRACE].concat()), "the caller's trace");
    assert!(holds(&traces, [&[0x22, 8][..], &SPAN].concat()), "the caller's span");
    let spans = traces.windows(18).filter(|window| window[..2] == [0x0a, 16]).collect::<Vec<_>>();
    assert!(spans.iter().filter(|span| span[2..] == TRACE).count() >= 7, "all of it is one trace");
    let metrics = collector.bodies("/v1/metrics");
    for name in ["portcullis.operations", "portcullis.operation.stage", "reset-password"] {
        assert!(holds(&metrics, name), "{name} is not in the metrics");
    }
}

#[test]
fn a_collector_that_never_answers_slows_nothing_and_is_given_up_in_two_seconds() {
    let collector = Collector::start(false);
    let world = World::new(&collector.settings(), Level::WARN, LogFormat::Text);
    world.serve(async |service| {
        for round in 0..20 {
            let record = reset(service, ALICE, &format!("a new Passw0rd {round}")).await.unwrap();
            assert_eq!(record.state.to_string(), "done");
        }
    });
    // More than the queue holds: what is too much is dropped and counted, and nobody waits.
    let started = Instant::now();
    world.within(|| {
        for _ in 0..10_000 {
            tracing::debug_span!(target: "portcullis", "flood").in_scope(|| ());
        }
    });
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    let rendered = world.metrics().render();
    let dropped =
        rendered.lines().find_map(|line| line.strip_prefix(r#"portcullis_spans_dropped_total{reason="queue-full"} "#));
    assert!(dropped.is_some_and(|number| number.parse::<u64>().unwrap() > 1000), "{dropped:?}");
    let started = Instant::now();
    world.shutdown();
    assert!(started.elapsed() < Duration::from_millis(2500), "{:?}", started.elapsed());
    assert!(collector.requests() > 0, "it was tried");
}

#[test]
fn what_a_collector_that_is_not_there_did_not_get_is_counted() {
    let settings = Settings { otlp: Some("http://127.0.0.1:1".parse().unwrap()), ..Settings::default() };
    let world = World::new(&settings, Level::WARN, LogFormat::Text);
    world.serve(async |service| drop(reset(service, ALICE, "a new Passw0rd").await.unwrap()));
    let metrics = world.metrics();
    let until = Instant::now() + SOON;
    // By the thread that exports, a few seconds later.
    while !metrics.render().contains(r#"portcullis_spans_dropped_total{reason="not-taken"}"#) {
        assert!(Instant::now() < until, "{}", metrics.render());
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn only_a_valid_traceparent_is_taken_over() {
    for bad in [
        &[][..],
        &["nonsense"],
        &["00-00000000000000000000000000000000-00f067aa0ba902b7-01"],
        &["00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01"],
        &["ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"],
        &["00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01"],
        &["00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more"],
        &[PARENT, PARENT],
    ] {
        assert!(remote_parent(&headers(bad)).is_none(), "{bad:?}");
    }
    let taken = remote_parent(&headers(&[PARENT])).unwrap();
    assert_eq!((taken.trace_id().to_bytes(), taken.span_id().to_bytes()), (TRACE, SPAN));
    assert!(taken.is_remote() && taken.is_sampled());
}

#[test]
fn a_collector_by_https_gets_something_if_the_authority_vouches_for_it() {
    let (ours, other) = (Authority::new(), Authority::new());
    let folder = tempfile::tempdir().unwrap();
    let file = ours.file(folder.path(), "ca.pem");
    for (server, file) in [
        (other.server("localhost"), file.clone()),
        (ours.server("localhost"), None),
        (ours.server("siem.corp.example"), file.clone()),
    ] {
        let collector = Collector::with_tls(server);
        let world = World::new(&collector.settings_by_https("localhost", file), Level::WARN, LogFormat::Text);
        world.within(|| tracing::debug_span!(target: "portcullis", "a span").in_scope(|| ()));
        world.shutdown();
        assert_eq!(collector.requests(), 0);
    }
    let collector = Collector::with_tls(ours.server("localhost"));
    let world = World::new(&collector.settings_by_https("localhost", file), Level::WARN, LogFormat::Text);
    world.within(|| tracing::debug_span!(target: "portcullis", "a span").in_scope(|| ()));
    world.shutdown();
    assert!(holds(&collector.bodies("/v1/traces"), "a span"));
    assert!(!collector.bodies("/v1/metrics").is_empty());
}

#[test]
fn a_ca_file_that_holds_none_is_told_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, "").unwrap();
    let otlp = Some("https://collector.example".parse().unwrap());
    let settings = Settings { otlp, ca_file: Some(file.clone()), ..Settings::default() };
    let look = Look { format: LogFormat::Text, time: false, colours: false };
    let Err(fault) = Observe::prepare(&settings, Level::WARN, look, std::io::sink) else { panic!("taken") };
    let detail = fault.detail.replace(file.to_str().unwrap(), "FILE");
    insta::assert_snapshot!(detail, @"portcullis.toml: [observe] otlp: https://collector.example/: the CA file FILE holds no certificate");
}
