//! What a text from elsewhere may hold that a person would not see as it is.

/// Whether a terminal obeys a character instead of showing it, or shows what follows in another order or on another line:
/// control characters, marks of direction (Unicode Standard Annex 9), and the separators of lines and paragraphs, at which
/// some viewers begin a line. The texts of plugins and directories are shown without them.
#[must_use]
pub fn misleads(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_as_it_is_stays() {
        assert!("\u{1b}\n\u{9b}\u{61c}\u{200e}\u{2028}\u{2029}\u{202e}\u{2066}\u{2069}".chars().all(misleads));
        assert!(!"aé€ـ\u{2027}\u{202f}\u{2065}\u{206a}🙂 ".contains(misleads));
    }
}
