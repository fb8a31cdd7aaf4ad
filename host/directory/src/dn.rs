//! Distinguished names (RFC 4514) in a form that can be compared.
//!
//! A [`Dn`] decides whether the base of a search lies within a granted base, so whatever is doubtful is an error, and
//! two names that are written differently are one only where every directory agrees: the case of attribute types and
//! values, escapes, the order within a multi-valued RDN, and runs of spaces. It knows no schema: `2.5.4.3=x` and `cn=x`
//! differ here, and so do a `#hex` value and its text. A difference that a server does not see costs a permission, never
//! gives one; for the same reason nothing may be *excluded* by comparing names here.
//!
//! This module never asks a directory anything.

mod parse;
#[cfg(test)]
mod tests;

use std::fmt;

/// A name, parsed; equal to every other spelling of the same name.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Dn {
    /// One spelling for each name: types and values in lower case, one order, only the escapes that are needed.
    normal: Box<str>,
    /// Where in `normal` each RDN starts, the entry's own first.
    starts: Box<[u16]>,
}

/// Why a text is not taken as a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadDn {
    /// Nothing, or spaces alone. The root of a directory is not a name that anything may be granted below.
    #[error("the name is empty; write for example `ou=People,dc=example,dc=com`")]
    Empty,
    /// Longer than [`Dn::MAX_BYTES`].
    #[error("the name is longer than 4096 bytes")]
    TooLong,
    /// Deeper than [`Dn::MAX_DEPTH`].
    #[error("the name has more than 64 parts")]
    TooDeep,
    /// An attribute type that is neither a name nor an OID, or that is missing (as after a comma too many).
    #[error("at byte {0} an attribute type such as `cn` or `2.5.4.3` and then `=` is missing")]
    Type(usize),
    /// `cn=` and no value.
    #[error("at byte {0} a value is missing")]
    NoValue(usize),
    /// A character that must be escaped in a value: one of `"`, `;`, `<`, `>`.
    #[error("at byte {0} a character stands that must be escaped with a backslash")]
    Unescaped(usize),
    /// A backslash before something that is neither a special character nor two hexadecimal digits.
    #[error("at byte {0} a backslash stands before something that needs none; write `\\\\` for a backslash itself")]
    Escape(usize),
    /// A control character, written out or escaped.
    #[error("at byte {0} a control character stands in the value")]
    ControlCharacter(usize),
    /// The escaped bytes are not UTF-8.
    #[error("the value that starts at byte {0} is not UTF-8 text")]
    NotText(usize),
    /// `#` and then something else than pairs of hexadecimal digits.
    #[error(
        "at byte {0} `#` starts a value that is not pairs of hexadecimal digits; write `\\#` for the character itself"
    )]
    Hex(usize),
    /// One attribute type twice in an RDN.
    #[error("the part that starts at byte {0} names one attribute twice")]
    TypeTwice(usize),
}

impl Dn {
    /// The longest name that is taken.
    pub const MAX_BYTES: usize = 4096;
    /// How many RDNs a name may have.
    pub const MAX_DEPTH: usize = 64;

    /// Takes a name as RFC 4514 writes it; spaces around `,`, `+` and `=` are tolerated.
    ///
    /// # Errors
    /// [`BadDn`] for everything else, the empty name included.
    pub fn parse(text: &str) -> Result<Self, BadDn> {
        parse::parse(text)
    }

    /// Whether this is `base` or an entry somewhere below it.
    #[must_use]
    pub fn is_below_or_equal(&self, base: &Self) -> bool {
        self.depth_below(base).is_some()
    }

    /// How many levels this lies below `base`: 0 for `base` itself, nothing if it lies elsewhere.
    #[must_use]
    pub fn depth_below(&self, base: &Self) -> Option<usize> {
        let at = self.normal.len().checked_sub(base.normal.len())?;
        // Only where an RDN starts: `ou=x` is no parent of `cn=a,bou=x`, nor of a value that ends in an escaped `\,ou=x`.
        let depth = self.starts.iter().position(|&start| usize::from(start) == at)?;
        (self.normal.as_bytes()[at..] == *base.normal.as_bytes()).then_some(depth)
    }

    /// The name above, in normal form; nothing for a name of one part.
    #[must_use]
    pub fn parent(&self) -> Option<&str> {
        self.starts.get(1).map(|&start| &self.normal[usize::from(start)..])
    }

    /// The normal form. It is RFC 4514 itself and parses to this name again.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.normal
    }

    /// The attributes of the entry's own RDN with their values in normal form; no value where it was written in `#hex`.
    #[must_use]
    pub fn leaf(&self) -> Vec<(String, Option<String>)> {
        let end = self.starts.get(1).map_or(self.normal.len(), |&start| usize::from(start) - 1);
        parse::pairs(&self.normal[..end])
    }
}

impl fmt::Display for Dn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.normal)
    }
}

impl fmt::Debug for Dn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Dn({})", self.normal)
    }
}

/// A text as caseIgnoreMatch compares it: in lower case, spaces at the ends gone, runs of spaces made one.
///
/// Each character is folded alone: `str::to_lowercase` looks at the neighbours of a sigma, and a prefix would then not
/// be folded like the whole. What RFC 4518 does beyond that (NFKC, characters mapped to nothing) is left out.
pub(crate) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    fold_into(text.trim_matches(' '), &mut folded);
    folded
}

/// As [`fold`], with one space left at each end that has some.
pub(crate) fn fold_into(text: &str, into: &mut String) {
    let mut space = false;
    for c in text.chars() {
        if c == ' ' && space {
            continue;
        }
        space = c == ' ';
        into.push(fold_char(c));
    }
}

/// A character outside ASCII stays one: the Kelvin sign is a `k` to some directories and not to others.
fn fold_char(c: char) -> char {
    if c.is_ascii() {
        return c.to_ascii_lowercase();
    }
    let mut lower = c.to_lowercase();
    match (lower.next(), lower.next()) {
        (Some(one), None) if !one.is_ascii() => one,
        _ => c,
    }
}
