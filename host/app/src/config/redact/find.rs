//! Where the secrets of a file are, by its tokens: it may be so broken that it has no values.

use std::ops::Range;

use toml_parser::Source;
use toml_parser::lexer::{Token, TokenKind};

/// Where in the file the reader is.
#[derive(Default)]
struct Reader<'t> {
    header: Vec<&'t str>,
    key: Vec<&'t str>,
    in_header: bool,
    in_value: bool,
    /// Brackets that are open in the value.
    depth: usize,
    /// The key of the inline table that was read last.
    inner: Option<&'t str>,
    secret: bool,
}

impl Reader<'_> {
    /// The key is complete: is its value a secret?
    fn begin_value(&mut self) {
        let names_place = self.key.last().is_some_and(|key| names_a_place(key));
        self.secret = !names_place && self.header.iter().chain(&self.key).any(|key| names_a_secret(key));
        self.in_value = true;
        self.in_header = false;
    }

    /// Whether a value is one of the two words that `[ldap.write]` knows, which look like what they are not.
    fn is_word_of_a_grant(&self, value: &str) -> bool {
        let section = self.key.split_last().map_or(&[][..], |(_, section)| section);
        self.header.iter().chain(section).any(|key| *key == "write") && matches!(unquoted(value), "password" | "remove")
    }

    fn hides(&self, value: &str) -> bool {
        match self.inner {
            _ if matches!(value, "true" | "false") => false,
            Some(key) if names_a_place(key) => false,
            Some(key) => self.secret || names_a_secret(key),
            None => self.secret && !self.is_word_of_a_grant(value),
        }
    }
}

/// The ranges of all secrets.
pub(super) fn secrets(text: &str) -> Vec<Range<usize>> {
    let tokens: Vec<Token> = Source::new(text).lex().into_vec();
    let raw = |token: &Token| text.get(range(token)).unwrap_or_default();
    let (mut found, mut reader, mut at) = (in_lines(text), Reader::default(), 0);
    found.extend(pem(text));
    found.extend(issued(text));
    while let Some(token) = tokens.get(at) {
        at += 1;
        match token.kind() {
            TokenKind::Newline if reader.depth == 0 => {
                reader = Reader { header: std::mem::take(&mut reader.header), ..Reader::default() };
            }
            TokenKind::Newline | TokenKind::Whitespace | TokenKind::Dot | TokenKind::Comma | TokenKind::Eof => {}
            TokenKind::Comment => found.extend(in_line(raw(token), token.span().start())),
            TokenKind::Equals if reader.in_value => {}
            TokenKind::Equals => {
                reader.begin_value();
                let rest = tokens.get(at..).unwrap_or_default();
                let line = rest.split(|t| matches!(t.kind(), TokenKind::Newline | TokenKind::Eof)).next();
                let line = line.unwrap_or_default();
                let first = line.iter().find(|t| t.kind() != TokenKind::Whitespace);
                if let (Some(first), Some(last)) = (first, line.last())
                    && !matches!(first.kind(), TokenKind::LeftCurlyBracket | TokenKind::LeftSquareBracket)
                    && reader.hides(raw(first))
                {
                    // A quotation mark inside a secret ends the string for the parser: hide the rest of the line.
                    found.push(range(first).start..range(last).end);
                    at += line.len();
                }
            }
            TokenKind::LeftSquareBracket | TokenKind::LeftCurlyBracket if reader.in_value => reader.depth += 1,
            TokenKind::RightSquareBracket | TokenKind::RightCurlyBracket if reader.in_value => {
                reader.depth = reader.depth.saturating_sub(1);
            }
            TokenKind::LeftSquareBracket if !reader.in_header => {
                reader.in_header = true;
                reader.header.clear();
            }
            TokenKind::LeftSquareBracket
            | TokenKind::RightSquareBracket
            | TokenKind::LeftCurlyBracket
            | TokenKind::RightCurlyBracket => {}
            TokenKind::Atom
            | TokenKind::BasicString
            | TokenKind::LiteralString
            | TokenKind::MlBasicString
            | TokenKind::MlLiteralString => {
                let word = raw(token);
                let next = tokens.iter().skip(at).find(|t| t.kind() != TokenKind::Whitespace).map(Token::kind);
                if reader.in_header {
                    reader.header.push(unquoted(word));
                } else if !reader.in_value {
                    reader.key.push(unquoted(word));
                } else if reader.depth > 0 && next == Some(TokenKind::Equals) {
                    reader.inner = Some(unquoted(word));
                } else if reader.hides(word) {
                    found.push(range(token));
                } else if let Some(user) = user_information(word) {
                    found.push(token.span().start() + user.start..token.span().start() + user.end);
                }
            }
        }
    }
    found
}

fn range(token: &Token) -> Range<usize> {
    token.span().start()..token.span().end()
}

fn unquoted(raw: &str) -> &str {
    raw.trim_matches(['"', '\''])
}

/// Whether what is assigned to a key of this name looks like a secret.
fn names_a_secret(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    if matches!(key.as_str(), "passwords" | "set-password") {
        return false;
    }
    if key == "key" || key.ends_with("-key") {
        return true;
    }
    ["pass", "secret", "token", "credential"].iter().any(|word| key.contains(word))
        || ["pwd", "pw"].iter().any(|end| key.ends_with(end))
        || strsim::normalized_damerau_levenshtein(&key, "bind-password") > 0.7
}

/// Whether a key names the place of a secret, which may be shown.
fn names_a_place(key: &str) -> bool {
    matches!(key, "file" | "env" | "credential")
}

/// The secrets in lines, whatever the tokens are: a bracket or a text that is not closed swallows the lines that follow.
fn in_lines(text: &str) -> Vec<Range<usize>> {
    let mut at = 0;
    text.split_inclusive('\n')
        .filter_map(|line| {
            at += line.len();
            in_line(line, at - line.len())
        })
        .collect()
}

/// The secret of a line, also of one that was switched off.
fn in_line(line: &str, base: usize) -> Option<Range<usize>> {
    let (key, value) = line.split_once('=')?;
    let name = key.trim_start_matches(['#', ' ', '\t']).trim_end().rsplit('.').next().map(unquoted)?;
    let begins = base + line.len() - value.trim_start().len();
    let word = value.split('#').next().unwrap_or_default().trim();
    let shown = !names_a_secret(name)
        || names_a_place(name)
        || word.is_empty()
        || word.starts_with(['{', '['])
        || matches!(unquoted(word), "password" | "remove" | "true" | "false");
    (!shown).then(|| begins..begins + value.trim().len())
}

/// Blocks of PEM that are no certificates (RFC 7468), each to its end or to the end of the text.
fn pem(text: &str) -> Vec<Range<usize>> {
    let begins = text.match_indices("-----BEGIN ").map(|(at, _)| at);
    let secret = begins.filter(|at| !text.get(at + 11..).unwrap_or_default().starts_with("CERTIFICATE-----"));
    let end = |at: usize| text.get(at..).and_then(|rest| rest.find("-----END ")).map_or(text.len(), |end| at + end);
    secret.map(|at| at..end(at)).collect()
}

/// The tokens that `portcullis token` made, wherever they stand.
fn issued(text: &str) -> Vec<Range<usize>> {
    let prefix = crate::service::callers::Token::PREFIX;
    let random = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let tokens = text.match_indices(prefix).map(|(at, _)| {
        let after = text.get(at..).unwrap_or_default();
        at..at + after.find(|c| !random(c)).unwrap_or(after.len())
    });
    tokens.filter(|token| token.len() > prefix.len() + 8).collect()
}

/// The part of a URL before the `@`, where people put passwords.
fn user_information(text: &str) -> Option<Range<usize>> {
    let start = text.find("://")? + 3;
    let end = start + text.get(start..)?.rfind('@')?;
    Some(start..end)
}
