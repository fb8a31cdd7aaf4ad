//! Whether bytes hold a password in one of its encodings: in UTF-8 or UTF-16 as it is, as a program quotes it, as
//! hexadecimal digits, as a list of numbers, or in Base64; with escapes, too. ASCII letters count in either case:
//! servers change it.
//!
//! Each form is made where it is looked for and erased after.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use zeroize::Zeroizing;

use super::{Bytes, Text, holds};

/// For a secret of at least four bytes.
pub(super) fn occurs(secret: &str, bytes: &[u8]) -> bool {
    let forms = Forms::of(secret);
    forms.stand_in(bytes) || unescaped(bytes).is_some_and(|plain| forms.stand_in(&plain))
}

/// What a password looks like, in lower case.
struct Forms {
    plain: Vec<Bytes>,
    hexadecimal: Vec<Bytes>,
    numbers: Vec<Bytes>,
    base64: Vec<Bytes>,
}

impl Forms {
    fn of(secret: &str) -> Self {
        let coded = [
            Zeroizing::new(secret.as_bytes().to_vec()),
            wide(secret, u16::to_le_bytes),
            wide(secret, u16::to_be_bytes),
        ];
        let mut forms = Self {
            plain: coded.iter().map(|bytes| lower(bytes)).chain([lower(quoted(secret).as_bytes())]).collect(),
            hexadecimal: coded.iter().map(|bytes| hexadecimal(bytes)).collect(),
            numbers: coded.iter().map(|bytes| decimal(bytes)).collect(),
            base64: Vec::new(),
        };
        for bytes in &coded {
            forms.base64.extend((0..3).map(|offset| base64_within(bytes, offset)));
        }
        forms
    }

    fn stand_in(&self, bytes: &[u8]) -> bool {
        let any = |forms: &[Bytes], bytes: &[u8]| forms.iter().any(|form| holds(bytes, form));
        let lower = lower(bytes);
        any(&self.plain, &lower)
            || any(&self.hexadecimal, &lower)
            || any(&self.hexadecimal, &digits_alone(&lower))
            || any(&self.numbers, &numbers_alone(&lower))
            || any(&self.base64, &base64_alone(&lower))
    }
}

fn lower(bytes: &[u8]) -> Bytes {
    let mut lower = Zeroizing::new(bytes.to_vec());
    lower.make_ascii_lowercase();
    lower
}

fn wide(secret: &str, order: fn(u16) -> [u8; 2]) -> Bytes {
    let mut bytes = Zeroizing::new(Vec::with_capacity(2 * secret.len()));
    secret.encode_utf16().for_each(|unit| bytes.extend_from_slice(&order(unit)));
    bytes
}

/// As Rust and many others write it between quotes.
fn quoted(secret: &str) -> Text {
    // The longest is `\u{10ffff}`: growing would leave a copy behind.
    let mut quoted = Zeroizing::new(String::with_capacity(10 * secret.len()));
    quoted.extend(secret.escape_debug());
    quoted
}

fn hexadecimal(bytes: &[u8]) -> Bytes {
    let mut digits = Zeroizing::new(Vec::with_capacity(2 * bytes.len()));
    for byte in bytes {
        digits.extend([byte >> 4, byte & 15].map(|digit| b"0123456789abcdef"[usize::from(digit)]));
    }
    digits
}

/// `72,117,110`.
fn decimal(bytes: &[u8]) -> Bytes {
    let mut list = Zeroizing::new(Vec::with_capacity(4 * bytes.len()));
    for byte in bytes {
        if !list.is_empty() {
            list.push(b',');
        }
        let digits = [byte / 100, byte / 10 % 10, byte % 10];
        let leading = digits.iter().take(2).take_while(|digit| **digit == 0).count();
        list.extend(digits.iter().skip(leading).map(|digit| b'0' + digit));
    }
    list
}

/// The letters that stand for these bytes and for nothing else, where `offset` bytes come before them; in lower case.
fn base64_within(bytes: &[u8], offset: usize) -> Bytes {
    let mut padded: Bytes = Zeroizing::new(Vec::with_capacity(offset + bytes.len()));
    padded.resize(offset, 0);
    padded.extend_from_slice(bytes);
    let whole = Zeroizing::new(STANDARD_NO_PAD.encode(padded.as_slice()));
    let (from, to) = ((8 * offset).div_ceil(6), 8 * padded.len() / 6);
    lower(whole.as_bytes().get(from..to).unwrap_or(whole.as_bytes()))
}

/// Letters and digits without what stands between them, `0x` and `\x` included.
fn digits_alone(lower: &[u8]) -> Bytes {
    let mut digits = Zeroizing::new(Vec::with_capacity(lower.len()));
    let mut rest = lower;
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        if let (b'0' | b'\\', [b'x', after @ ..]) = (first, after) {
            rest = after;
        } else if first.is_ascii_alphanumeric() {
            digits.push(first);
        }
    }
    digits
}

/// Numbers with one comma in between, whatever stood there.
fn numbers_alone(bytes: &[u8]) -> Bytes {
    let mut numbers = Zeroizing::new(Vec::with_capacity(bytes.len()));
    for byte in bytes {
        if byte.is_ascii_digit() {
            numbers.push(*byte);
        } else if numbers.last().is_some_and(u8::is_ascii_digit) {
            numbers.push(b',');
        }
    }
    numbers
}

/// Without white space and whatever else is no letter of Base64 in any case; the URL-safe letters as the others.
fn base64_alone(lower: &[u8]) -> Bytes {
    let mut letters = Zeroizing::new(Vec::with_capacity(lower.len()));
    letters.extend(lower.iter().filter(|byte| byte.is_ascii_graphic()).map(|byte| match byte {
        b'-' => b'+',
        b'_' => b'/',
        other => *other,
    }));
    letters
}

/// Bytes in which `\xx` is a byte and `\,` is a comma (RFC 4514 section 2.4, RFC 4515 section 3); nothing if there is
/// no such escape.
fn unescaped(bytes: &[u8]) -> Option<Bytes> {
    if !bytes.contains(&b'\\') {
        return None;
    }
    let mut plain = Zeroizing::new(Vec::with_capacity(bytes.len()));
    let mut rest = bytes;
    while let Some((&first, after)) = rest.split_first() {
        let (byte, after) = match (first, after) {
            (b'\\', [high, low, after @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                ((digit(*high) << 4) | digit(*low), after)
            }
            (b'\\', [escaped, after @ ..]) => (*escaped, after),
            _ => (first, after),
        };
        plain.push(byte);
        rest = after;
    }
    Some(plain)
}

/// Of a hexadecimal digit.
fn digit(letter: u8) -> u8 {
    char::from(letter).to_digit(16).and_then(|digit| u8::try_from(digit).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "Tr0ub4dor, \"caf\u{e9}\"+4";

    fn list(bytes: &[u8], between: &str) -> String {
        bytes.iter().map(u8::to_string).collect::<Vec<_>>().join(between)
    }

    #[test]
    fn as_a_program_or_a_name_writes_it() {
        let wide: Vec<u8> = SECRET.encode_utf16().flat_map(u16::to_le_bytes).collect();
        for text in [
            format!("{SECRET:?}"),
            format!("{:?}", SECRET.as_bytes()),
            list(&wide, ", "),
            list(SECRET.as_bytes(), " "),
            format!("cn={},dc=example", SECRET.replace(',', "\\,").replace('"', "\\\"").replace('+', "\\+")),
            format!("(cn={})", SECRET.replace('\u{e9}', "\\c3\\A9")),
            STANDARD_NO_PAD.encode(SECRET).to_lowercase(),
            STANDARD_NO_PAD.encode(SECRET).replace('/', "\\/"),
        ] {
            assert!(occurs(SECRET, text.as_bytes()), "{text:?}");
        }
        let unseen = "Tr0ub4dor\u{200b}";
        assert!(occurs(unseen, format!("{unseen:?}").as_bytes()));
        assert!(occurs("abcp", b"61626370x"), "no prefix of a number");
        assert!(!occurs(SECRET, b"84, 114, 48, 117, 98, 52, 100"), "the beginning of it");
        assert!(!occurs("abcd", b"979899100"), "one number");
    }

    #[test]
    fn in_what_is_no_text() {
        for order in [u16::to_le_bytes, u16::to_be_bytes] {
            let wide = wide(SECRET, order);
            assert!(occurs(SECRET, &[b"\xff\xfe", wide.as_slice(), b"\xff"].concat()), "{wide:?}");
        }
        assert!(occurs(SECRET, &[b"\xff", SECRET.to_ascii_uppercase().as_bytes(), b"\xff"].concat()));
        assert!(!occurs(SECRET, &[0xff; 64]));
    }
}
