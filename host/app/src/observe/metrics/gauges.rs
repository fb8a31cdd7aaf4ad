//! Gauges: read when somebody looks, so that they cost an operation nothing.

use std::sync::PoisonError;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{AsyncInstrument, Meter};

use super::{Behind, Source};
use crate::service::registry::ceiling;
use crate::service::{Load, Service};

/// What the gauges show.
pub trait Sampled: Send + Sync {
    /// How it is now.
    fn sample(&self) -> Sample;
}

/// How a service is at one moment.
#[derive(Debug, Default, Clone)]
pub struct Sample {
    /// The connectors that have had something to do.
    pub connectors: Vec<ConnectorSample>,
    /// Instances that can run at once in all, and those that run.
    pub slots: Option<(usize, usize)>,
    /// How the ceiling is: a word of its state.
    pub ceiling: &'static str,
}

/// How a connector is at one moment.
#[derive(Debug, Default, Clone)]
pub struct ConnectorSample {
    /// Its name in the configuration.
    pub name: String,
    /// What waits and runs.
    pub load: Load,
    /// Server, idle connections, busy connections.
    pub connections: Vec<(String, usize, usize)>,
}

impl Sampled for Service {
    fn sample(&self) -> Sample {
        let mut sample = Sample { ceiling: self.registry().ceiling().word(), ..Sample::default() };
        // A connector without an operation yet counts as well: nothing waits for it.
        let mut loads = self.load();
        for state in self.registry().states() {
            loads.entry(state.name).or_default();
        }
        for (name, load) in loads {
            let running = self.registry().get(&name);
            let connector = running.as_ref().map(|running| &running.connector);
            sample.slots = sample.slots.or(connector.map(|connector| connector.prepared.slots()));
            let directory = connector.and_then(|connector| connector.context.directory.as_ref());
            let connections = directory.map(|directory| directory.connections()).unwrap_or_default();
            let connections = connections.into_iter().map(|of| (of.server, of.idle, of.busy)).collect();
            sample.connectors.push(ConnectorSample { name, load, connections });
        }
        sample
    }
}

pub(super) fn register(meter: &Meter, source: &Source) {
    let gauge = |name: &'static str, description: &'static str, read: fn(&Sample, &dyn AsyncInstrument<u64>)| {
        let source = source.clone();
        let callback = move |instrument: &dyn AsyncInstrument<u64>| {
            if let Some(service) = source.get().and_then(std::sync::Weak::upgrade) {
                read(&service.sample(), instrument);
            }
        };
        // The provider keeps it.
        let _ = meter.u64_observable_gauge(name).with_description(description).with_callback(callback).build();
    };
    gauge("portcullis.queue.depth", "Operations that wait.", |sample, gauge| {
        each(sample, gauge, |load| load.waiting as u64);
    });
    gauge("portcullis.operations.running", "Operations that run.", |sample, gauge| {
        each(sample, gauge, |load| load.running as u64);
    });
    gauge("portcullis.breaker.open", "Whether the directory is left alone for the moment.", |sample, gauge| {
        each(sample, gauge, |load| u64::from(load.breaker_open));
    });
    gauge("portcullis.connections", "Pooled connections to directory servers.", |sample, gauge| {
        for connector in &sample.connectors {
            for (server, idle, busy) in &connector.connections {
                for (state, number) in [("idle", idle), ("busy", busy)] {
                    let labels = [
                        super::connector(&connector.name),
                        KeyValue::new("server", server.clone()),
                        KeyValue::new("state", state),
                    ];
                    gauge.observe(*number as u64, &labels);
                }
            }
        }
    });
    gauge("portcullis.sandbox.slots", "Instances of plugins that can run at once.", |sample, gauge| {
        if let Some((all, busy)) = sample.slots {
            gauge.observe(busy as u64, &[KeyValue::new("state", "busy")]);
            gauge.observe(all.saturating_sub(busy) as u64, &[KeyValue::new("state", "free")]);
        }
    });
    gauge("portcullis.ceiling", "1 for how the ceiling is.", |sample, gauge| {
        for state in ceiling::WORDS {
            gauge.observe(u64::from(state == sample.ceiling), &[KeyValue::new("state", state)]);
        }
    });
    let version = |gauge: &dyn AsyncInstrument<u64>| {
        gauge.observe(1, &[KeyValue::new("version", env!("CARGO_PKG_VERSION"))]);
    };
    let info = meter.u64_observable_gauge("portcullis.build.info").with_description("Always 1.");
    let _ = info.with_callback(version).build();
}

/// Not registered with the others: it is not read from the service.
pub(super) fn behind(meter: &Meter, behind: &Behind) {
    let behind = Behind::clone(behind);
    let callback = move |gauge: &dyn AsyncInstrument<u64>| {
        for (collector, lines) in &*behind.lock().unwrap_or_else(PoisonError::into_inner) {
            gauge.observe(*lines, &[KeyValue::new("collector", *collector)]);
        }
    };
    let gauge = meter.u64_observable_gauge("portcullis.audit.behind").with_callback(callback);
    let _ = gauge.with_description("Lines of the audit log that are not forwarded yet.").build();
}

fn each(sample: &Sample, gauge: &dyn AsyncInstrument<u64>, read: fn(&Load) -> u64) {
    for connector in &sample.connectors {
        gauge.observe(read(&connector.load), &[super::connector(&connector.name)]);
    }
}
