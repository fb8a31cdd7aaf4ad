//! From the text of a file to its shape: TOML that cannot be read, keys that are not known, values of the wrong kind.

use std::ops::Range;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Deserializer};

use super::diagnostic::Findings;
use super::keys::Keys;

/// The shape of a file, unless something is wrong with it; then `findings` holds everything that is.
pub(crate) fn shape<T: DeserializeOwned>(text: &str, keys: &Keys, findings: &mut Findings) -> Option<T> {
    let table = match DeTable::parse(text) {
        Ok(table) => table,
        Err(error) => {
            syntax(text, &error, keys, findings);
            return None;
        }
    };
    let (span, mut rest) = (table.span(), table.into_inner());
    // serde stops at the first mistake: take the faulty key out and go on, so that one run tells all mistakes.
    loop {
        let error = match T::deserialize(Deserializer::from(Spanned::new(span.clone(), rest.clone()))) {
            Ok(shape) => return (!findings.has_errors()).then_some(shape),
            Err(error) => error,
        };
        let at = error.span().unwrap_or_default();
        let found = take(&mut rest, &at);
        mistake(&error, at, found.as_ref(), keys, findings);
        found?;
    }
}

/// A key with its value, taken out of the tree.
struct Taken {
    path: Vec<String>,
    kind: &'static str,
}

/// Takes the innermost key out to which a range belongs. The fewer keys are lost, the more mistakes are found.
fn take(table: &mut DeTable<'_>, at: &Range<usize>) -> Option<Taken> {
    let mut found = None;
    for (key, value) in table.iter_mut() {
        let name = key.get_ref().to_string();
        let inner = match value.get_mut() {
            DeValue::Table(inner) if key.span() != *at => take(inner, at),
            DeValue::Array(items) => items.iter_mut().find_map(|item| match item.get_mut() {
                DeValue::Table(inner) => take(inner, at),
                _ => None,
            }),
            _ => None,
        };
        if let Some(mut inner) = inner {
            inner.path.insert(0, name);
            return Some(inner);
        }
        let holds = |span: &Range<usize>| span.start <= at.start && at.end <= span.end && !span.is_empty();
        if key.span() == *at || holds(&value.span()) {
            let kind = match value.get_ref() {
                DeValue::Array(items) if value.span() != *at => items.iter().find(|item| item.span() == *at),
                _ => None,
            };
            let kind = kind_of(kind.unwrap_or(value).get_ref());
            found = Some((key.clone(), Taken { path: vec![name], kind }));
            break;
        }
    }
    let (key, taken) = found?;
    table.remove(&key);
    Some(taken)
}

fn kind_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => NUMBER,
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "`true` or `false`",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a section",
    }
}

/// Tells a mistake in the shape. The message of serde is used only for the kind that was expected: it may hold the
/// value that was found.
fn mistake(error: &toml::de::Error, at: Range<usize>, found: Option<&Taken>, keys: &Keys, findings: &mut Findings) {
    let path = found.map(|found| found.path.as_slice()).unwrap_or_default();
    let key = path.last().map(|key| key.escape_debug().to_string()).unwrap_or_default();
    if error.message().starts_with("unknown field `") {
        let message = match path.split_last() {
            Some((_, section)) if !section.is_empty() => {
                format!("`{key}` is not a key of `{}`", section.join(".").escape_debug())
            }
            _ => format!("`{key}` is not a key of {}", keys.file),
        };
        findings.error("unknown-key", at, message, "not known here", keys.instead_of(path));
        return;
    }
    let kind = found.map_or("something else", |found| found.kind);
    let help = keys.example(path).map_or_else(String::new, |example| format!("write for example: {example}"));
    let expected = match error.message().rsplit_once(", expected ").map(|(_, expected)| expected) {
        Some("a string") => "a text",
        Some("i64") => NUMBER,
        Some("a sequence") => "a list",
        Some("a boolean") => "`true` or `false`",
        Some("a map") => "a section",
        Some(other) => other,
        None => NUMBER,
    };
    if expected == kind {
        findings.error("out-of-range", at, format!("`{key}` is too large a number"), "too large", help);
        return;
    }
    let message = format!("`{key}` takes {expected}, not {kind}");
    findings.error("wrong-type", at, message, format!("expected {expected}"), help);
}

const NUMBER: &str = "a whole number";

fn syntax(text: &str, error: &toml::de::Error, keys: &Keys, findings: &mut Findings) {
    let at = error.span().unwrap_or_default();
    let here = text.get(at.clone()).unwrap_or_default();
    let before = text.get(..at.start).unwrap_or_default();
    let what = error.message();
    // What stands there is not repeated: it may be a secret.
    let (message, help) = if what.contains("duplicate key") {
        ("this key is there twice".to_owned(), "keep one of the two")
    } else if before.ends_with('\\') {
        let help =
            "a backslash is written `\\\\` in double quotes, or the text stands in single quotes: 'CN=Doe\\, Jo'";
        ("in double quotes a backslash begins an escape, and this is none".to_owned(), help)
    } else if here.starts_with(char::is_alphabetic) && before.trim_end().ends_with(['=', '[', ',']) {
        ("a text stands in quotation marks".to_owned(), "write for example: level = \"info\"")
    } else if what.starts_with("invalid basic string") || what.starts_with("invalid literal string") {
        (format!("this is not TOML: {what}"), "close the text with a quotation mark in the same line")
    } else {
        let help = format!(
            "a file is made of lines such as `key = \"text\"`, `key = 8`, `key = [\"a\", \"b\"]`, and of sections such as `{}`",
            keys.section
        );
        return findings.error("syntax", at, format!("this is not TOML: {what}"), "here", help);
    };
    findings.error("syntax", at, message, "here", help);
}
