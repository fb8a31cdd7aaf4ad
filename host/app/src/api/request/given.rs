//! A text of a JSON document that nobody else may keep: taken out of the request's own buffer into one that is erased.
//!
//! A JSON library copies a text with an escape in it into a buffer of its own, and puts a value of the wrong type into the
//! words of its error. Neither is erased. So the values that may hold a password are kept as they stand in the request,
//! and read here.

use serde_json::value::RawValue;
use zeroize::Zeroizing;

/// The text that a JSON value is; nothing for a value of another type, and for half of a surrogate pair (RFC 8259
/// section 8.2). The value was found to be well-formed JSON before.
pub(super) fn text(raw: &RawValue) -> Option<Zeroizing<String>> {
    let inner = raw.get().strip_prefix('"')?.strip_suffix('"')?;
    // The text is never longer than what stands for it: the buffer does not grow.
    let mut text = Zeroizing::new(String::with_capacity(inner.len()));
    let mut rest = inner;
    while let Some((plain, escape)) = rest.split_once('\\') {
        text.push_str(plain);
        let (c, after) = unescape(escape)?;
        text.push(c);
        rest = after;
    }
    text.push_str(rest);
    Some(text)
}

/// The character that an escape stands for, and what comes after it.
fn unescape(escape: &str) -> Option<(char, &str)> {
    let (kind, rest) = escape.split_at_checked(1)?;
    let c = match kind {
        "\"" | "\\" | "/" => kind.chars().next()?,
        "b" => '\u{8}',
        "f" => '\u{c}',
        "n" => '\n',
        "r" => '\r',
        "t" => '\t',
        "u" => {
            let (high, rest) = unit(rest)?;
            let Some(low) = rest.strip_prefix("\\u").filter(|_| (0xd800..0xdc00).contains(&high)) else {
                return Some((char::from_u32(high)?, rest));
            };
            let (low, rest) = unit(low)?;
            let low = low.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
            return Some((char::from_u32(0x10000 + ((high - 0xd800) << 10) + low)?, rest));
        }
        _ => return None,
    };
    Some((c, rest))
}

fn unit(text: &str) -> Option<(u32, &str)> {
    let (digits, rest) = text.split_at_checked(4)?;
    let hexadecimal = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    Some((hexadecimal.then(|| u32::from_str_radix(digits, 16).ok()).flatten()?, rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(json: &str) -> Option<String> {
        let raw: &RawValue = serde_json::from_str(json).ok()?;
        text(raw).map(|text| text.to_string())
    }

    #[test]
    fn what_is_no_text_is_none() {
        for json in
            ["1", "null", "{}", "[\"a\"]", "true", r#""\ud800""#, r#""\ud800x""#, r#""\udc00""#, r#""\ud800\u0041""#]
        {
            assert_eq!(read(json), None, "{json}");
        }
    }

    #[test]
    fn escapes_are_read() {
        assert_eq!(read(r#""a\"b\\c\/d\u00e9\ud83d\ude00\n""#).as_deref(), Some("a\"b\\c/dé😀\n"));
        assert_eq!(read(r#" "" "#).as_deref(), Some(""));
    }

    proptest! {
        #[test]
        fn every_text_is_read_as_the_library_reads_it(text in any::<String>()) {
            let written = serde_json::to_string(&text).unwrap();
            prop_assert_eq!(read(&written), Some(text.clone()));
            let ascii: String = text.encode_utf16().map(|unit| format!("\\u{unit:04X}")).collect();
            prop_assert_eq!(read(&format!("\"{ascii}\"")), Some(text));
        }

        #[test]
        fn what_the_library_refuses_is_refused(inner in r#"(\\[\\"/bfnrtu]?|[0-9a-dD]|x){0,12}"#) {
            let json = format!("\"{inner}\"");
            prop_assert_eq!(read(&json), serde_json::from_str::<String>(&json).ok());
        }
    }
}
