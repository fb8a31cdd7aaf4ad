//! Receipts and findings, made in one line.

use crate::{Effect, Finding, Note, Receipt, Severity};

impl Receipt {
    /// A receipt for an effect that took place.
    #[must_use]
    pub fn of(effect: Effect) -> Self {
        Self { effects: vec![effect], notes: Vec::new() }
    }

    /// With one more effect.
    #[must_use]
    pub fn and(mut self, effect: Effect) -> Self {
        self.effects.push(effect);
        self
    }

    /// With something that the caller should know: a stable word in kebab-case, and a sentence for a person.
    #[must_use]
    pub fn noting(mut self, code: &str, text: &str) -> Self {
        self.notes.push(Note { code: code.to_owned(), text: text.to_owned() });
        self
    }
}

impl Finding {
    /// As it should be.
    #[must_use]
    pub fn good(text: impl Into<String>) -> Self {
        Self { severity: Severity::Good, text: text.into(), remedy: String::new() }
    }

    /// It works, but not as well as it could; `remedy` says what to do.
    #[must_use]
    pub fn warning(text: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, text: text.into(), remedy: remedy.into() }
    }

    /// It does not work; `remedy` says what to do.
    #[must_use]
    pub fn problem(text: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { severity: Severity::Problem, text: text.into(), remedy: remedy.into() }
    }
}
