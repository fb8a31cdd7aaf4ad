//! Log lines, for people or as JSON. Fields of the spans around a line are fields of the line, so that every line inside
//! an operation carries its id.

use std::fmt;
use std::io::IsTerminal as _;

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::format::{JsonFields, Writer};
use tracing_subscriber::fmt::time::{FormatTime as _, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields, MakeWriter};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Layer, fmt::layer as lines};

use crate::config::LogFormat;

/// How lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// For people or for programs.
    pub format: LogFormat,
    /// With the time: journald adds its own.
    pub time: bool,
    /// With colours.
    pub colours: bool,
}

impl Look {
    /// As it fits standard error: `JOURNAL_STREAM` is set by systemd (systemd.exec(5)) for what it writes into its
    /// journal, which knows the time; `NO_COLOR` is what people set (no-color.org).
    pub(super) fn of_standard_error(format: LogFormat) -> Self {
        let set = |name| std::env::var_os(name).is_some_and(|value: std::ffi::OsString| !value.is_empty());
        let journal = set("JOURNAL_STREAM");
        Self { format, time: !journal, colours: !journal && !set("NO_COLOR") && std::io::stderr().is_terminal() }
    }
}

/// The lines of the host and of connectors, down to a level. Libraries below log what they send.
#[must_use]
pub fn ours(level: LevelFilter) -> Targets {
    // A target stands for all that begin with it: the crates are `portcullis` and `portcullis_*`.
    Targets::new().with_target("portcullis", level).with_target("connector", level)
}

/// Writes lines.
pub(super) fn layer<S, W>(level: Level, look: Look, writer: W) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let filter = ours(LevelFilter::from_level(level));
    let layer = lines().with_writer(writer).with_ansi(look.colours).with_target(false);
    match (look.format, look.time) {
        (LogFormat::Text, true) => layer.compact().with_filter(filter).boxed(),
        (LogFormat::Text, false) => layer.compact().without_time().with_filter(filter).boxed(),
        (LogFormat::Json, time) => {
            layer.fmt_fields(JsonFields::new()).event_format(JsonLine { time }).with_filter(filter).boxed()
        }
    }
}

/// One flat JSON object in each line: `time`, `level`, `target`, `message`, then the fields of the line and of the spans
/// around it. A field of the line hides one of a span with the same name.
struct JsonLine {
    time: bool,
}

impl<S> FormatEvent<S, JsonFields> for JsonLine
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, JsonFields>,
        mut out: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result
    where
        JsonFields: for<'w> FormatFields<'w>,
    {
        let mut line = Map::new();
        if self.time {
            let mut time = String::new();
            SystemTime.format_time(&mut Writer::new(&mut time))?;
            line.insert("time".into(), time.into());
        }
        line.insert("level".into(), event.metadata().level().as_str().to_ascii_lowercase().into());
        line.insert("target".into(), event.metadata().target().into());
        for span in context.event_scope().into_iter().flat_map(|scope| scope.from_root()) {
            let extensions = span.extensions();
            let fields = extensions.get::<FormattedFields<JsonFields>>().map(|fields| fields.fields.as_str());
            // What the library wrote as JSON a moment ago.
            if let Some(Ok(fields)) = fields.map(serde_json::from_str::<Map<String, Value>>) {
                line.extend(fields);
            }
        }
        event.record(&mut Fields(&mut line));
        writeln!(out, "{}", Value::Object(line))
    }
}

struct Fields<'a>(&'a mut Map<String, Value>);

impl Fields<'_> {
    fn put(&mut self, field: &Field, value: impl Into<Value>) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value);
    }
}
