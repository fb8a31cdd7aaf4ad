//! For code scanning: SARIF 2.1.0 (OASIS standard, 27 March 2020).
//!
//! Places are relative to the folder of the configuration (`originalUriBaseIds`). Messages are plain text, in which the
//! standard gives a meaning to `[words](link)` (3.11.6) and to braces (3.11.5): neither can be made by anybody's words.
//! There is no markdown.

use std::path::Path;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::audit::findings::{Code, Finding};
use crate::audit::report::{Place, Report};

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
const BASE: &str = "CONFIGURATION";

/// The whole log of one run.
#[must_use]
pub fn sarif(report: &Report) -> Value {
    let rules: Vec<Value> = Code::ALL
        .iter()
        .map(|code| {
            json!({
                "id": code.name(),
                "shortDescription": { "text": code.title() },
                "defaultConfiguration": { "level": code.severity().word() },
            })
        })
        .collect();
    let base = format!("file://{}/", encoded(report.configuration.as_str().trim_end_matches('/')));
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "portcullis audit", "version": report.portcullis, "rules": rules } },
            "columnKind": "unicodeCodePoints",
            "originalUriBaseIds": { BASE: { "uri": base } },
            "results": report.findings.iter().map(|finding| result(report, finding)).collect::<Vec<_>>(),
        }],
    })
}

fn result(report: &Report, finding: &Finding) -> Value {
    let mut text = format!("{}. {}", finding.text, finding.remedy);
    if !finding.paste.is_empty() {
        let lines: Vec<&str> = finding.paste.iter().map(|line| line.as_str()).collect();
        text += &format!(":\n{}", lines.join("\n"));
    }
    let rule = Code::ALL.iter().position(|code| *code == finding.code).unwrap_or_default();
    let connector = finding.connector.as_ref().map(|name| name.as_str()).unwrap_or_default();
    json!({
        "ruleId": finding.code.name(),
        "ruleIndex": rule,
        "level": finding.severity.word(),
        "message": { "text": plain(&text) },
        "locations": [{ "physicalLocation": location(report, &finding.place) }],
        "partialFingerprints": { "portcullisFinding/v1": fingerprint(connector, finding) },
        "properties": { "connector": finding.connector, "about": finding.about },
    })
}

/// The same finding in the next run has the same one, wherever its line has moved and however often it was seen.
fn fingerprint(connector: &str, finding: &Finding) -> String {
    let mut hash = Sha256::new();
    let about = finding.about.iter().map(|about| about.as_str());
    for part in [finding.code.name(), connector].into_iter().chain(about) {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

fn location(report: &Report, place: &Place) -> Value {
    let file = Path::new(place.file.as_str());
    let artifact = match file.strip_prefix(report.configuration.as_str()) {
        Ok(relative) => json!({ "uri": encoded(&relative.display().to_string()), "uriBaseId": BASE }),
        Err(_) if file.is_absolute() => json!({ "uri": format!("file://{}", encoded(place.file.as_str())) }),
        Err(_) => json!({ "uri": encoded(place.file.as_str()) }),
    };
    match place.line {
        Some(line) => json!({
            "artifactLocation": artifact,
            "region": { "startLine": line, "startColumn": place.column.unwrap_or(1) },
        }),
        None => json!({ "artifactLocation": artifact }),
    }
}

/// A path as RFC 3986 has it.
fn encoded(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri += &format!("%{byte:02X}");
        }
    }
    uri
}

/// Text in which no link and no placeholder is found.
fn plain(text: &str) -> String {
    text.replace("](", "] (").replace('{', "{{").replace('}', "}}")
}
