//! The log of one test: every line of the host's and of the connectors', as a subscriber gets it.

use std::fmt;
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

/// Collects what this thread logs, as long as it lives.
pub(crate) struct Log {
    lines: Arc<Mutex<Vec<Line>>>,
    _guard: DefaultGuard,
}

struct Line {
    connector: bool,
    message: String,
    fields: String,
}

struct Collect(Arc<Mutex<Vec<Line>>>);

impl Log {
    pub(crate) fn collect() -> Self {
        let lines = Arc::default();
        let subscriber = tracing_subscriber::registry().with(Collect(Arc::clone(&lines)));
        Self { lines, _guard: tracing::subscriber::set_default(subscriber) }
    }

    /// The messages and fields of every line.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().iter().map(|line| format!("{} {}", line.message, line.fields)).collect()
    }

    /// The messages that connectors wrote.
    pub(crate) fn of_connectors(&self) -> Vec<String> {
        let lines = self.lines.lock().unwrap();
        lines.iter().filter(|line| line.connector).map(|line| line.message.clone()).collect()
    }
}

impl<S: tracing::Subscriber> Layer<S> for Collect {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        let target = event.metadata().target();
        if target == "connector" || target.starts_with("portcullis") {
            let mut line = Line { connector: target == "connector", message: String::new(), fields: String::new() };
            event.record(&mut line);
            self.0.lock().unwrap().push(line);
        }
    }
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.message = format!("{value:?}");
        } else {
            self.fields += &format!("{}={value:?} ", field.name());
        }
    }
}
