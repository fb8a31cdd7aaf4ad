//! What the service counts and measures. `docs/metrics.md` explains each metric.
//!
//! Labels are bounded: a connector's name comes from the configuration, everything else from a closed set. No function
//! here takes an account's name, a DN or a text of a caller.

mod gauges;

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::{Duration, SystemTime};

use axum::extract::MatchedPath;
use http::StatusCode;
use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Histogram, Meter, MeterProvider as _};
use opentelemetry_sdk::metrics::reader::MetricReader;
use opentelemetry_sdk::metrics::{Instrument, InstrumentKind, SdkMeterProvider, Stream};
use portcullis_journal::{Record, State};
use portcullis_model::{Fault, FaultCode, OperationId, OperationKind, Timings};
use prometheus::{Registry, TextEncoder};

use super::otlp;
use super::trace::Spans;
use crate::audit::alarms::Kind;
use crate::service::Service;
pub use gauges::{ConnectorSample, Sample, Sampled};

/// Upper bounds of a stage, in seconds.
const STAGE: [f64; 15] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
/// Upper bounds of a whole operation, in seconds: it may outlive an outage.
const WHOLE: [f64; 17] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0, 600.0, 3600.0];

/// How many combinations of labels a metric may have. Some hundred connectors stay below it; what is above is put
/// together under `otel_metric_overflow`, so that memory stays bounded.
const MOST_COMBINATIONS: usize = 20_000;

/// The service's metrics.
pub struct Metrics {
    provider: SdkMeterProvider,
    registry: Registry,
    source: Source,
    pub(super) spans: Spans,
    accepted: Counter<u64>,
    operations: Counter<u64>,
    faults: Counter<u64>,
    requests: Counter<u64>,
    spans_dropped: Counter<u64>,
    alarms: Counter<u64>,
    behind: Behind,
    stages: Histogram<f64>,
    whole: Histogram<f64>,
}

/// Lines of the audit log that were not forwarded; none where nothing is.
type Behind = Arc<OnceLock<AtomicU64>>;

/// Where the gauges look.
type Source = Arc<OnceLock<Weak<dyn Sampled>>>;

impl Metrics {
    /// Metrics that only [`Metrics::render`] shows.
    ///
    /// # Errors
    /// The host's own, if the libraries do not fit together.
    pub fn new() -> Result<Self, Fault> {
        Self::with_reader(None::<opentelemetry_sdk::metrics::ManualReader>)
    }

    /// Metrics that another reader takes as well.
    pub(super) fn with_reader(reader: Option<impl MetricReader>) -> Result<Self, Fault> {
        let registry = Registry::new();
        let prometheus = opentelemetry_prometheus::exporter()
            .with_registry(registry.clone())
            .without_target_info()
            .scope_info_enabled(false)
            .build()
            .map_err(|error| Fault::new(FaultCode::HostInternal, error.to_string()))?;
        let builder = SdkMeterProvider::builder().with_resource(otlp::resource()).with_reader(prometheus);
        let builder = builder.with_view(|instrument: &Instrument| match instrument.kind() {
            InstrumentKind::Counter | InstrumentKind::Histogram => {
                Stream::builder().with_cardinality_limit(MOST_COMBINATIONS).build().ok()
            }
            _ => None,
        });
        let provider = match reader {
            Some(reader) => builder.with_reader(reader).build(),
            None => builder.build(),
        };
        let meter = provider.meter("portcullis");
        let (source, behind) = (Source::default(), Behind::default());
        gauges::register(&meter, &source);
        gauges::behind(&meter, &behind);
        Ok(Self {
            registry,
            source,
            behind,
            spans: Spans::default(),
            accepted: counter(&meter, "portcullis.operations.accepted", "Operations that were taken."),
            operations: counter(&meter, "portcullis.operations", "Operations that have ended."),
            faults: counter(&meter, "portcullis.faults", "Faults, those that were tried again included."),
            requests: counter(&meter, "portcullis.requests", "Answers to requests."),
            alarms: counter(&meter, "portcullis.alarms", "Alarms that were raised."),
            spans_dropped: counter(&meter, "portcullis.spans.dropped", "Trace spans that no collector got."),
            stages: histogram(&meter, "portcullis.operation.stage", "Time in one stage of an attempt.", &STAGE),
            whole: histogram(&meter, "portcullis.operation", "Time from accepting to the end.", &WHOLE),
            provider,
        })
    }

    /// Everything, in the text format of Prometheus (version 0.0.4).
    #[must_use]
    pub fn render(&self) -> String {
        TextEncoder::new().encode_to_string(&self.registry.gather()).unwrap_or_else(|error| {
            tracing::error!("the metrics cannot be written down: {error}");
            String::new()
        })
    }

    /// Lets the gauges look at a service. Asked once; the service is not kept alive by it.
    pub fn watch(&self, service: &Arc<Service>) {
        let service: Weak<Service> = Arc::downgrade(service);
        // A second service in one process has metrics of its own.
        let _ = self.source.set(service);
    }

    /// An operation was taken.
    pub fn accepted(&self, record: &Record) {
        self.accepted.add(1, &[connector(&record.connector), kind(record.kind)]);
        self.spans.remember(&record.id);
        let Record { id, kind, connector, caller, .. } = record;
        tracing::info!(parent: None, %id, %kind, connector, caller, state = %record.state, "accepted");
    }

    /// An operation has reached a state; `fault` is what the event told of.
    pub fn reached(&self, record: &Record, fault: Option<FaultCode>) {
        let shortfall = shortfall(record);
        let fault = fault.or(shortfall);
        if let Some(code) = fault {
            self.fault(&record.connector, code);
        }
        let took = SystemTime::now().duration_since(record.accepted_at).unwrap_or_default();
        if let Some(outcome) = outcome(record.state, shortfall.is_some()) {
            let outcome = KeyValue::new("outcome", outcome);
            let labels = [connector(&record.connector), kind(record.kind), outcome];
            self.operations.add(1, &labels);
            self.whole.record(took.as_secs_f64(), labels.get(..2).unwrap_or_default());
            self.spans.forget(&record.id);
        }
        let Record { id, kind, connector, state, .. } = record;
        let milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        let fault = fault.map(FaultCode::name);
        tracing::info!(parent: None, %id, %kind, connector, %state, fault, milliseconds, "operation");
    }

    /// A fault. Without a connector (an empty name) for what was refused before there was one.
    pub fn fault(&self, connector: &str, code: FaultCode) {
        self.faults.add(1, &[self::connector(connector), KeyValue::new("code", code.name())]);
    }

    /// How long the stages of an attempt took; those that it did not come to are not counted.
    pub fn performed(&self, connector: &str, timings: &Timings) {
        let sandbox = timings.connector.saturating_sub(timings.directory);
        let stages = [
            ("locate", timings.locate),
            ("sandbox", sandbox),
            ("directory", timings.directory),
            ("confirm", timings.confirm),
        ];
        for (name, took) in stages.into_iter().filter(|(_, took)| !took.is_zero()) {
            self.stage(connector, name, took);
        }
    }

    fn stage(&self, connector: &str, stage: &'static str, took: Duration) {
        self.stages.record(took.as_secs_f64(), &[self::connector(connector), KeyValue::new("stage", stage)]);
    }

    /// A request was answered. The router's own pattern is the label, so that no path of a caller can become one;
    /// `none` for a path that there is not.
    pub fn request(&self, route: Option<&MatchedPath>, status: StatusCode) {
        let route = route.map_or("none", MatchedPath::as_str).to_owned();
        let status = KeyValue::new("status", i64::from(status.as_u16()));
        self.requests.add(1, &[KeyValue::new("route", route), status]);
    }

    /// An operation is taken up after it has waited for its turn. Returns the span of the attempt: every line inside of
    /// it carries the operation's id.
    #[must_use]
    pub fn taken_up(&self, id: &OperationId, kind: OperationKind, connector: &str, waited: Duration) -> tracing::Span {
        self.stage(connector, "queue", waited);
        self.spans.attempt(id, kind, connector, waited)
    }

    pub(super) fn spans_dropped(&self, reason: &'static str, spans: usize) {
        self.spans_dropped.add(spans as u64, &[KeyValue::new("reason", reason)]);
    }

    /// So many alarms were raised. Without a connector (an empty name) for what is about none.
    pub fn alarm(&self, alarm: Kind, connector: &str, count: u64) {
        self.alarms.add(count, &[KeyValue::new("alarm", alarm.name()), self::connector(connector)]);
    }

    /// So many lines of the audit log are not forwarded yet.
    pub fn audit_behind(&self, lines: u64) {
        self.behind.get_or_init(AtomicU64::default).store(lines, Ordering::Relaxed);
    }

    /// Sends what is left, if anything is sent at all. Blocks.
    pub(super) fn shutdown(&self) -> bool {
        self.provider.shutdown().is_ok()
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

fn counter(meter: &Meter, name: &'static str, description: &'static str) -> Counter<u64> {
    meter.u64_counter(name).with_description(description).build()
}

fn histogram(meter: &Meter, name: &'static str, description: &'static str, bounds: &[f64]) -> Histogram<f64> {
    meter.f64_histogram(name).with_description(description).with_unit("s").with_boundaries(bounds.to_vec()).build()
}

fn connector(name: &str) -> KeyValue {
    KeyValue::new("connector", name.to_owned())
}

fn kind(kind: OperationKind) -> KeyValue {
    KeyValue::new("kind", kind.name())
}

/// The word for an end; nothing for a state that is none.
const fn outcome(state: State, in_part: bool) -> Option<&'static str> {
    match state {
        State::Waiting | State::Acting | State::InDoubt => None,
        State::Done if in_part => Some("done-in-part"),
        State::Done => Some("done"),
        State::Refused => Some("refused"),
        State::Unknown => Some("unknown"),
        State::Superseded => Some("superseded"),
        State::Cancelled => Some("cancelled"),
    }
}

/// What was asked for and did not take effect although the rest did.
fn shortfall(record: &Record) -> Option<FaultCode> {
    if record.state != State::Done {
        return None;
    }
    record.outcome.as_ref()?.get("shortfall")?.get("code")?.as_str().and_then(FaultCode::parse)
}
