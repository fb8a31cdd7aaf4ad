//! `Idempotency-Key`: by it a caller repeats a request without having it done twice.

use axum::http::{HeaderMap, HeaderName};

use crate::api::problem::Problem;

/// The header.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The longest key, in characters.
const LONGEST: usize = 255;

/// The key of a request: 1 to 255 visible ASCII characters, taken as they are.
///
/// # Errors
/// A problem for any other value, and for two of them: one that was ignored would let an operation be done twice.
pub fn key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut values = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let bytes = value.as_bytes();
    if values.next().is_some() || bytes.is_empty() || bytes.len() > LONGEST || !bytes.iter().all(u8::is_ascii_graphic) {
        return Err(Problem::malformed("`Idempotency-Key` is one value of 1 to 255 visible ASCII characters."));
    }
    Ok(value.to_str().ok().map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn of(values: &[&[u8]]) -> Result<Option<String>, ()> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(IDEMPOTENCY_KEY, HeaderValue::from_bytes(value).unwrap());
        }
        key(&headers).map_err(|_| ())
    }

    #[test]
    fn only_one_visible_key_of_some_length_is_taken() {
        for bad in [&[b"".as_slice()][..], &[b"a b"], &["ü".as_bytes()], &[&[b'a'; 256]], &[b"a", b"a"]] {
            assert_eq!(of(bad), Err(()), "{bad:?}");
        }
        assert_eq!(of(&[]), Ok(None));
        assert_eq!(of(&[b"\"8e03978e-40d5\""]), Ok(Some("\"8e03978e-40d5\"".to_owned())));
        assert_eq!(of(&[&[b'~'; 255]]).unwrap().unwrap().len(), 255);
    }
}
