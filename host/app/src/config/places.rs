//! Where each key of a file stands: for messages that compare one file with another.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use miette::NamedSource;
use toml::de::{DeTable, DeValue};

use super::redact::Redacted;

/// The places of the keys of one file. Holds its text without the secrets in it.
///
/// A key is named by its path: `["ldap", "read", "attributes"]`; an item of a list by its number after that.
#[derive(Debug, Clone)]
pub struct Places {
    file: String,
    text: Arc<str>,
    found: BTreeMap<Vec<String>, Range<usize>>,
}

/// One place in a file.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Place {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The character in it, from 1.
    #[serde(skip)]
    pub column: usize,
    /// How many characters of this line it is about.
    #[serde(skip)]
    pub width: usize,
    /// What stands there, as one line and without secrets.
    pub text: String,
    /// Where it begins and ends in the text that diagnostics show.
    #[serde(skip)]
    range: Range<usize>,
    /// The file names neither the key nor its section: [`Place::text`] says so, and the line is the first.
    #[serde(skip)]
    absent: bool,
}

impl Places {
    /// The places of a file; none in a text that is no TOML.
    pub(crate) fn of(path: &Path, text: &str) -> Self {
        let redacted = Redacted::new(text);
        let mut found = BTreeMap::new();
        if let Ok(table) = DeTable::parse(text) {
            walk(table.get_ref(), &mut Vec::new(), &redacted, &mut found);
        }
        Self { file: path.display().to_string(), text: Arc::from(redacted.text()), found }
    }

    /// The place of a key, or of the section in which it would stand, or of the beginning of the file.
    #[must_use]
    pub fn place(&self, path: &[String]) -> Place {
        let nearest = (0..=path.len()).rev().find_map(|parts| self.found.get(path.get(..parts)?));
        let absent = nearest.is_none();
        let range = nearest.cloned().unwrap_or(0..0);
        let before = self.text.get(..range.start).unwrap_or_default();
        // Of what goes on over several lines the first one: what is in it has places of its own.
        let whole = self.text.get(range.clone()).unwrap_or_default();
        let first = whole.lines().next().unwrap_or_default();
        let more = if first.len() < whole.trim_end().len() { " …" } else { "" };
        let range = range.start..range.start + first.len();
        Place {
            file: self.file.clone(),
            line: 1 + before.matches('\n').count(),
            column: 1 + before.rsplit('\n').next().unwrap_or_default().chars().count(),
            width: first.chars().count(),
            text: match path {
                [key] if absent => format!("names no `{key}`"),
                [section @ .., _] if absent => format!("names no [{}]", section.join(".")),
                _ => first.split_whitespace().collect::<Vec<_>>().join(" ") + more,
            },
            range,
            absent,
        }
    }

    /// The file as diagnostics show it.
    pub(crate) fn source(&self) -> NamedSource<Arc<str>> {
        NamedSource::new(&self.file, Arc::clone(&self.text))
    }
}

impl Place {
    /// Whether the file names neither the key nor its section.
    pub(crate) fn is_absent(&self) -> bool {
        self.absent
    }

    pub(crate) fn range(&self) -> Range<usize> {
        self.range.clone()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.absent && !self.text.is_empty() {
            return write!(f, "{}, which {}", self.file, self.text);
        }
        write!(f, "{}:{}", self.file, self.line)?;
        if self.text.is_empty() { Ok(()) } else { write!(f, " {}", self.text) }
    }
}

fn walk(
    table: &DeTable<'_>,
    path: &mut Vec<String>,
    shown: &Redacted,
    found: &mut BTreeMap<Vec<String>, Range<usize>>,
) {
    for (key, value) in table {
        path.push(key.get_ref().to_string());
        let whole = key.span().start.min(value.span().start)..value.span().end.max(key.span().end);
        let mut range = shown.range(&whole);
        match value.get_ref() {
            // Of a section its header: what is in it has places of its own.
            DeValue::Table(inner) => {
                let text = shown.text().get(range.clone()).unwrap_or_default();
                // A header begins with a bracket, which belongs to no key.
                let bracket = shown.text().get(..range.start).unwrap_or_default().ends_with('[');
                range = range.start - usize::from(bracket)..range.start + text.lines().next().map_or(0, str::len);
                found.insert(path.clone(), range);
                walk(inner, path, shown, found);
            }
            DeValue::Array(items) => {
                found.insert(path.clone(), range);
                for (number, item) in items.iter().enumerate() {
                    path.push(number.to_string());
                    found.insert(path.clone(), shown.range(&item.span()));
                    path.pop();
                }
            }
            _ => {
                found.insert(path.clone(), range);
            }
        }
        path.pop();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TEXT: &str = "plugin = \"a.wasm\"\n\n[ldap.read]\nattributes = [\n  \"cn\",\n  \"sn\",\n]\n[ldap.write]\npwdReset = { values = [\"TRUE\"],  remove = true }\nbind-password = \"hunter2\"\n";

    fn place(path: &[&str]) -> String {
        let path: Vec<String> = path.iter().map(|&part| part.to_owned()).collect();
        Places::of(Path::new("a.toml"), TEXT).place(&path).to_string()
    }

    #[test]
    fn a_key_stands_where_it_stands() {
        assert_eq!(place(&["plugin"]), "a.toml:1 plugin = \"a.wasm\"");
        assert_eq!(place(&["ldap", "read"]), "a.toml:3 [ldap.read]");
        assert_eq!(place(&["ldap", "read", "attributes", "1"]), "a.toml:6 \"sn\"");
        assert_eq!(place(&["ldap", "write", "pwdReset"]), "a.toml:9 pwdReset = { values = [\"TRUE\"], remove = true }");
        assert_eq!(place(&["ldap", "write", "pwdReset", "values", "0"]), "a.toml:9 \"TRUE\"");
    }

    #[test]
    fn what_is_not_there_stands_where_it_would() {
        assert_eq!(place(&["ldap", "read", "attributes", "7"]), "a.toml:4 attributes = [ …");
        assert_eq!(place(&["ldap", "write", "cn", "values"]), "a.toml:8 [ldap.write]");
        assert_eq!(place(&["limits", "time"]), "a.toml, which names no [limits]");
        assert_eq!(Places::of(Path::new("x"), "= =").place(&["a".to_owned()]).to_string(), "x, which names no `a`");
    }

    #[test]
    fn no_secret_is_shown() {
        let all = Places::of(Path::new("a.toml"), TEXT);
        assert!(!format!("{all:?}").contains("hunter2"), "{all:?}");
    }

    proptest! {
        #[test]
        fn any_text_has_places(text in "(\\[?[a-c.]{1,4}\\]?( = (\"x\"|\\[1, [\"]é\"\\]|\\{ a = 1 \\}))?\n){0,8}", key in "[a-c]") {
            let places = Places::of(Path::new("x"), &text);
            for path in places.found.keys().cloned().chain([vec![key]]) {
                prop_assert!(places.place(&path).line <= 1 + text.matches('\n').count());
            }
        }
    }
}
