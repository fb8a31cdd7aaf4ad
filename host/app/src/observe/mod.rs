//! What an operator can see of a running service: log lines, metrics and traces.
//!
//! [`Metrics`] is the one instrumentation: the service calls it, Prometheus reads it ([`Metrics::render`]), and a
//! collector gets it by OTLP if `[observe] otlp` names one. Nothing here holds a password, puts an account's name into a
//! metric or a trace, or makes an operation wait: what a collector does not take in time is dropped and counted.

mod lines;
mod metrics;
mod otlp;
mod trace;

use std::sync::Arc;
use std::time::Duration;

use portcullis_model::{Fault, FaultCode};
use tracing::Dispatch;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;

pub use lines::{Look, ours};
pub use metrics::{ConnectorSample, Metrics, Sample, Sampled};
pub(crate) use otlp::resource;
pub use trace::{remote_parent, request_span};

use crate::config::{LogFormat, Observe as Settings};
use otlp::Otlp;

/// How long the end of the service waits for the collector.
const FLUSH: Duration = Duration::from_secs(2);

/// Log, metrics and traces of one process.
pub struct Observe {
    metrics: Arc<Metrics>,
    otlp: Option<Otlp>,
}

impl Observe {
    /// Starts log, metrics and, if `[observe] otlp` is set, the export. Called once. Lines go to standard
    /// error, as JSON if `json` or the configuration says so.
    ///
    /// # Errors
    /// The operator's fault if the collector's URL cannot be used; the host's if the export cannot be started.
    pub fn start(settings: &Settings, level: tracing::Level, json: bool) -> Result<Self, Fault> {
        let look = Look::of_standard_error(if json { LogFormat::Json } else { settings.log_format });
        let (observe, dispatch) = Self::prepare(settings, level, look, std::io::stderr)?;
        // Only a test that starts it twice in one process fails here; the first one counts.
        let _ = tracing::dispatcher::set_global_default(dispatch);
        Ok(observe)
    }

    /// The same with lines to somewhere else, and without making it the log of the process: that is the caller's part.
    ///
    /// # Errors
    /// As [`Observe::start`].
    pub fn prepare<W>(
        settings: &Settings,
        level: tracing::Level,
        look: Look,
        writer: W,
    ) -> Result<(Self, Dispatch), Fault>
    where
        W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
    {
        let otlp = settings.otlp.as_ref().map(|url| Otlp::exporters(url, settings.ca_file.as_deref())).transpose()?;
        let (reader, spans) = otlp.map(|exporters| (exporters.metrics, exporters.spans)).unzip();
        let metrics = Arc::new(Metrics::with_reader(reader)?);
        let otlp = spans.map(|exporter| Otlp::start(exporter, &metrics));
        let tracer = otlp.as_ref().map(Otlp::tracer);
        tracer.iter().for_each(|tracer| metrics.spans.exported(tracer.clone()));
        let subscriber =
            tracing_subscriber::registry().with(lines::layer(level, look, writer)).with(tracer.map(trace::layer));
        Ok((Self { metrics, otlp }, Dispatch::new(subscriber)))
    }

    /// What the service counts and measures with.
    #[must_use]
    pub fn metrics(&self) -> Arc<Metrics> {
        Arc::clone(&self.metrics)
    }

    /// Hands what is left to the collector, and gives up after two seconds.
    pub async fn shutdown(&self) {
        let Some(otlp) = &self.otlp else { return };
        let (spans, metrics) = (otlp.provider().clone(), Arc::clone(&self.metrics));
        let (done, flushed) = tokio::sync::oneshot::channel();
        // On a thread that nobody waits for: the library blocks, and for longer than the end of a service may take.
        let flush = move || {
            let spans = std::thread::spawn(move || spans.shutdown_with_timeout(FLUSH).is_ok());
            let taken = metrics.shutdown() & spans.join().unwrap_or(false);
            let _ = done.send(taken);
        };
        drop(std::thread::Builder::new().name("otlp-flush".into()).spawn(flush));
        if !matches!(tokio::time::timeout(FLUSH, flushed).await, Ok(Ok(true))) {
            tracing::warn!("the OpenTelemetry collector did not take the last metrics and traces");
        }
    }
}

/// The fault of a setting in `[observe]`.
fn misconfigured(what: impl std::fmt::Display) -> Fault {
    Fault::new(FaultCode::Misconfigured, format!("portcullis.toml: [observe] {what}"))
}
