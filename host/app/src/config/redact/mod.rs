//! The text of a file as diagnostics show it: without the secrets that somebody wrote into it.
//!
//! A diagnostic prints the line that it is about and the lines around it, and a file that is refused may well hold a
//! password in the clear, or be so broken that it cannot be parsed. So this works on tokens and not on values, and
//! rather hides too much than too little. The length of what is hidden does not show either.

mod find;
mod words;

use std::ops::Range;

use words::Words;

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
    words: Words,
}

impl Redacted {
    /// Hides every secret of a file, and everything that would move the cursor of a terminal.
    pub(super) fn new(original: &str) -> Self {
        let mut secrets = find::secrets(original);
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
            cuts.push(Cut { original: original_range, shown: at..text.len(), words: Words::default() });
        }
        push_printable(&mut text, original.get(done..).unwrap_or_default());
        for cut in &mut cuts {
            cut.words = Words::of(original.get(cut.original.clone()).unwrap_or_default());
        }
        Self { text, cuts }
    }

    /// What may be said of a range of the original: if it is about a secret, without that secret.
    pub(super) fn said(&self, about: &Range<usize>, text: String) -> String {
        let touched = self.cuts.iter().filter(|cut| cut.original.start < about.end && about.start < cut.original.end);
        touched.fold(text, |text, cut| cut.words.hidden(text))
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

    fn said(text: &str, about: &str, message: &str) -> String {
        let at = text.find(about).unwrap();
        Redacted::new(text).said(&(at..at + about.len()), message.to_owned())
    }

    #[test]
    fn a_message_about_a_secret_does_not_repeat_it() {
        let about = |value: &str, message: &str| said(&format!("a = 1\nbind-password = {value} # x\n"), value, message);
        assert_eq!(about("\"hunter2\"", "`hunter2` is not a grant: [\"hunter2\"]"), "`***` is not a grant: [\"***\"]");
        assert_eq!(about("'hunter2hunter2'", "not hunter2hunter2"), "not ***");
        assert_eq!(about("\"h\\u0075nter\\t2\"", "`hunter\\t2` is not a grant"), "`***` is not a grant");
        assert_eq!(about("hunter2", "`hunter2` is not a grant"), "`***` is not a grant");
        assert_eq!(
            about("\"text\"", "`bind-password` takes a source, not a text"),
            "`bind-password` takes a source, not a text"
        );
    }

    #[test]
    fn a_message_about_another_place_is_left_as_it_is() {
        let text = "bind-password = \"ldap\"\nldpa = 1";
        assert_eq!(said(text, "ldpa", "did you mean `ldap`?"), "did you mean `ldap`?");
    }

    proptest! {
        #[test]
        fn no_message_repeats_the_secret_that_it_is_about(secret in "\\PC{1,12}", before in "[^\\PCa-z]{0,5}") {
            let quoted = toml::Value::String(secret.clone()).to_string();
            prop_assume!(secret.chars().any(char::is_alphanumeric) && !matches!(secret.as_str(), "password" | "remove" | "true" | "false"));
            let message = format!("{before}`{}` is not a grant: [\"{}\"]", secret.escape_debug(), secret);
            let said = said(&format!("bind-password = {quoted}\n"), &quoted, &message);
            prop_assert_eq!(said, format!("{before}`***` is not a grant: [\"***\"]"));
        }

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
