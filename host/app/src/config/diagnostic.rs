//! What is wrong with a file: where, why, and what to write instead.
//!
//! A diagnostic never holds a secret: the text of the file that it shows is [`Redacted`], and so is what is said of a
//! place where a secret stands, whoever wrote the message.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use miette::{LabeledSpan, NamedSource, Severity, SourceCode};

use super::redact::Redacted;

/// One thing that is wrong, or (with [`Diagnostic::is_warning`]) that the operator should know.
///
/// Rendered by miette: code, message, the lines of the file with a label, and help.
#[derive(Debug, Clone)]
pub struct Diagnostic {
    severity: Severity,
    code: &'static str,
    message: String,
    help: String,
    place: Option<Box<Place>>,
}

#[derive(Debug, Clone)]
struct Place {
    source: NamedSource<Arc<str>>,
    range: Range<usize>,
    label: String,
}

impl Diagnostic {
    /// An error that is not about a place in a file.
    pub(crate) fn error(code: &'static str, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { severity: Severity::Error, code, message: message.into(), help: help.into(), place: None }
    }

    /// The same as a warning.
    pub(crate) fn into_warning(self) -> Self {
        Self { severity: Severity::Warning, ..self }
    }

    /// Whether the file can be used all the same.
    #[must_use]
    pub fn is_warning(&self) -> bool {
        self.severity == Severity::Warning
    }

    /// The stable name, without the prefix `portcullis::config::`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.code
    }

    /// The line of the file that is meant, from 1; none if it is not about a place in a file.
    #[must_use]
    pub fn line(&self) -> Option<usize> {
        let place = self.place.as_ref()?;
        let span = miette::SourceSpan::from(place.range.clone());
        miette::SourceCode::read_span(&place.source, &span, 0, 0).ok().map(|read| read.line() + 1)
    }

    /// Where in the shown text the label begins; the order in which people read.
    fn position(&self) -> usize {
        self.place.as_ref().map_or(0, |place| place.range.start)
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Diagnostic {}

impl miette::Diagnostic for Diagnostic {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(format!("portcullis::config::{}", self.code)))
    }

    fn severity(&self) -> Option<Severity> {
        Some(self.severity)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(&self.help))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.place.as_ref().map(|place| &place.source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let place = self.place.as_ref()?;
        let span = LabeledSpan::new_with_span(Some(place.label.clone()), place.range.clone());
        Some(Box::new(std::iter::once(span)))
    }
}

/// Everything that is wrong with a file or a folder; never empty.
#[derive(Debug)]
pub struct Problems {
    what: String,
    all: Vec<Diagnostic>,
}

impl Problems {
    pub(crate) fn one(problem: Diagnostic) -> Self {
        Self { what: String::new(), all: vec![problem] }
    }

    /// `what` cannot be used because of `all`.
    pub(crate) fn many(what: impl fmt::Display, all: Vec<Diagnostic>) -> Self {
        Self { what: what.to_string(), all }
    }

    /// In the order of the files and the lines.
    #[must_use]
    pub fn all(&self) -> &[Diagnostic] {
        &self.all
    }

    pub(crate) fn into_all(self) -> Vec<Diagnostic> {
        self.all
    }

    fn only(&self) -> Option<&Diagnostic> {
        match self.all.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.only() {
            Some(only) => only.fmt(f),
            None => write!(f, "{} cannot be used: {} mistakes", self.what, self.all.len()),
        }
    }
}

impl std::error::Error for Problems {}

impl miette::Diagnostic for Problems {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.only().and_then(miette::Diagnostic::code)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.only().and_then(miette::Diagnostic::help)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.only().and_then(miette::Diagnostic::source_code)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        self.only().and_then(miette::Diagnostic::labels)
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn miette::Diagnostic> + 'a>> {
        match self.only() {
            Some(_) => None,
            None => Some(Box::new(self.all.iter().map(|problem| problem as &dyn miette::Diagnostic))),
        }
    }
}

/// Collects what is wrong with one file.
#[derive(Debug)]
pub(crate) struct Findings {
    name: String,
    redacted: Redacted,
    source: NamedSource<Arc<str>>,
    errors: Vec<Diagnostic>,
    warnings: Vec<Diagnostic>,
}

impl Findings {
    /// For a file of this name and text.
    pub(crate) fn new(name: &str, text: &str) -> Self {
        let redacted = Redacted::new(text);
        let source = NamedSource::new(name, Arc::from(redacted.text()));
        Self { name: name.to_owned(), redacted, source, errors: Vec::new(), warnings: Vec::new() }
    }

    /// Refuses the file.
    pub(crate) fn error(
        &mut self,
        code: &'static str,
        at: Range<usize>,
        message: impl Into<String>,
        label: impl Into<String>,
        help: impl Into<String>,
    ) {
        let problem = self.at(at, label.into(), Diagnostic::error(code, message, help));
        self.errors.push(problem);
    }

    /// Tells the operator.
    pub(crate) fn warning(
        &mut self,
        code: &'static str,
        at: Range<usize>,
        message: impl Into<String>,
        label: impl Into<String>,
        help: impl Into<String>,
    ) {
        let warning = self.at(at, label.into(), Diagnostic::error(code, message, help).into_warning());
        self.warnings.push(warning);
    }

    fn at(&self, original: Range<usize>, label: String, diagnostic: Diagnostic) -> Diagnostic {
        let said = |text: String| self.redacted.said(&original, text);
        let place = Place { source: self.source.clone(), range: self.redacted.range(&original), label: said(label) };
        let (message, help) = (said(diagnostic.message), said(diagnostic.help));
        Diagnostic { place: Some(Box::new(place)), message, help, ..diagnostic }
    }

    /// Whether the file is refused already.
    pub(crate) fn has_errors(&self) -> bool {
        !self.errors.is_empty()
    }

    /// The warnings, or the errors if there are any.
    ///
    /// # Errors
    /// All errors, in the order of the lines.
    pub(crate) fn finish(mut self) -> Result<Vec<Diagnostic>, Problems> {
        if self.errors.is_empty() {
            self.warnings.sort_by_key(Diagnostic::position);
            return Ok(self.warnings);
        }
        self.errors.sort_by_key(Diagnostic::position);
        Err(Problems::many(self.name, self.errors))
    }
}

/// The candidate that somebody may have meant by a word.
pub(crate) fn did_you_mean<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let plain = |text: &str| text.to_lowercase().replace('_', "-");
    let word = plain(word);
    let far = (word.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&word, &plain(candidate)), candidate))
        .filter(|(distance, _)| *distance <= far)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// `a`, `b` or `c`.
pub(crate) fn one_of<'c>(words: impl IntoIterator<Item = &'c str>) -> String {
    let words: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    match words.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_meant() {
        let keys = ["start-tls", "ca-file", "bind-dn", "bind-password"];
        assert_eq!(did_you_mean("start_tls", keys), Some("start-tls"));
        assert_eq!(did_you_mean("startTls", keys), Some("start-tls"));
        assert_eq!(did_you_mean("bind-pasword", keys), Some("bind-password"));
        assert_eq!(did_you_mean("binddn", keys), Some("bind-dn"));
        assert_eq!(did_you_mean("colour", keys), None);
        assert_eq!(did_you_mean("", keys), None);
    }

    #[test]
    fn lists_read_like_a_sentence() {
        assert_eq!(one_of(["a"]), "`a`");
        assert_eq!(one_of(["a", "b", "c"]), "`a`, `b` or `c`");
    }
}
