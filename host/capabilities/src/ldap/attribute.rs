//! Attribute descriptions (RFC 4512 section 2.5) in a form in which equal ones are equal.

use std::fmt;

/// A name or OID with its options: in lower case, options in order and once. `CN;Lang-EN` equals `cn;lang-en` and does
/// not equal `cn`.
///
/// An OID and a name are never equal here although a server may know both for one attribute: a grant for the name does
/// not cover the OID. So an alias can only be granted too little, never too much.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttributeName(String);

/// Why a text describes no attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "not an attribute description: letters, digits and hyphens beginning with a letter, or a dotted OID, then `;options`"
)]
pub struct BadAttributeName;

impl AttributeName {
    /// Reads a description.
    ///
    /// # Errors
    /// [`BadAttributeName`] for anything else: `*`, `+`, `@class`, `1.1` with a meaning of its own included.
    pub fn parse(text: &str) -> Result<Self, BadAttributeName> {
        if text.len() > 256 || text == "1.1" {
            return Err(BadAttributeName);
        }
        let lower = text.to_ascii_lowercase();
        let (base, options) = lower.split_once(';').map_or((&*lower, None), |(base, options)| (base, Some(options)));
        if !is_name(base) && !is_oid(base) {
            return Err(BadAttributeName);
        }
        let Some(options) = options else { return Ok(Self(lower)) };
        let mut options: Vec<&str> = options.split(';').collect();
        if !options.iter().all(|option| is_option(option)) {
            return Err(BadAttributeName);
        }
        options.sort_unstable();
        options.dedup();
        Ok(Self(std::iter::once(base).chain(options).collect::<Vec<_>>().join(";")))
    }

    /// Whether a text describes this attribute: as [`AttributeName::parse`] would say.
    #[must_use]
    pub fn is(&self, text: &str) -> bool {
        // Nearly every description has no options, and is then compared where it stands.
        if text.contains(';') { Self::parse(text).as_ref() == Ok(self) } else { self.0.eq_ignore_ascii_case(text) }
    }

    /// The normal form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic()) && is_option(text)
}

fn is_option(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

fn is_oid(text: &str) -> bool {
    let arc =
        |arc: &str| !arc.is_empty() && arc.bytes().all(|b| b.is_ascii_digit()) && (arc == "0" || !arc.starts_with('0'));
    text.contains('.') && text.split('.').all(arc)
}

impl fmt::Display for AttributeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for AttributeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
