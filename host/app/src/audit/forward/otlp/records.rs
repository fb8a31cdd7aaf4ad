//! Lines of the audit log as log records of OpenTelemetry (its data model for logs, in the protobuf of OTLP 1).
//!
//! The body is the line itself, byte by byte. Number and hash stand in the attributes, so that whoever keeps records has
//! places to compare the log with. Nothing is in a record that is not in the line.

use std::time::{SystemTime, UNIX_EPOCH};

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs, SeverityNumber};
use opentelemetry_proto::tonic::resource::v1::Resource;
use portcullis_audit::follow::Found;

use super::super::said::{Said, is_warning};

/// Who sends: what traces and metrics say of the service, and the machine's name.
pub(super) fn resource(host: &str) -> Resource {
    let service = crate::observe::resource();
    let said = service.iter().map(|(key, value)| KeyValue {
        key: key.to_string(),
        value: Some(value.clone().into()),
        ..KeyValue::default()
    });
    let named = service.iter().any(|(key, _)| key.as_str() == "host.name");
    let host = (!named && !host.trim().is_empty()).then(|| attribute("host.name", text(host.trim())));
    Resource { attributes: said.chain(host).collect(), ..Resource::default() }
}

/// A request for `/v1/logs`. `seen` is when the lines were read.
pub(super) fn request(lines: &[Found], resource: &Resource, seen: SystemTime) -> ExportLogsServiceRequest {
    let scope = InstrumentationScope {
        name: "portcullis.audit".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ..InstrumentationScope::default()
    };
    let log_records = lines.iter().map(|line| record(line, nanoseconds(seen))).collect();
    let scope_logs = vec![ScopeLogs { scope: Some(scope), log_records, ..ScopeLogs::default() }];
    let resource_logs = ResourceLogs { resource: Some(resource.clone()), scope_logs, ..ResourceLogs::default() };
    ExportLogsServiceRequest { resource_logs: vec![resource_logs] }
}

fn record(found: &Found, seen: u64) -> LogRecord {
    let said = Said::of(found);
    let (severity, severity_text) = match is_warning(said.as_ref().map(|said| said.fact.as_str())) {
        true => (SeverityNumber::Warn, "WARN"),
        false => (SeverityNumber::Info, "INFO"),
    };
    let at = said.as_ref().and_then(|said| humantime::parse_rfc3339(&said.at).ok());
    let (fact, operation, connector) =
        said.map_or((None, None, None), |said| (Some(said.fact), said.operation, said.connector));
    // Protobuf has no number without a sign here; no log gets that long.
    let seq = found.seq.and_then(|seq| i64::try_from(seq).ok()).map(Value::IntValue);
    let attributes = [
        ("portcullis.audit.fact", fact.map(Value::StringValue)),
        ("portcullis.connector", connector.map(Value::StringValue)),
        ("portcullis.operation", operation.map(Value::StringValue)),
        ("portcullis.audit.seq", seq),
        ("portcullis.audit.hash", Some(text(&found.hash.to_string()))),
    ];
    LogRecord {
        // 0: unknown.
        time_unix_nano: at.map_or(0, nanoseconds),
        observed_time_unix_nano: seen,
        severity_number: severity.into(),
        severity_text: severity_text.to_owned(),
        body: Some(AnyValue { value: Some(body(&found.text)) }),
        attributes: attributes.into_iter().filter_map(|(key, value)| Some(attribute(key, value?))).collect(),
        ..LogRecord::default()
    }
}

/// A string has to be UTF-8 in protobuf, as the host's lines are; what somebody else wrote goes out as bytes.
fn body(line: &[u8]) -> Value {
    str::from_utf8(line).map_or_else(|_| Value::BytesValue(line.to_vec()), text)
}

fn text(text: &str) -> Value {
    Value::StringValue(text.to_owned())
}

fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
}

fn nanoseconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).ok().and_then(|since| u64::try_from(since.as_nanos()).ok()).unwrap_or(0)
}
