//! Export to an OpenTelemetry collector: OTLP by HTTP with protobuf.
//!
//! Spans wait in a queue of a fixed length, metrics are sent now and then; both by threads of their own. A collector that
//! is slow, gone or broken costs spans, which are counted, and never time of an operation.

use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use opentelemetry::Context;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_http::hyper::HyperClient;
use opentelemetry_otlp::{MetricExporter, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::metrics::{PeriodicReader, Temporality};
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, SdkTracer, SdkTracerProvider, Span, SpanData, SpanExporter as Exports,
    SpanProcessor,
};
use portcullis_model::{Fault, FaultCode};
use tokio::runtime::Runtime;
use url::Url;

use super::metrics::Metrics;
use super::misconfigured;
use crate::collector::http;

/// How many spans may wait for the collector.
const QUEUE: usize = 4096;
/// How many spans go in one request.
const BATCH: usize = 512;
/// How long spans wait for company.
const DELAY: Duration = Duration::from_secs(2);
/// How often metrics are sent.
const INTERVAL: Duration = Duration::from_secs(15);
/// How long one request may take.
const TIMEOUT: Duration = Duration::from_secs(2);

/// The two exporters of a collector.
pub(super) struct Exporters {
    pub(super) metrics: PeriodicReader<OnRuntime<MetricExporter>>,
    pub(super) spans: OnRuntime<SpanExporter>,
}

/// The export of spans.
pub(super) struct Otlp(SdkTracerProvider);

impl Otlp {
    /// What sends to a collector. Nothing is sent yet.
    pub(super) fn exporters(collector: &Url, ca_file: Option<&Path>) -> Result<Exporters, Fault> {
        let to = |what: &str| format!("{}/v1/{what}", collector.as_str().trim_end_matches('/'));
        let bad = |error| misconfigured(format!("otlp: {collector}: {error}"));
        let client = || {
            let connector =
                http(collector, ca_file).map_err(|why| misconfigured(format!("otlp: {collector}: {why}")))?;
            Ok::<_, Fault>(HyperClient::new(connector, TIMEOUT, None))
        };
        let metrics = MetricExporter::builder()
            .with_http()
            .with_http_client(client()?)
            .with_endpoint(to("metrics"))
            .with_timeout(TIMEOUT);
        let spans = SpanExporter::builder()
            .with_http()
            .with_http_client(client()?)
            .with_endpoint(to("traces"))
            .with_timeout(TIMEOUT);
        let metrics = OnRuntime::new(metrics.build().map_err(bad)?)?;
        Ok(Exporters {
            metrics: PeriodicReader::builder(metrics).with_interval(INTERVAL).build(),
            spans: OnRuntime::new(spans.build().map_err(bad)?)?,
        })
    }

    /// Begins to take spans.
    pub(super) fn start(exporter: OnRuntime<SpanExporter>, metrics: &Arc<Metrics>) -> Self {
        let waiting = Arc::new(AtomicUsize::new(0));
        let exporter = Counted { exporter, waiting: Arc::clone(&waiting), metrics: Arc::clone(metrics) };
        let config = BatchConfigBuilder::default()
            .with_max_queue_size(QUEUE)
            .with_max_export_batch_size(BATCH)
            .with_scheduled_delay(DELAY)
            .build();
        let next = BatchSpanProcessor::builder(exporter).with_batch_config(config).build();
        let bounded = Bounded { next, waiting, metrics: Arc::clone(metrics) };
        Self(SdkTracerProvider::builder().with_span_processor(bounded).with_resource(resource()).build())
    }

    pub(super) fn tracer(&self) -> SdkTracer {
        self.0.tracer("portcullis")
    }

    pub(super) fn provider(&self) -> &SdkTracerProvider {
        &self.0
    }
}

/// Who is observed. `OTEL_RESOURCE_ATTRIBUTES` adds to it.
pub(crate) fn resource() -> Resource {
    let version = opentelemetry::KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    Resource::builder().with_service_name("portcullis").with_attribute(version).build()
}

/// The library drives an exporter from a thread of its own, and the exporter's HTTP client needs a Tokio runtime. It gets
/// one that runs on that thread: the service's own would share its load, and ends before the last is sent.
#[derive(Debug)]
pub(super) struct OnRuntime<E> {
    exporter: E,
    runtime: Option<Runtime>,
    /// Whether the last request failed, so that the log tells of a change alone.
    failing: AtomicBool,
}

impl<E> OnRuntime<E> {
    fn new(exporter: E) -> Result<Self, Fault> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| Fault::new(FaultCode::HostInternal, error.to_string()))?;
        Ok(Self { exporter, runtime: Some(runtime), failing: AtomicBool::new(false) })
    }

    /// Blocks the thread, which has nothing else to do.
    fn run(&self, what: &str, export: impl Future<Output = OTelSdkResult> + Send) -> OTelSdkResult {
        let Some(runtime) = &self.runtime else { return Err(OTelSdkError::AlreadyShutdown) };
        let result = runtime.block_on(export);
        match (&result, self.failing.swap(result.is_err(), Ordering::Relaxed)) {
            (Err(error), false) => {
                tracing::warn!("the OpenTelemetry collector does not take {what}: {error}; look at [observe] otlp");
            }
            (Ok(()), true) => tracing::info!("the OpenTelemetry collector takes {what} again"),
            _ => {}
        }
        result
    }
}

impl<E> Drop for OnRuntime<E> {
    fn drop(&mut self) {
        // Wherever that happens to be: a runtime must not wait for its end inside of another one.
        self.runtime.take().into_iter().for_each(Runtime::shutdown_background);
    }
}

impl PushMetricExporter for OnRuntime<MetricExporter> {
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        self.run("metrics", self.exporter.export(metrics))
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn temporality(&self) -> Temporality {
        self.exporter.temporality()
    }
}

/// Counts what leaves the queue, and what the collector did not take.
#[derive(Debug)]
struct Counted {
    exporter: OnRuntime<SpanExporter>,
    waiting: Arc<AtomicUsize>,
    metrics: Arc<Metrics>,
}

impl Exports for Counted {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len();
        let result = self.exporter.run("traces", self.exporter.exporter.export(batch));
        self.waiting.fetch_sub(spans, Ordering::Relaxed);
        if result.is_err() {
            self.metrics.spans_dropped("not-taken", spans);
        }
        result
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.exporter.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.exporter.set_resource(resource);
    }
}

/// Drops and counts spans when too many wait: the library would drop them without a number to look at.
#[derive(Debug)]
struct Bounded {
    next: BatchSpanProcessor,
    waiting: Arc<AtomicUsize>,
    metrics: Arc<Metrics>,
}

impl SpanProcessor for Bounded {
    fn on_start(&self, span: &mut Span, context: &Context) {
        self.next.on_start(span, context);
    }

    fn on_end(&self, span: SpanData) {
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= QUEUE {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            self.metrics.spans_dropped("queue-full", 1);
        } else {
            self.next.on_end(span);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.next.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.next.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.next.set_resource(resource);
    }
}
