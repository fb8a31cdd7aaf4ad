//! Whether a text or a value that came from outside holds a password, in one of the forms in which servers and plugins
//! repeat what they were sent: as it is, in another case, backwards, quoted, escaped, spelled out, in one of its
//! [encodings](encoded), or a good part of it.
//!
//! This never finds a password that somebody hides on purpose, with a cipher of his own: a server that was sent one can
//! do with it what it likes. Everything that is made of the password here is erased.

mod encoded;

use zeroize::Zeroizing;

/// Shorter than this, letters and digits that belong together are found in texts by chance.
const SPELLED_OUT: usize = 6;
/// The shortest part of a password that gives it away, and the shortest one of words.
const PART: usize = 6;
const WORDS: usize = 12;

/// What is longer, in bytes, is taken to hold it: looking at it would hold up everybody else.
const LONGEST: usize = 16 << 10;

type Text = Zeroizing<String>;
type Bytes = Zeroizing<Vec<u8>>;

/// For a secret of at least four bytes.
pub(super) fn occurs(secret: &str, bytes: &[u8]) -> bool {
    if bytes.len() > LONGEST {
        return true;
    }
    // What is shorter than the shortest part holds neither the password nor a part of it.
    if bytes.len() < PART.min(secret.len()) {
        return false;
    }
    let (folded, plain) = (lower(&legible(bytes)), lower(secret));
    // Without an escape it is the folded text once more.
    let unescaped = folded.bytes().any(|byte| matches!(byte, b'%' | b'\\')).then(|| unescaped(&folded));
    let written = || std::iter::once(&folded).chain(&unescaped);
    written().any(|text| holds(text, &plain) || part_of(&plain, text))
        || written().filter(|text| text.chars().any(is_unseen)).any(|text| holds(without_control(text), &plain))
        || holds(&folded, reversed(&plain))
        || spelled_out(written(), &plain)
        || encoded::occurs(secret, bytes)
}

/// As `str::contains`, which leaves pieces of what it looks for on the stack.
pub(super) fn holds(text: impl AsRef<[u8]>, part: impl AsRef<[u8]>) -> bool {
    let (text, part) = (text.as_ref(), part.as_ref());
    let Some(first) = part.first() else { return true };
    text.windows(part.len()).any(|window| window.first() == Some(first) && window == part)
}

/// With anything in between but letters and digits, forwards or backwards.
fn spelled_out<'a>(mut written: impl Iterator<Item = &'a Text>, plain: &str) -> bool {
    let bare = letters_and_digits(plain);
    if bare.len() < SPELLED_OUT {
        return false;
    }
    let backwards = reversed(&bare);
    written.any(|text| {
        let text = letters_and_digits(text);
        holds(&text, &bare) || holds(&text, &backwards)
    })
}

/// A third of it if that is no mere words, and half of it if it is some: servers say `password` by themselves.
fn part_of(plain: &str, text: &str) -> bool {
    let length = plain.chars().count();
    let holds_run = |length: usize, gives_away: fn(&str) -> bool| {
        runs(plain, length).any(|run| gives_away(run) && holds(text, run))
    };
    holds_run(length.div_ceil(3).max(PART), |run| run.contains(|c: char| !c.is_alphabetic() && c != ' '))
        || holds_run(length.div_ceil(2).max(WORDS), |run| run.contains(' '))
}

/// Each `length` characters in a row.
fn runs(text: &str, length: usize) -> impl Iterator<Item = &str> {
    let starts = text.char_indices().map(|(at, _)| at);
    let ends = text.char_indices().map(|(at, c)| at + c.len_utf8()).skip(length.saturating_sub(1));
    starts.zip(ends).map(|(from, to)| &text[from..to])
}

/// What is text in these bytes, with a mark in the place of each part that is none.
fn legible(bytes: &[u8]) -> Text {
    let mut text = Zeroizing::new(String::with_capacity(3 * bytes.len()));
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        if !chunk.invalid().is_empty() {
            text.push(char::REPLACEMENT_CHARACTER);
        }
    }
    text
}

fn lower(text: &str) -> Text {
    // No letter's lower case takes more than three times its bytes: growing would leave a copy behind.
    let mut folded = Zeroizing::new(String::with_capacity(3 * text.len()));
    folded.extend(text.chars().flat_map(char::to_lowercase));
    folded
}

fn reversed(text: &str) -> Text {
    let mut backwards = Zeroizing::new(String::with_capacity(text.len()));
    backwards.extend(text.chars().rev());
    backwards
}

fn letters_and_digits(text: &str) -> Text {
    let mut kept = Zeroizing::new(String::with_capacity(text.len()));
    kept.extend(text.chars().filter(|c| c.is_alphanumeric()));
    kept
}

fn without_control(text: &str) -> Text {
    let mut kept = Zeroizing::new(String::with_capacity(text.len()));
    kept.extend(text.chars().filter(|c| !is_unseen(*c)));
    kept
}

fn is_unseen(c: char) -> bool {
    c.is_control() || c == char::REPLACEMENT_CHARACTER
}

/// `%41`, `\41`, `\x41` and `\u0041` as the letter that they stand for.
fn unescaped(text: &str) -> Text {
    let mut plain = Zeroizing::new(String::with_capacity(text.len()));
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let digits = match c {
            '%' => rest.get(1..3).map(|digits| (digits, 3)),
            '\\' => match rest.as_bytes().get(1) {
                Some(b'x') => rest.get(2..4).map(|digits| (digits, 4)),
                Some(b'u') => rest.get(2..6).map(|digits| (digits, 6)),
                _ => rest.get(1..3).map(|digits| (digits, 3)),
            },
            _ => None,
        };
        let letter =
            digits.filter(|(digits, _)| digits.bytes().all(|b| b.is_ascii_hexdigit())).and_then(|(digits, n)| {
                let letter = char::from_u32(u32::from_str_radix(digits, 16).ok()?)?;
                Some((letter, n))
            });
        let (letter, length) = letter.unwrap_or((c, c.len_utf8()));
        plain.extend(letter.to_lowercase());
        rest = rest.get(length..).unwrap_or_default();
    }
    plain
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;

    const SECRET: &str = "Tr0ub4dor-And-3";

    fn found(text: &str) -> bool {
        occurs(SECRET, text)
    }

    fn occurs(secret: &str, text: &str) -> bool {
        super::occurs(secret, text.as_bytes())
    }

    #[test]
    fn in_every_form_in_which_a_server_repeats_it() {
        let wide: Vec<u8> = SECRET.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let quoted: Vec<u8> = format!("\"{SECRET}\"").encode_utf16().flat_map(u16::to_le_bytes).collect();
        let hex =
            |bytes: &[u8], between: &str| bytes.iter().map(|b| format!("{b:02X}")).collect::<Vec<_>>().join(between);
        let escaped = |start: &str| SECRET.bytes().map(|b| format!("{start}{b:02x}")).collect::<String>();
        let standard = base64::engine::general_purpose::STANDARD;
        for text in [
            format!("bad value {SECRET}"),
            format!("bad value '{}'", SECRET.to_uppercase()),
            SECRET.chars().rev().collect(),
            SECRET.chars().map(|c| format!("{c} ")).collect(),
            SECRET.chars().map(|c| format!("{c}\0")).collect(),
            SECRET.replace('-', "\\-"),
            SECRET.replace('-', "&#45;").replace("&#45;", "%2d"),
            String::from_utf8(wide.clone()).unwrap(),
            hex(SECRET.as_bytes(), ""),
            hex(SECRET.as_bytes(), ":"),
            hex(SECRET.as_bytes(), ", 0x"),
            hex(&quoted, ""),
            escaped("%"),
            escaped("\\"),
            escaped("\\x"),
            escaped("\\u00"),
            standard.encode(SECRET),
            standard.encode(format!("x{SECRET}y")),
            standard.encode(format!("{{SSHA}}{SECRET}")),
            standard.encode(&wide),
            standard.encode(&quoted),
            base64::engine::general_purpose::URL_SAFE.encode(&quoted),
        ] {
            assert!(found(&text), "{text:?}");
        }
    }

    #[test]
    fn a_text_without_an_escape_is_not_changed_by_unescaping() {
        let every: String = (0..=char::MAX as u32).filter_map(char::from_u32).filter(|c| !"%\\".contains(*c)).collect();
        let folded = super::lower(&every);
        assert!(*super::unescaped(&folded) == *folded, "lower case has a lower case of its own");
    }

    #[test]
    fn a_good_part_of_it() {
        assert!(found("value Tr0ub4do is not allowed"));
        assert!(found("the rest is r-and-3"));
        assert!(!found("r-And"), "less than a third");
        assert!(occurs("correct horse battery", "it begins with correct hors"));
        assert!(!occurs("this is not it", "the password is not long enough"));
    }

    #[test]
    fn and_not_where_it_is_not() {
        assert!(!occurs("Password1!", "0000052D: Password fails quality checking policy"), "a word of the server's");
        assert!(!occurs("Correct.Horse.Battery", "the battery is empty"));
        assert!(!found("80090308: LdapErr: DSID-0C09042A, comment: AcceptSecurityContext error, data 52e, v4563"));
        assert!(!occurs("a-b-c-1", "a b c: 1 error"), "four letters and digits are everywhere");
        assert!(!found(""));
    }
}
