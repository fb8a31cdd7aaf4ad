//! A page in the making. Only words of this program's own text can become markup; everything else is escaped.

use std::fmt::Display;

/// HTML in the making.
#[derive(Debug, Default)]
pub(super) struct Page(String);

impl Page {
    /// Markup. `'static`, so that no text of a file, a log or a binary can come this way.
    pub(super) fn raw(&mut self, markup: &'static str) -> &mut Self {
        self.0 += markup;
        self
    }

    /// Words, escaped for an element and for an attribute in double quotes.
    pub(super) fn words(&mut self, words: impl Display) -> &mut Self {
        for c in words.to_string().chars() {
            match c {
                '&' => self.0 += "&amp;",
                '<' => self.0 += "&lt;",
                '>' => self.0 += "&gt;",
                '"' => self.0 += "&quot;",
                '\'' => self.0 += "&#39;",
                c => self.0.push(c),
            }
        }
        self
    }

    /// Words in which backticks mark names; where they do not come in pairs they are characters like others.
    pub(super) fn sentence(&mut self, words: impl Display) -> &mut Self {
        let words = words.to_string();
        let parts: Vec<&str> = words.split('`').collect();
        if parts.len().is_multiple_of(2) {
            return self.words(words);
        }
        for (at, part) in parts.iter().enumerate() {
            match at % 2 {
                0 => self.words(part),
                _ => self.raw("<code>").words(part).raw("</code>"),
            };
        }
        self
    }

    /// A sentence that begins with a capital.
    pub(super) fn statement(&mut self, words: impl Display) -> &mut Self {
        let words = words.to_string();
        let mut chars = words.chars();
        let first: String = chars.next().into_iter().flat_map(char::to_uppercase).collect();
        self.sentence(format!("{first}{}", chars.as_str()))
    }

    /// A name in an element's `id` or in a link to one: what is not a letter, a digit or a hyphen becomes a hyphen.
    pub(super) fn id(&mut self, name: impl Display) -> &mut Self {
        self.0.extend(name.to_string().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }));
        self
    }

    pub(super) fn finish(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_marked_and_markup_is_not_taken() {
        let mut page = Page::default();
        page.sentence("does not import `reveal`").sentence(" a ` b <script>").sentence(" `<b>`");
        assert_eq!(page.finish(), "does not import <code>reveal</code> a ` b &lt;script&gt; <code>&lt;b&gt;</code>");
    }

    proptest! {
        #[test]
        fn no_words_leave_their_element_or_attribute(words in ".{0,40}|[<>&\"'`/a]{0,20}") {
            let mut page = Page::default();
            page.words(&words).sentence(&words).statement(&words);
            let html = page.finish().replace("<code>", "").replace("</code>", "");
            prop_assert!(!html.contains(['<', '>', '"', '\'']), "{}", html);
        }
    }
}
