//! Words that somebody else wrote, made fit to be shown: names out of a plugin's binary, DNs, attributes, paths.

use std::fmt;

use serde::Serialize;

/// One line that no terminal, page or viewer obeys: control characters, line breaks, marks of direction and characters
/// without a width are written as `\u{..}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Text(String);

impl Text {
    /// The words, shown.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<S: AsRef<str>> From<S> for Text {
    fn from(words: S) -> Self {
        let mut shown = String::with_capacity(words.as_ref().len());
        for c in words.as_ref().chars() {
            if misleads(c) { shown.extend(c.escape_unicode()) } else { shown.push(c) }
        }
        Self(shown)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// So many of something that has a regular plural.
pub(crate) fn counted(count: impl Into<u64>, what: &str) -> String {
    match count.into() {
        1 => format!("1 {what}"),
        count => format!("{count} {what}s"),
    }
}

/// Whether a character is not shown but obeyed, or not seen at all.
pub(crate) fn misleads(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_written_out() {
        assert_eq!(Text::from("a\u{1b}[31m\nb\u{202e}c\u{9b}é").as_str(), "a\\u{1b}[31m\\u{a}b\\u{202e}c\\u{9b}é");
    }

    proptest! {
        #[test]
        fn no_text_misleads_and_shown_twice_is_shown_once(words in ".{0,40}|[\\x00-\\x1f\\u{7f}-\\u{9f}\\u{200b}-\\u{206f}]{0,9}") {
            let text = Text::from(&words);
            prop_assert!(!text.as_str().contains(misleads));
            prop_assert_eq!(&Text::from(text.as_str()), &text);
            prop_assert!(words.contains(misleads) || text.as_str() == words);
        }
    }
}
