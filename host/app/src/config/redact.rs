//! The text of a file as diagnostics show it: without the secrets that somebody wrote into it.
//!
//! A diagnostic prints the line that it is about and the lines around it, and a file that is refused may well hold a
//! password in the clear, or be so broken that it cannot be parsed. So this works on tokens and not on values, and
//! rather hides too much than too little. The length of what is hidden does not show either.

use std::ops::Range;

use toml_parser::Source;
use toml_parser::lexer::{Token, TokenKind};

/// Stands where a secret was.
const MASK: &str = "***";

/// A text without its secrets, and where each position of the original went.
#[derive(Debug)]
pub(super) struct Redacted {
    text: String,
    cuts: Vec<Cut>,
}

#[derive(Debug)]
struct Cut {
    original: Range<usize>,
    shown: Range<usize>,
}

impl Redacted {
    /// Hides every secret of a file, and everything that would move the cursor of a terminal.
    pub(super) fn new(original: &str) -> Self {
        let mut secrets = find(original);
        secrets.sort_by_key(|range| (range.start, range.end));
        let (mut text, mut cuts, mut done) = (String::with_capacity(original.len()), Vec::new(), 0);
        for secret in secrets {
            let original_range = secret.start.max(done)..secret.end;
            let (Some(before), false) = (original.get(done..original_range.start), original_range.is_empty()) else {
                continue;
            };
            // What touches is one: the number of masks would tell how a secret is made up.
            if let Some(last) = cuts.last_mut().filter(|last: &&mut Cut| last.original.end == original_range.start) {
                (last.original.end, done) = (original_range.end, original_range.end);
                continue;
            }
            push_printable(&mut text, before);
            let at = text.len();
            text.push_str(MASK);
            done = original_range.end;
            cuts.push(Cut { original: original_range, shown: at..text.len() });
        }
        push_printable(&mut text, original.get(done..).unwrap_or_default());
        Self { text, cuts }
    }

    /// The text to show.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Where a range of the original is in the text to show. A range that touches a secret covers all of its mask.
    pub(super) fn range(&self, original: &Range<usize>) -> Range<usize> {
        let start = self.position(original.start, false);
        start..self.position(original.end.max(original.start), true).max(start)
    }

    fn position(&self, original: usize, end: bool) -> usize {
        let mut offset = original;
        for cut in self.cuts.iter().rev() {
            let inside = cut.original.start < original && original < cut.original.end;
            if inside {
                return if end { cut.shown.end } else { cut.shown.start };
            }
            if cut.original.end <= original {
                offset = cut.shown.end + (original - cut.original.end);
                break;
            }
        }
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset = if end { offset + 1 } else { offset - 1 };
        }
        offset
    }
}

/// Replaces control characters byte by byte, so that positions stay.
fn push_printable(shown: &mut String, text: &str) {
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let keeps = matches!(c, '\n' | '\t') || (c == '\r' && chars.peek() == Some(&'\n')) || !c.is_control();
        if keeps {
            shown.push(c);
        } else {
            (0..c.len_utf8()).for_each(|_| shown.push('?'));
        }
    }
}

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
fn find(text: &str) -> Vec<Range<usize>> {
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
pub(super) fn names_a_secret(key: &str) -> bool {
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(text: &str) -> String {
        Redacted::new(text).text().to_owned()
    }

    #[test]
    fn hides_what_people_write_in_place_of_a_secret() {
        for text in [
            "bind-password = \"hunter2\"",
            "bind-password = 'hunter2' # the hunter2 of the service account",
            "bind-password = hunter2",
            "bind-password = \"hunter2",
            "bind-password = \"hun\"ter2\"",
            "bind-password = \"\"\"\nhunter2\n\"\"\"",
            "bind-pasword = \"hunter2\"",
            "BindPW=\"hunter2\"",
            "[ldap]\nbind-password = { value = \"hunter2\" }",
            "ldap.bind-password = [\"hunter2\"]",
            "[ldap.bind-password]\ntext = \"hunter2\"",
            "ldap = { bind-dn = \"cn=x\", bind-password = \"hunter2\" }",
            "#bind-password = \"hunter2\"",
            "[ldap.write]\nuserPassword = \"hunter2\"",
            "urls = [\"ldaps://cn=x:hunter2@dc1\"]",
            "urls = [\"ldaps://dc1]\nbind-password = \"hunter2\"",
            "filter = \"\"\"(uid=x)\nbind-password = \"hunter2\"\nconnections = 8",
            "[config]\napi-token = \"hunter2\"",
            "[tls]\nkey = \"hunter2\"",
            "[tls]\nkey = \"\"\"\n-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n\"\"\"",
            "[tls]\nkye = \"\"\n-----BEGIN RSA PRIVATE KEY-----\nhunter2\nhunter2\n",
            "[callers.portal]\nt[oken-sha256 = [\"pct_hunter2hunter2\"]",
            "# pct_hunter2-hunter2_",
        ] {
            let shown = shown(text);
            assert!(!shown.contains("hunter") && !shown.contains("ter2"), "{text}\n{shown}");
            assert!(shown.contains(MASK), "{text}\n{shown}");
        }
    }

    #[test]
    fn leaves_everything_else() {
        for text in [
            "bind-password = { file = \"/run/hunter2\" }",
            "bind-password = { env = \"BIND\" } # comment",
            "[ldap.bind-password]\nfile = \"/run/x\"",
            "[ldap.write]\nuserPassword = \"password\" # in hand\npwdReset = [\"TRUE\"]",
            "ldap.write.unicodePwd = \"password\"",
            "[reveal]\npasswords = [\"nwe\"]",
            "[tls]\nkey = { file = \"server.key\" }\ncertificate = \"server.pem\"",
            "[keys]\noverlap = \"7d\" # -----BEGIN CERTIFICATE-----",
            "set-password = \"yes\"\nconnections = 8",
            "# the password in hand\naccounts = [\"*@corp.example\"]",
        ] {
            assert_eq!(shown(text), text);
        }
    }

    #[test]
    fn control_characters_do_not_reach_a_terminal() {
        assert_eq!(shown("plugin = \"\u{1b}[2Jx\u{9b}\"\r\n\ta\rb"), "plugin = \"?[2Jx??\"\r\n\ta?b");
    }

    #[test]
    fn positions_follow_the_text() {
        let text = "bind-password = \"hunter2\"\nplugin = \"x\"";
        let redacted = Redacted::new(text);
        let of = |part: &str| text.find(part).map(|at| redacted.range(&(at..at + part.len()))).unwrap();
        assert_eq!(&redacted.text()[of("plugin")], "plugin");
        assert_eq!(&redacted.text()[of("\"hunter2\"")], MASK);
        assert_eq!(&redacted.text()[of("unter")], MASK);
        assert_eq!(&redacted.text()[of("bind-password = \"hun")], "bind-password = ***");
    }

    proptest! {
        #[test]
        fn any_text_and_any_range_are_taken(text in "(?s)[\\[\\]{}='\"#a-c\n\\.,é ]{0,60}|.{0,40}", a in 0..80_usize, b in 0..80_usize) {
            let redacted = Redacted::new(&text);
            let range = redacted.range(&(a..b));
            prop_assert!(redacted.text().get(range).is_some());
        }

        #[test]
        fn a_secret_in_quotes_never_shows(secret in "[A-Z]{3}[ -~&&[^\"\\\\]]{0,12}") {
            let text = format!("[ldap]\nurls = []\nbind-password = \"{secret}\"\nconnections = 8\n");
            prop_assert!(!shown(&text).contains(&secret));
        }
    }
}
