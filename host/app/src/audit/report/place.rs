//! Where a key of a connector's file stands.

use std::path::Path;

use serde::Serialize;

use super::Text;
use crate::config::{self, ConnectorFile};

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
    /// The character after the last one that it is about, in the same line; for viewers that mark it.
    #[serde(skip)]
    pub end: Option<usize>,
}

impl Place {
    /// A file as a whole.
    #[must_use]
    pub fn whole(file: &Path) -> Self {
        Self { file: file.display().to_string().into(), line: None, column: None, end: None }
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.file.fmt(f)?;
        self.line.map_or(Ok(()), |line| write!(f, ":{line}"))?;
        self.column.map_or(Ok(()), |column| write!(f, ":{column}"))
    }
}

impl From<config::Place> for Place {
    fn from(place: config::Place) -> Self {
        let end = Some(place.column + place.width);
        Self { file: place.file.into(), line: Some(place.line), column: Some(place.column), end }
    }
}

/// Where a key stands (`["ldap", "read", "attributes", "0"]`), or the nearest one around it.
#[must_use]
pub fn place(file: &ConnectorFile, path: &[&str]) -> Place {
    let path: Vec<String> = path.iter().map(|&part| part.to_owned()).collect();
    file.places.place(&path).into()
}
