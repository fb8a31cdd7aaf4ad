//! When two names may mean one account.
//!
//! A directory finds an entry also by another spelling of its name. LDAP prepares names before it compares them (RFC
//! 4518): it folds case, applies NFKC, drops invisible characters, and takes insignificant spaces away. Active
//! Directory goes further and takes no notice of accents, of the width of a character and of the kind of kana either.
//! What must hold for an account whatever its spelling (`except`, the order of its operations, its rate) is therefore
//! compared by [`folded`], which is at least as wide as both; wider than needed is harmless there.

use std::borrow::Cow;

use icu_normalizer::DecomposingNormalizerBorrowed;
use icu_properties::props::{DefaultIgnorableCodePoint, GeneralCategory, GeneralCategoryGroup as Group};
use icu_properties::{CodePointMapData, CodePointSetData};
use portcullis_model::Login;

use crate::config::Pattern;

/// The account in the spelling that stands for all of its spellings. For comparing only: no directory knows it.
///
/// Two accounts that a directory tells apart may fold to the same text (`jose` and `josé`): they then share a lane and
/// a rate.
#[must_use]
pub fn folded(account: &Login) -> String {
    match fold(account.as_str()) {
        // A name of nothing but symbols: better as it is than as one with all others of its kind.
        nothing if nothing.is_empty() => account.as_str().to_owned(),
        folded => folded,
    }
}

/// Patterns that hold for every spelling of an account.
#[derive(Debug)]
pub(super) struct Wide(Vec<(Pattern, Pattern)>);

impl Wide {
    /// Takes the patterns as the operator wrote them.
    pub(super) fn new(patterns: &[Pattern]) -> Self {
        Self(patterns.iter().map(|written| (written.clone(), written.map(fold))).collect())
    }

    /// Why an account is meant, in words for the operator; nothing if it is not.
    pub(super) fn meant(&self, account: &Login) -> Option<String> {
        if self.0.is_empty() {
            return None;
        }
        let folded = fold(account.as_str());
        // A directory with older tables takes no notice of letters that it does not know yet.
        let plain: String = folded.chars().filter(char::is_ascii).collect();
        let matches = |pattern: &Pattern| pattern.matches(&folded) || pattern.matches(&plain);
        if let Some((written, _)) = self.0.iter().find(|(_, wide)| matches(wide)) {
            return Some(format!("matches \"{written}\""));
        }
        let strange = decomposed(account.as_str()).find(|c| !is_comparable(*c))?;
        Some(format!("holds U+{:04X}, which one directory compares and another skips", u32::from(strange)))
    }
}

fn fold(text: &str) -> String {
    let ignorable = CodePointSetData::new::<DefaultIgnorableCodePoint>();
    let kept = |c: &char| {
        c.is_ascii_graphic()
            || (Group::Letter.union(Group::SpacingMark).contains(category(*c)) && !ignorable.contains(*c))
    };
    // Letters that differ in lower case share an upper case (`s` and `ſ`, `i` and `ı`), and some have none before they
    // are in lower case (`ẞ`).
    let cases = |c: char| c.to_lowercase().flat_map(char::to_uppercase).flat_map(char::to_lowercase);
    // Accents go first: one of them is a letter in upper case.
    let cased = decomposed(text).filter(kept).flat_map(cases).collect::<String>();
    decomposed(&cased).filter(kept).fold(String::with_capacity(cased.len()), |mut folded, c| {
        folded.push_str(&base(c));
        folded
    })
}

/// NFKD: one letter is one letter, however wide, round or accented it is written.
fn decomposed(text: &str) -> impl Iterator<Item = char> {
    const NFKD: DecomposingNormalizerBorrowed<'static> = DecomposingNormalizerBorrowed::new_nfkd();
    NFKD.normalize_iter(text.chars())
}

fn category(c: char) -> GeneralCategory {
    CodePointMapData::<GeneralCategory>::new().get(c)
}

/// Whether every directory compares this character, or none does. Symbols, digits and punctuation of other scripts,
/// invisible characters and what no standard has assigned are compared here and skipped there.
fn is_comparable(c: char) -> bool {
    let everywhere = Group::Letter.union(Group::Mark).union(Group::SpaceSeparator);
    c.is_ascii() || everywhere.contains(category(c))
}

/// The letters of which Unicode does not say that they are another one with a stroke, and Windows does; and katakana for
/// hiragana.
fn base(c: char) -> Cow<'static, str> {
    let plain = match c {
        'æ' => "ae",
        'ø' => "o",
        'đ' | 'ð' => "d",
        'ħ' => "h",
        'ł' => "l",
        'ŋ' => "n",
        'œ' => "oe",
        'þ' => "th",
        'ŧ' => "t",
        '\u{3041}'..='\u{3096}' => return char::from_u32(u32::from(c) + 0x60).unwrap_or(c).to_string().into(),
        other => return other.to_string().into(),
    };
    plain.into()
}

#[cfg(test)]
mod tests;
