//! Search filters (RFC 4515): read, checked, written, and filled in for an account.
//!
//! A filter is parsed by the same parser that encodes it for the wire, so that what is checked is what is sent. Nothing
//! here knows a directory, a schema or a grant.

mod parse;
mod template;
#[cfg(test)]
mod tests;

use std::fmt::{self, Write as _};

pub use template::{Template, Unrenderable};

/// A search filter. Values are bytes: RFC 4515 can write any byte as `\xx`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filter {
    /// All of them; of none, true (RFC 4526).
    And(Vec<Filter>),
    /// Any of them; of none, false.
    Or(Vec<Filter>),
    /// Not this one.
    Not(Box<Filter>),
    /// `(attribute=value)`.
    Equal {
        /// The attribute description.
        attribute: String,
        /// The assertion value.
        value: Vec<u8>,
    },
    /// `(attribute=initial*any*last)`.
    Substring {
        /// The attribute description.
        attribute: String,
        /// What the value starts with.
        initial: Option<Vec<u8>>,
        /// What comes between, in this order.
        any: Vec<Vec<u8>>,
        /// What the value ends with.
        last: Option<Vec<u8>>,
    },
    /// `(attribute>=value)`.
    GreaterOrEqual {
        /// The attribute description.
        attribute: String,
        /// The assertion value.
        value: Vec<u8>,
    },
    /// `(attribute<=value)`.
    LessOrEqual {
        /// The attribute description.
        attribute: String,
        /// The assertion value.
        value: Vec<u8>,
    },
    /// `(attribute=*)`.
    Present {
        /// The attribute description.
        attribute: String,
    },
    /// `(attribute~=value)`.
    Approx {
        /// The attribute description.
        attribute: String,
        /// The assertion value.
        value: Vec<u8>,
    },
    /// `(attribute:dn:rule:=value)`.
    Extensible {
        /// The matching rule.
        rule: Option<String>,
        /// The attribute description; without one, every attribute that the rule fits is compared.
        attribute: Option<String>,
        /// The assertion value.
        value: Vec<u8>,
        /// The parts of the entry's DN are compared as well.
        dn: bool,
    },
}

/// What a part of a filter looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject<'a> {
    /// One attribute.
    Attribute(&'a str),
    /// One attribute, and the parts of the entry's DN (`:dn`).
    AttributeAndDn(&'a str),
    /// Every attribute: an extensible match that names none.
    Anything,
}

/// Why a text is no filter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{problem}", .at.map_or_else(String::new, |at| format!("at byte {}: ", at + 1)))]
pub struct BadFilter {
    /// The offset in bytes where it goes wrong, if that can be told.
    pub at: Option<usize>,
    /// What is wrong, and what would be right.
    pub problem: &'static str,
}

impl Filter {
    /// The longest filter that is read, in bytes.
    pub const MAX_BYTES: usize = 4096;
    /// The most parentheses in each other.
    pub const MAX_DEPTH: usize = 32;

    /// Reads a filter.
    ///
    /// # Errors
    /// [`BadFilter`] for what RFC 4515 does not allow, and for a filter that is too long or too deep.
    pub fn parse(text: &str) -> Result<Self, BadFilter> {
        parse::parse(text)
    }

    /// What the filter looks at, each part in its order.
    #[must_use]
    pub fn attributes(&self) -> Vec<Subject<'_>> {
        let mut subjects = Vec::new();
        self.collect(&mut subjects);
        subjects
    }

    fn collect<'a>(&'a self, subjects: &mut Vec<Subject<'a>>) {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().for_each(|part| part.collect(subjects)),
            Self::Not(part) => part.collect(subjects),
            Self::Equal { attribute, .. }
            | Self::Substring { attribute, .. }
            | Self::GreaterOrEqual { attribute, .. }
            | Self::LessOrEqual { attribute, .. }
            | Self::Present { attribute }
            | Self::Approx { attribute, .. } => subjects.push(Subject::Attribute(attribute)),
            Self::Extensible { attribute: None, .. } => subjects.push(Subject::Anything),
            Self::Extensible { attribute: Some(attribute), dn: false, .. } => {
                subjects.push(Subject::Attribute(attribute));
            }
            Self::Extensible { attribute: Some(attribute), dn: true, .. } => {
                subjects.push(Subject::AttributeAndDn(attribute));
            }
        }
    }
}

/// Writes the filter so that [`Filter::parse`] reads the same one.
impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('(')?;
        match self {
            Self::And(parts) => parts.iter().fold(f.write_char('&'), |r, part| r.and_then(|()| part.fmt(f)))?,
            Self::Or(parts) => parts.iter().fold(f.write_char('|'), |r, part| r.and_then(|()| part.fmt(f)))?,
            Self::Not(part) => write!(f, "!{part}")?,
            Self::Equal { attribute, value } => write!(f, "{attribute}={}", escape_bytes(value))?,
            Self::Substring { attribute, initial, any, last } => {
                write!(f, "{attribute}={}*", escape_bytes(initial.as_deref().unwrap_or_default()))?;
                for part in any {
                    write!(f, "{}*", escape_bytes(part))?;
                }
                f.write_str(&escape_bytes(last.as_deref().unwrap_or_default()))?;
            }
            Self::GreaterOrEqual { attribute, value } => write!(f, "{attribute}>={}", escape_bytes(value))?,
            Self::LessOrEqual { attribute, value } => write!(f, "{attribute}<={}", escape_bytes(value))?,
            Self::Present { attribute } => write!(f, "{attribute}=*")?,
            Self::Approx { attribute, value } => write!(f, "{attribute}~={}", escape_bytes(value))?,
            Self::Extensible { rule, attribute, value, dn } => {
                f.write_str(attribute.as_deref().unwrap_or_default())?;
                f.write_str(if *dn { ":dn" } else { "" })?;
                if let Some(rule) = rule {
                    write!(f, ":{rule}")?;
                }
                write!(f, ":={}", escape_bytes(value))?;
            }
        }
        f.write_char(')')
    }
}

/// Writes a text as an assertion value (RFC 4515 section 3): it then means itself wherever a value stands.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\0' | '(' | ')' | '*' | '\\' => push_hex(&mut escaped, c as u8),
            _ => escaped.push(c),
        }
    }
    escaped
}

fn escape_bytes(value: &[u8]) -> String {
    let mut escaped = String::with_capacity(value.len());
    for chunk in value.utf8_chunks() {
        escaped.push_str(&escape(chunk.valid()));
        chunk.invalid().iter().for_each(|byte| push_hex(&mut escaped, *byte));
    }
    escaped
}

fn push_hex(text: &mut String, byte: u8) {
    const DIGITS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    text.extend(['\\', DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
}
