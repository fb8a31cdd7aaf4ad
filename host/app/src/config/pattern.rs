//! Which accounts a connector answers for.

use std::fmt;
use std::ops::Not;

/// A pattern for account names: `*` stands for any characters, also none; everything else for itself, in any case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    written: String,
    /// What stands between the asterisks, in lower case; never empty.
    parts: Vec<String>,
}

impl Pattern {
    /// Takes a pattern; nothing if it is empty or holds a control character, which no account name does.
    pub(crate) fn new(text: &str) -> Option<Self> {
        let taken = !text.is_empty() && !text.chars().any(char::is_control);
        taken.then(|| Self {
            written: text.to_owned(),
            parts: text.to_lowercase().split('*').map(str::to_owned).collect(),
        })
    }

    /// Whether an account name is meant. Takes a time that grows with the lengths, never with their power.
    #[must_use]
    pub fn matches(&self, account: &str) -> bool {
        let account = account.to_lowercase();
        let (Some((first, rest)), text) = (self.parts.split_first(), account.as_str()) else {
            return false;
        };
        let Some((last, middle)) = rest.split_last() else {
            return text == first;
        };
        let Some(mut text) = text.strip_prefix(first.as_str()).and_then(|text| text.strip_suffix(last.as_str())) else {
            return false;
        };
        for part in middle {
            // The first place is the best one: it leaves the most for the parts that follow.
            let Some(at) = text.find(part.as_str()) else {
                return false;
            };
            text = &text[at + part.len()..];
        }
        true
    }

    /// Whether every account that this pattern means is meant by the other one, too.
    #[must_use]
    pub fn is_within(&self, other: &Self) -> bool {
        // A character that no pattern and no account holds stands for all that an asterisk may be: only an asterisk of
        // the other pattern covers it.
        other.matches(&self.parts.join("\0"))
    }

    /// The pattern with another text between the asterisks, written as it was.
    pub(crate) fn map(&self, between: impl Fn(&str) -> String) -> Self {
        Self { written: self.written.clone(), parts: self.parts.iter().map(|part| between(part)).collect() }
    }

    /// Whether every account that is meant has one and the same domain after its last `@`.
    #[must_use]
    pub(super) fn fixes_domain(&self) -> bool {
        self.written.rsplit_once('@').map_or(&*self.written, |(_, domain)| domain).contains('*').not()
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn matches(pattern: &str, account: &str) -> bool {
        Pattern::new(pattern).unwrap().matches(account)
    }

    #[test]
    fn refuses_other_accounts() {
        assert_eq!(Pattern::new(""), None);
        assert_eq!(Pattern::new("a\n*"), None);
        assert!(!matches("*@corp.example", "alice@corp.example.evil"));
        assert!(!matches("*@corp.example", "alice@corpXexample"));
        assert!(!matches("alice", "alice2"));
        assert!(!matches("a*a", "a"));
        assert!(!matches("svc-*@corp.example", "alice@corp.example"));
        assert!(!matches("[a-z]?", "a"));
    }

    #[test]
    fn takes_what_is_meant_in_any_case() {
        assert!(matches("*@corp.example", "Alice@CORP.example"));
        assert!(matches("*@Corp.Example", "@corp.example"));
        assert!(matches("ÉLISE@*", "élise@corp.example"));
        assert!(matches("*", ""));
        assert!(matches("a*b*c", "a-bb-b-c"));
    }

    /// The definition, in exponential time.
    fn by_definition(pattern: &[char], text: &[char]) -> bool {
        match (pattern.split_first(), text.split_first()) {
            (None, None) => true,
            (Some(('*', rest)), _) if by_definition(rest, text) => true,
            (Some(('*', _)), Some((_, tail))) => by_definition(pattern, tail),
            (Some((p, rest)), Some((t, tail))) => p == t && by_definition(rest, tail),
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn agrees_with_the_definition(pattern in "[ab*]{1,8}", text in "[ab]{0,8}") {
            let chars = |text: &str| text.chars().collect::<Vec<_>>();
            prop_assert_eq!(matches(&pattern, &text), by_definition(&chars(&pattern), &chars(&text)));
        }

        #[test]
        fn a_pattern_is_within_another_if_all_that_it_means_is(one in "[ab*]{1,4}", other in "[ab*]{1,4}") {
            let within = Pattern::new(&one).unwrap().is_within(&Pattern::new(&other).unwrap());
            // With `c` in the alphabet a short text shows every difference.
            let texts = (0..=6_u32).flat_map(|length| (0..3_usize.pow(length)).map(move |number| {
                (0..length).map(|at| ['a', 'b', 'c'][number / 3_usize.pow(at) % 3]).collect::<String>()
            }));
            let mut meant = texts.filter(|text| matches(&one, text));
            prop_assert_eq!(within, meant.all(|text| matches(&other, &text)));
        }

        #[test]
        fn any_pattern_and_account_are_taken(pattern in ".{0,20}", account in ".{0,20}") {
            let _ = Pattern::new(&pattern).map(|p| p.matches(&account));
        }
    }
}
