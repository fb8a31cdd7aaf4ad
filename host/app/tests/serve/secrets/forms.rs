//! The forms in which a password may lie in memory or stand in a file, and the search for any of them.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// So many bytes of a password in a row are a find: what was freed is often overwritten at its beginning alone.
pub(super) const PART: usize = 12;

/// What is searched for.
pub(crate) struct Forms {
    needles: Vec<(&'static str, Vec<u8>)>,
    /// Which of them begin with these two bytes: in most places none does.
    beginning: Vec<Vec<usize>>,
}

impl Forms {
    /// Of one password of at least two parts, in every form: as text, in UTF-16, quoted or not, in base64 at any place,
    /// in hexadecimal, and as JSON escapes it.
    pub(crate) fn of(secret: &str) -> Self {
        assert!(secret.len() >= 2 * PART && secret.is_ascii(), "a canary is long, and chance never writes it");
        let utf16: Vec<u8> = secret.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let mut whole = vec![("text", secret.as_bytes().to_vec()), ("UTF-16", utf16.clone())];
        let json = serde_json::to_string(secret).unwrap();
        whole.push(("JSON", json.trim_matches('"').as_bytes().to_vec()));
        for bytes in [secret.as_bytes(), &utf16] {
            whole.push(("hexadecimal", hex(bytes).into_bytes()));
            whole.push(("hexadecimal", hex(bytes).to_uppercase().into_bytes()));
            for before in 0..3 {
                whole.push(("base64", base64(&STANDARD_NO_PAD, bytes, before)));
                whole.push(("base64", base64(&URL_SAFE_NO_PAD, bytes, before)));
            }
        }
        let mut needles: Vec<(&str, Vec<u8>)> = Vec::new();
        for (form, bytes) in whole {
            let size = if form == "text" || form == "JSON" { PART } else { 2 * PART };
            for part in bytes.chunks_exact(size) {
                if needles.iter().all(|(_, known)| known != part) {
                    needles.push((form, part.to_vec()));
                }
            }
        }
        Self::from(needles)
    }

    /// Of a shorter one, whole and as text alone.
    pub(crate) fn short(secret: &str) -> Self {
        Self::from(vec![("text", secret.as_bytes().to_vec())])
    }

    fn from(needles: Vec<(&'static str, Vec<u8>)>) -> Self {
        let mut beginning = vec![Vec::new(); 1 << 16];
        for (index, (_, needle)) in needles.iter().enumerate() {
            beginning[usize::from(u16::from_le_bytes([needle[0], needle[1]]))].push(index);
        }
        Self { needles, beginning }
    }

    /// Of several at once.
    pub(crate) fn of_all(secrets: &[String]) -> Self {
        Self::from(secrets.iter().flat_map(|secret| Self::of(secret).needles).collect())
    }

    /// Where parts of it begin, each with its form.
    pub(crate) fn find(&self, bytes: &[u8]) -> Vec<(&'static str, usize)> {
        let mut found = Vec::new();
        for (at, two) in bytes.windows(2).enumerate() {
            let candidates = &self.beginning[usize::from(u16::from_le_bytes([two[0], two[1]]))];
            if candidates.is_empty() {
                continue;
            }
            let needle = |index: &usize| self.needles.get(*index).filter(|(_, needle)| bytes[at..].starts_with(needle));
            found.extend(candidates.iter().find_map(needle).map(|(form, _)| (*form, at)));
        }
        found
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The characters that are the same whatever stands before and after, with so many bytes before.
fn base64(engine: &impl base64::Engine, bytes: &[u8], before: usize) -> Vec<u8> {
    let encoded = engine.encode([&vec![0; before], bytes].concat());
    encoded.as_bytes()[(before * 8).div_ceil(6)..(before + bytes.len()) * 8 / 6].to_vec()
}

#[test]
fn every_form_is_found_and_a_part_is_enough() {
    let secret = "Kanarie \"7f31\" \\ singt-Tag&Nacht-8c5d";
    let forms = Forms::of(secret);
    let utf16: Vec<u8> = secret.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let quoted = [&b"\"\0"[..], &utf16, b"\"\0"].concat();
    for (form, text) in [
        ("text", secret.as_bytes().to_vec()),
        ("text", secret.as_bytes()[secret.len() - PART - 2..].to_vec()),
        ("JSON", serde_json::to_vec(secret).unwrap()),
        ("UTF-16", quoted.clone()),
        ("base64", STANDARD_NO_PAD.encode([b"ab", secret.as_bytes()].concat()).into_bytes()),
        ("base64", STANDARD_NO_PAD.encode(&quoted).into_bytes()),
        ("hexadecimal", hex(secret.as_bytes()).into_bytes()),
        ("hexadecimal", hex(&utf16).into_bytes()),
    ] {
        let found = forms.find(&[b"before", &text[..], b"after"].concat());
        assert!(found.iter().any(|(found, _)| *found == form), "{form}: {found:?}");
    }
    assert_eq!(forms.find(b"before Kanarie \"7f and nothing else of it"), []);
}
