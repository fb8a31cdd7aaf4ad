//! For code scanning: SARIF 2.1.0 (OASIS standard, 27 March 2020), with what GitHub's code scanning wants besides ("SARIF
//! support for code scanning"): a description and a help of each rule, a region of each place, `primaryLocationLineHash`.
//!
//! Code scanning takes a relative place to be in the repository that it looks at. So places are relative to the folder in
//! which the command runs; where the configuration is elsewhere, to that. Messages are plain text, in which the standard
//! gives a meaning to `[words](link)` (3.11.6) and to braces (3.11.5): neither can be made by anybody's words. There is no
//! markdown. Lines to paste stand in `properties` as they are.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::audit::findings::{Code, Finding};
use crate::audit::report::{Place, Report};

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
const HELP: &str = "What each finding means, and when it is made, stands in docs/audit-report.md of Portcullis.";

/// Folders that places are relative to, with their names in the log; the first one that a place is in counts.
struct Bases([(&'static str, PathBuf); 2]);

/// The whole log of one run. `here` is the folder in which the command runs; paths that are relative begin there.
#[must_use]
pub fn sarif(report: &Report, here: &Path) -> Value {
    let configuration = whole(here, report.configuration.as_str());
    let bases = Bases([("%SRCROOT%", whole(here, "")), ("CONFIGURATION", configuration)]);
    let named = bases.0.iter().map(|(name, folder)| ((*name).to_owned(), json!({ "uri": uri(folder) + "/" })));
    let mut seen = BTreeMap::new();
    let results: Vec<Value> = report.findings.iter().map(|finding| result(here, &bases, finding, &mut seen)).collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "portcullis audit",
                "version": report.portcullis,
                "semanticVersion": report.portcullis,
                "rules": Code::ALL.iter().map(rule).collect::<Vec<_>>(),
            } },
            "columnKind": "unicodeCodePoints",
            "originalUriBaseIds": named.collect::<serde_json::Map<_, _>>(),
            "results": results,
        }],
    })
}

fn rule(code: &Code) -> Value {
    json!({
        "id": code.name(),
        "shortDescription": { "text": code.title() },
        "fullDescription": { "text": format!("{} {}", code.title(), code.why()) },
        "help": { "text": format!("{} {HELP}", code.why()) },
        "defaultConfiguration": { "level": code.severity().word() },
        "properties": { "tags": ["security"] },
    })
}

fn result(here: &Path, bases: &Bases, finding: &Finding, seen: &mut BTreeMap<String, usize>) -> Value {
    let mut text = format!("{}. {}", capital(finding.text.as_str()), capital(finding.remedy.as_str()));
    if !finding.paste.is_empty() {
        let lines: Vec<&str> = finding.paste.iter().map(|line| line.as_str()).collect();
        text += &format!(":\n{}", lines.join("\n"));
    }
    let rule = Code::ALL.iter().position(|code| *code == finding.code).unwrap_or_default();
    let print = fingerprint(finding);
    // Two that are alike are two all the same: viewers keep one finding for each fingerprint.
    let count = seen.entry(print.clone()).or_insert(0_usize);
    *count += 1;
    let print = format!("{print}:{count}");
    json!({
        "ruleId": finding.code.name(),
        "ruleIndex": rule,
        "level": finding.severity.word(),
        "message": { "text": plain(&text) },
        "locations": [{ "physicalLocation": location(here, bases, &finding.place) }],
        "partialFingerprints": { "portcullisFinding/v1": print, "primaryLocationLineHash": print },
        "properties": { "connector": finding.connector, "about": finding.about, "paste": finding.paste },
    })
}

/// The same finding in the next run has the same one, wherever its line has moved and however often it was seen.
fn fingerprint(finding: &Finding) -> String {
    let mut hash = Sha256::new();
    let connector = finding.connector.as_ref().map(|name| name.as_str()).unwrap_or_default();
    let about = finding.about.iter().map(|about| about.as_str());
    for part in [finding.code.name(), connector].into_iter().chain(about) {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// A place always has a region: code scanning shows a file as a whole as its first line.
fn location(here: &Path, bases: &Bases, place: &Place) -> Value {
    let file = whole(here, place.file.as_str());
    let within = |(name, base): &(&'static str, PathBuf)| {
        let relative = file.strip_prefix(base).ok().filter(|relative| !relative.as_os_str().is_empty())?;
        Some((*name, relative.to_owned()))
    };
    let artifact = match bases.0.iter().find_map(within) {
        Some((base, relative)) => json!({ "uri": encoded(&relative.display().to_string()), "uriBaseId": base }),
        // The root alone has its slash at the end.
        None if file == Path::new("/") => json!({ "uri": "file:///" }),
        None => json!({ "uri": uri(&file) }),
    };
    let line = place.line.unwrap_or(1);
    let mut region = json!({ "startLine": line, "startColumn": place.column.unwrap_or(1), "endLine": line });
    if let Some(end) = place.end.filter(|end| place.column.is_some_and(|column| *end > column)) {
        region["endColumn"] = end.into();
    }
    json!({ "artifactLocation": artifact, "region": region })
}

/// A path from the root on, without `.` and `..`.
fn whole(here: &Path, path: &str) -> PathBuf {
    let mut whole = PathBuf::new();
    for part in here.join(path).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                whole.pop();
            }
            part => whole.push(part),
        }
    }
    whole
}

/// A path from the root on as a URI without a slash at its end (RFC 8089).
fn uri(path: &Path) -> String {
    format!("file://{}", encoded(path.display().to_string().trim_end_matches('/')))
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

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    let first: String = chars.next().into_iter().flat_map(char::to_uppercase).collect();
    first + chars.as_str()
}

/// Text in which no link and no placeholder is found.
fn plain(text: &str) -> String {
    text.replace("](", "] (").replace('{', "{{").replace('}', "}}")
}
