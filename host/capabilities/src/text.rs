//! Texts that come from outside: cut, stripped of control characters, and without the passwords of the operation.

use std::sync::Arc;

use portcullis_model::{Password, misleads};

/// What stands in the place of a text that held a password.
pub(crate) const WITHHELD: &str = "(withheld: the text held a password of this operation)";

/// One line without control characters, at most `most` bytes.
pub(crate) fn one_line(text: &str, most: usize) -> String {
    let mut line = String::with_capacity(text.len().min(most));
    for c in text.chars() {
        let shown = if misleads(c) { ' ' } else { c };
        if line.len() + shown.len_utf8() > most {
            line.push('…');
            break;
        }
        line.push(shown);
    }
    line.truncate(line.trim_end().len());
    line
}

/// [`one_line`] of a text of the host's own making, which is one already in nearly every case.
pub(crate) fn as_one_line(text: String, most: usize) -> String {
    let is_one = text.len() <= most && !text.ends_with(' ') && text.bytes().all(|b| matches!(b, b' '..=b'~'));
    if is_one { text } else { one_line(&text, most) }
}

/// One line for people to read: without the passwords of the operation, without control characters, at most `most`
/// bytes. The passwords are looked for in the whole text, since cutting or cleaning it could leave half of one, and in
/// the line, since cleaning a text could make one.
#[must_use]
pub fn clean(text: &str, most: usize, secrets: &[Arc<Password>]) -> String {
    if holds(text, secrets) {
        return withheld(text, secrets);
    }
    let line = one_line(text, most);
    if line == text { line } else { without_secrets(line, secrets) }
}

/// The text, or [`WITHHELD`] if it holds one of the passwords. A leading error code of eight hexadecimal digits (as
/// Active Directory puts it) stays: it classifies the refusal and holds nothing of the password's making.
pub(crate) fn without_secrets(text: String, secrets: &[Arc<Password>]) -> String {
    if holds(&text, secrets) { withheld(&text, secrets) } else { text }
}

fn withheld(text: &str, secrets: &[Arc<Password>]) -> String {
    match text.get(..8) {
        Some(code) if code.bytes().all(|b| b.is_ascii_hexdigit()) && !holds(code, secrets) => {
            format!("{code}: {WITHHELD}")
        }
        _ => WITHHELD.to_owned(),
    }
}

pub(crate) fn holds(text: &str, secrets: &[Arc<Password>]) -> bool {
    secrets.iter().any(|secret| secret.occurs_in(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(text: &str) -> Vec<Arc<Password>> {
        vec![Arc::new(Password::new(text.to_owned()).unwrap())]
    }

    #[test]
    fn a_text_with_the_password_is_withheld() {
        assert_eq!(without_secrets("bad value hunter22".into(), &secrets("hunter22")), WITHHELD);
        assert_eq!(without_secrets("all well".into(), &secrets("hunter22")), "all well");
        let kept = without_secrets("0000052D: value hunter22 refused".into(), &secrets("hunter22"));
        assert_eq!(kept, format!("0000052D: {WITHHELD}"));
    }

    #[test]
    fn half_a_password_does_not_stay() {
        assert_eq!(clean("xxxxxx hunter22", 10, &secrets("hunter22")), WITHHELD, "cut in the middle");
        assert_eq!(clean("a\u{202e}b-c d", 100, &secrets("a\u{202e}b-c")), WITHHELD, "cleaned in the middle");
        assert_eq!(clean("hun\u{7}er 22", 100, &secrets("hun er 22")), WITHHELD, "made by cleaning");
        assert_eq!(clean("cn;HUNTER22", 100, &secrets("Hunter22")), WITHHELD, "in another case");
        assert_eq!(clean("hun", 100, &secrets("HUN")), "hun", "short ones stand alone, as they are");
        assert_eq!(clean("all\nwell", 6, &secrets("hunter22")), "all we…");
    }

    #[test]
    fn lines_cannot_be_forged() {
        assert_eq!(one_line("a\n2026-01-01 ERROR root\x1b[31m\u{202e}b", 100), "a 2026-01-01 ERROR root [31m b");
        assert_eq!(one_line("a\u{2028}forged\u{2029}b\u{61c}c", 100), "a forged b c");
        assert_eq!(one_line("ääää", 4), "ää…");
    }
}
