//! Metrics: what the page says is what is rendered, and no name of an account is in it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{MatchedPath, Request};
use axum::middleware::{Next, from_fn};
use axum::routing::get;
use portcullis::audit::alarms::Kind;
use portcullis::config::{LogFormat, Observe as Settings};
use portcullis_journal::{Record, State};
use portcullis_model::{FaultCode, OperationKind};
use portcullis_tests::plugins::root;
use tower::ServiceExt as _;
use tracing::Level;

use crate::world::{ALICE, ALICES, BOB, World, ask, reset};

fn world() -> World {
    World::new(&Settings::default(), Level::INFO, LogFormat::Text)
}

/// The value of a line, by its beginning.
fn value(rendered: &str, line: &str) -> f64 {
    let found = rendered.lines().find_map(|l| l.strip_prefix(line));
    let found = found.unwrap_or_else(|| panic!("{line} is not in:\n{rendered}"));
    found.trim().parse().unwrap()
}

#[test]
fn operations_faults_and_stages_are_counted() {
    let world = world();
    let rendered = world.serve(async |service| {
        assert_eq!(reset(service, ALICE, "a new Passw0rd").await.unwrap().state.to_string(), "done");
        assert_eq!(reset(service, ALICE, "short").await.unwrap().state.to_string(), "refused");
        assert!(reset(service, "nobody@elsewhere.example", "a new Passw0rd").await.is_err());
        world.metrics().render()
    });
    let of = |line: &str| value(&rendered, line);
    assert_eq!(of(r#"portcullis_operations_total{connector="mock",kind="reset-password",outcome="done"} "#), 1.0);
    assert_eq!(of(r#"portcullis_operations_total{connector="mock",kind="reset-password",outcome="refused"} "#), 1.0);
    assert_eq!(of(r#"portcullis_operations_accepted_total{connector="mock",kind="reset-password"} "#), 2.0);
    assert_eq!(of(r#"portcullis_faults_total{code="password-too-short",connector="mock"} "#), 1.0);
    assert_eq!(of(r#"portcullis_faults_total{code="no-connector",connector=""} "#), 1.0);
    for (stage, times) in [("queue", 2.0), ("locate", 2.0), ("sandbox", 2.0), ("directory", 2.0), ("confirm", 1.0)] {
        let line = format!(r#"portcullis_operation_stage_seconds_count{{connector="mock",stage="{stage}"}} "#);
        assert_eq!(of(&line), times, "{stage}");
    }
    assert_eq!(of(r#"portcullis_operation_seconds_count{connector="mock",kind="reset-password"} "#), 2.0);
    for (line, expected) in [
        (r#"portcullis_queue_depth{connector="mock"} "#, 0.0),
        (r#"portcullis_operations_running{connector="mock"} "#, 0.0),
        (r#"portcullis_breaker_open{connector="mock"} "#, 0.0),
        (r#"portcullis_sandbox_slots{state="free"} "#, 8.0),
        (r#"portcullis_sandbox_slots{state="busy"} "#, 0.0),
    ] {
        assert_eq!(of(line), expected, "{line}");
    }
}

#[test]
fn every_end_has_a_word_of_its_own_and_what_has_not_ended_none() {
    let world = world();
    let metrics = world.metrics();
    let record = world.serve(async |service| reset(service, ALICE, "a new Passw0rd").await.unwrap());
    let in_part = serde_json::json!({ "shortfall": { "code": FaultCode::DirectoryUnavailable } });
    for (state, outcome) in State::ALL.into_iter().map(|state| (state, None)).chain([(State::Done, Some(in_part))]) {
        metrics.reached(&Record { state, outcome, connector: "other".into(), ..record.clone() }, None);
    }
    let rendered = metrics.render();
    let line = |outcome: &str| {
        format!(r#"portcullis_operations_total{{connector="other",kind="reset-password",outcome="{outcome}"}} "#)
    };
    for outcome in ["done", "done-in-part", "refused", "unknown", "superseded", "cancelled"] {
        assert_eq!(value(&rendered, &line(outcome)), 1.0, "{outcome}");
    }
    let ends = rendered.lines().filter(|line| line.starts_with(r#"portcullis_operations_total{connector="other""#));
    assert_eq!(ends.count(), 6, "{rendered}");
}

#[test]
fn the_receipt_tells_how_long_the_directory_took() {
    let world = world();
    let record = world.serve(async |service| reset(service, ALICE, "a new Passw0rd").await.unwrap());
    let times = &record.outcome.unwrap()["milliseconds"];
    let of = |name: &str| times[name].as_f64().unwrap();
    assert!(of("directory") > 0.0 && of("directory") <= of("connector"), "{times}");
}

#[test]
fn no_account_and_no_text_of_a_caller_becomes_a_label() {
    let hostile = [
        "canary-9f3a@people.example",
        "canary-9f3a\"} 1\nportcullis_evil{x=\"@people.example",
        "canary-9f3a@nowhere.example",
        "CN=canary-9f3a,DC=people,DC=example",
        "canary-9f3a*)(uid=*@people.example",
    ];
    let world = world();
    let rendered = world.serve(async |service| {
        for account in hostile {
            let Ok(login) = portcullis_model::Login::new(account) else { continue };
            for kind in OperationKind::ALL {
                drop(ask(service, kind, login.as_str(), &["Canary-9f3a-1", "Canary-9f3a-2"]).await);
            }
        }
        drop(ask(service, OperationKind::VerifyPassword, BOB, &["staple the horse"]).await);
        world.metrics().render()
    });
    assert!(rendered.contains("no-such-account") && rendered.contains("no-connector"), "they were asked:\n{rendered}");
    for text in ["9f3a", "evil", "people.example", "nowhere", "bob", "dc=", "DC="] {
        assert!(!rendered.to_lowercase().contains(&text.to_lowercase()), "{text} is in:\n{rendered}");
    }
}

#[test]
fn a_request_is_counted_by_its_route_and_never_by_its_path() {
    let world = world();
    let metrics = world.metrics();
    let count = {
        let metrics = Arc::clone(&metrics);
        move |route: Option<MatchedPath>, request: Request, next: Next| {
            let metrics = Arc::clone(&metrics);
            async move {
                let answer = next.run(request).await;
                metrics.request(route.as_ref(), answer.status());
                answer
            }
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let router = Router::new().route("/v1/operations/{id}", get(|| async { "" })).layer(from_fn(count));
    for path in ["/v1/operations/canary-9f3a", "/v1/operations/canary-2", "/canary-9f3a"] {
        let request = Request::get(path).body(Body::empty()).unwrap();
        runtime.block_on(router.clone().oneshot(request)).unwrap();
    }
    let rendered = metrics.render();
    assert!(!rendered.contains("canary"), "{rendered}");
    assert_eq!(value(&rendered, r#"portcullis_requests_total{route="/v1/operations/{id}",status="200"} "#), 2.0);
}

/// Metric by metric: type and labels, as the page has them and as they are rendered.
type Table = BTreeMap<String, (String, BTreeSet<String>)>;

#[test]
fn the_page_lists_exactly_what_is_rendered() {
    let world = world();
    let rendered = world.serve(async |service| {
        reset(service, ALICE, "a new Passw0rd").await.unwrap();
        reset(service, ALICE, "short").await.unwrap();
        drop(ask(service, OperationKind::VerifyPassword, ALICE, &[ALICES]).await);
        world.metrics().alarm(Kind::Denials, "mock", 1);
        world.metrics().render()
    });
    let mut seen = rendered_table(&rendered);
    let page = std::fs::read_to_string(root().join("docs/metrics.md")).unwrap();
    let documented = page_table(&page);
    // What this run had no reason for: nobody made requests, no server was there, no collector lost a span.
    for (quiet, labels) in [
        ("portcullis_requests_total", ["route", "status"].as_slice()),
        ("portcullis_connections", &["connector", "server", "state"]),
        ("portcullis_spans_dropped_total", &["reason"]),
        ("portcullis_audit_behind", &[]),
    ] {
        let kind = if quiet.ends_with("_total") { "counter" } else { "gauge" };
        let labels = labels.iter().map(|label| (*label).to_owned()).collect();
        assert!(seen.insert(quiet.to_owned(), (kind.to_owned(), labels)).is_none(), "{quiet} was not quiet");
    }
    assert_eq!(documented, seen);
}

fn rendered_table(rendered: &str) -> Table {
    let mut table = Table::new();
    for line in rendered.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
        let (name, kind) = line.split_once(' ').unwrap();
        table.insert(name.to_owned(), (kind.to_owned(), BTreeSet::new()));
    }
    for line in rendered.lines().filter(|line| !line.starts_with('#')) {
        let (series, _) = line.rsplit_once(' ').unwrap();
        let (name, labels) = series.trim_end_matches('}').split_once('{').unwrap_or((series, ""));
        let short = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end));
        let name = short.filter(|short| table.contains_key(*short)).unwrap_or(name);
        let labels = labels.split("\",").filter_map(|label| label.split_once('=')).map(|(label, _)| label.to_owned());
        let known = table.get_mut(name).unwrap_or_else(|| panic!("{name} has no type"));
        known.1.extend(labels.filter(|label| label != "le"));
    }
    table
}

fn page_table(page: &str) -> Table {
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `portcullis_"));
    rows.map(|row| {
        let cells: Vec<_> = row.split(" | ").collect();
        let labels = cells[2].split(", ").map(|label| label.trim_matches(['`', ' ']).to_owned());
        let labels = labels.filter(|label| !label.is_empty()).collect();
        (format!("portcullis_{}", cells[0].trim_end_matches('`')), (cells[1].to_owned(), labels))
    })
    .collect()
}
