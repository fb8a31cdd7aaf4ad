//! Traces: one span for each attempt at an operation, with a span for each stage, under the caller's own span if it sent
//! a `traceparent`.
//!
//! A trace holds the spans' fields alone, never a log line: those may hold what a connector says.

use std::collections::HashMap;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, SystemTime};

use http::HeaderMap;
use opentelemetry::Context;
use opentelemetry::propagation::{Extractor, TextMapPropagator as _};
use opentelemetry::trace::{Span as _, SpanContext, TraceContextExt as _, Tracer as _};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracer;
use portcullis_model::{OperationId, OperationKind};
use tracing::{Level, Span, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;

/// For how many operations the caller's span is remembered while they are open.
const MOST_PARENTS: usize = 10_000;

/// Hands the host's spans to the exporter, whatever the level of the log is.
pub(super) fn layer<S>(tracer: SdkTracer) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + Send + Sync + for<'a> LookupSpan<'a>,
{
    tracing_opentelemetry::layer()
        .with_tracer(tracer)
        .with_location(false)
        .with_threads(false)
        .with_target(false)
        .with_tracked_inactivity(false)
        .with_filter(filter_fn(|of| {
            of.is_span() && of.target().starts_with("portcullis") && *of.level() <= Level::DEBUG
        }))
        .boxed()
}

/// The span of the caller, from the header `traceparent` of its request (W3C Trace Context, level 1). Nothing if there is
/// none, more than one, or one that is malformed. `tracestate` is not taken over.
#[must_use]
pub fn remote_parent(headers: &HeaderMap) -> Option<SpanContext> {
    let mut values = headers.get_all("traceparent").iter();
    let (value, None) = (values.next()?.to_str().ok()?, values.next()) else { return None };
    let context = TraceContextPropagator::new().extract_with_context(&Context::new(), &TraceParent(value));
    Some(context.span().span_context().clone()).filter(SpanContext::is_valid)
}

struct TraceParent<'a>(&'a str);

impl Extractor for TraceParent<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        (key == "traceparent").then_some(self.0)
    }

    fn keys(&self) -> Vec<&str> {
        vec!["traceparent"]
    }
}

/// The span of a request, under the caller's own. The operation that is submitted inside of it belongs to it. `route` is
/// the pattern of the route, never the path that was asked for.
#[must_use]
pub fn request_span(route: &str, headers: &HeaderMap) -> Span {
    let span = tracing::debug_span!("request", otel.kind = "server", http.route = route);
    if !span.is_disabled()
        && let Some(parent) = remote_parent(headers)
    {
        // Without an exporter there is nothing to belong to.
        let _ = span.set_parent(Context::new().with_remote_span_context(parent));
    }
    span
}

/// Where the spans of operations belong.
#[derive(Debug, Default)]
pub(super) struct Spans {
    /// The spans in which open operations were submitted.
    parents: Mutex<HashMap<OperationId, SpanContext>>,
    /// There if spans are exported.
    tracer: OnceLock<SdkTracer>,
}

impl Spans {
    /// From now on spans are exported.
    pub(super) fn exported(&self, tracer: SdkTracer) {
        // Set once, where the export starts.
        let _ = self.tracer.set(tracer);
    }

    /// Remembers the span of the moment for an operation.
    pub(super) fn remember(&self, id: &OperationId) {
        if self.tracer.get().is_none() {
            return;
        }
        let context = Span::current().context();
        let parent = context.span().span_context().clone();
        let mut all = self.parents.lock().unwrap_or_else(PoisonError::into_inner);
        if parent.is_valid() && all.len() < MOST_PARENTS {
            all.insert(id.clone(), parent);
        }
    }

    /// It has ended.
    pub(super) fn forget(&self, id: &OperationId) {
        if self.tracer.get().is_some() {
            self.parents.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
        }
    }

    fn of(&self, id: &OperationId) -> Option<SpanContext> {
        self.parents.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    /// The span of an attempt at an operation. Of the highest level, because a warning inside of it needs its id as much
    /// as any other line; it costs nothing where nobody listens.
    pub(super) fn attempt(&self, id: &OperationId, kind: OperationKind, connector: &str, waited: Duration) -> Span {
        let span = tracing::error_span!(parent: None, "operation", %id, %kind, connector);
        if let Some(tracer) = self.tracer.get() {
            if let Some(parent) = self.of(id) {
                // It has just been made, so it can still be told where it belongs.
                let _ = span.set_parent(Context::new().with_remote_span_context(parent));
            }
            let now = SystemTime::now();
            let queue = tracer.span_builder("queue").with_start_time(now.checked_sub(waited).unwrap_or(now));
            queue.start_with_context(tracer, &span.context()).end_with_timestamp(now);
        }
        span
    }
}
