//! The values of a secret, as a message about it could repeat them.

use std::fmt;

use toml::de::{DeTable, DeValue};
use toml_parser::Source;
use toml_parser::lexer::TokenKind;
use zeroize::Zeroizing;

use super::MASK;

/// From this length a value is hidden wherever it stands. A shorter one is hidden where it is quoted, as it may be a part
/// of a word of the message.
const LONG: usize = 8;

/// What a secret's text means, and how `escape_debug` writes it.
#[derive(Default)]
pub(super) struct Words(Vec<Zeroizing<String>>);

impl Words {
    /// The values in the text of a secret, which may be any piece of a file.
    pub(super) fn of(text: &str) -> Self {
        let mut words = Vec::new();
        for token in Source::new(text).lex() {
            if matches!(token.kind(), TokenKind::Whitespace | TokenKind::Newline | TokenKind::Eof) {
                continue;
            }
            let raw = text.get(token.span().start()..token.span().end()).unwrap_or_default();
            let value = value(raw).unwrap_or_else(|| Zeroizing::new(raw.trim_matches(['"', '\'']).to_owned()));
            words.push(Zeroizing::new(value.escape_debug().to_string()));
            words.push(value);
        }
        words.retain(|word| word.chars().any(char::is_alphanumeric));
        words.sort_by_key(|word| std::cmp::Reverse(word.len()));
        words.dedup();
        Self(words)
    }

    /// A message without the secret.
    pub(super) fn hidden(&self, mut message: String) -> String {
        for word in &self.0 {
            let word = word.as_str();
            if word.len() >= LONG {
                message = message.replace(word, MASK);
            }
            for quote in ['`', '"', '\''] {
                message = message.replace(&format!("{quote}{word}{quote}"), &format!("{quote}{MASK}{quote}"));
            }
        }
        message
    }
}

impl fmt::Debug for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} hidden words", self.0.len())
    }
}

/// The text of a string of TOML, without its escapes.
fn value(raw: &str) -> Option<Zeroizing<String>> {
    let line = Zeroizing::new(format!("x={raw}"));
    let table = DeTable::parse(&line).ok()?;
    match table.get_ref().get("x")?.get_ref() {
        DeValue::String(text) => Some(Zeroizing::new(text.to_string())),
        _ => None,
    }
}
