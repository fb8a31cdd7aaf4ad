//! Where a key of a connector's file stands.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use serde::Serialize;
use toml::de::{DeTable, DeValue};

use super::Text;

/// One place in a file. The text that stands there is not told: it may be the place of a secret.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// The file.
    pub file: Text,
    /// The line, from 1; none for the file as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// The character in it, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
}

impl Place {
    /// A file as a whole.
    #[must_use]
    pub fn whole(file: &Path) -> Self {
        Self { file: file.display().to_string().into(), line: None, column: None }
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.file.fmt(f)?;
        self.line.map_or(Ok(()), |line| write!(f, ":{line}"))?;
        self.column.map_or(Ok(()), |column| write!(f, ":{column}"))
    }
}

/// The places of the keys of one file.
#[derive(Debug, Clone)]
pub struct Places {
    file: Text,
    text: String,
    found: BTreeMap<Vec<String>, Range<usize>>,
}

impl Places {
    /// The places of a file; none in a text that is no TOML.
    #[must_use]
    pub fn of(file: &Path, text: &str) -> Self {
        let mut found = BTreeMap::new();
        if let Ok(table) = DeTable::parse(text) {
            walk(table.get_ref(), &mut Vec::new(), &mut found);
        }
        Self { file: file.display().to_string().into(), text: text.to_owned(), found }
    }

    /// The place of a key (`["ldap", "read", "attributes", "0"]`), or of the nearest one around it.
    #[must_use]
    pub fn place(&self, path: &[&str]) -> Place {
        let path: Vec<String> = path.iter().map(|&part| part.to_owned()).collect();
        let nearest = (1..=path.len()).rev().find_map(|parts| self.found.get(path.get(..parts)?));
        let Some(range) = nearest else { return Place { file: self.file.clone(), line: None, column: None } };
        let before = self.text.get(..range.start).unwrap_or_default();
        let line = 1 + before.matches('\n').count();
        let column = 1 + before.rsplit('\n').next().unwrap_or_default().chars().count();
        Place { file: self.file.clone(), line: Some(line), column: Some(column) }
    }
}

fn walk(table: &DeTable<'_>, path: &mut Vec<String>, found: &mut BTreeMap<Vec<String>, Range<usize>>) {
    for (key, value) in table {
        path.push(key.get_ref().to_string());
        found.insert(path.clone(), key.span());
        match value.get_ref() {
            DeValue::Table(inner) => walk(inner, path, found),
            DeValue::Array(items) => {
                for (number, item) in items.iter().enumerate() {
                    path.push(number.to_string());
                    found.insert(path.clone(), item.span());
                    path.pop();
                }
            }
            _ => {}
        }
        path.pop();
    }
}
