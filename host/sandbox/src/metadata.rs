//! What a plugin's maker wrote beside the code. Nothing is decided by it: anybody can write anything there.

use crate::words::misleads;

/// The longest version that is shown, in characters.
const LONGEST: usize = 64;

/// The text of the custom section `version`, which tools write for the OCI annotation
/// `org.opencontainers.image.version`. Nothing if there is none, or if it is no single line of text.
pub(crate) fn version(component: &[u8]) -> Option<String> {
    // The preamble is eight bytes (component model, binary format); then come sections: an id, a size, the content.
    let mut rest = component.get(8..)?;
    while let Some((id, after)) = rest.split_first() {
        let (content, after) = sized(after)?;
        rest = after;
        if *id == 0
            && let Some((b"version", text)) = sized(content)
        {
            let text = std::str::from_utf8(text).ok()?.trim();
            let fits = !text.is_empty() && text.chars().count() <= LONGEST && !text.contains(misleads);
            return fits.then(|| text.to_owned());
        }
    }
    None
}

/// What a size in LEB128 stands before, and what follows it.
fn sized(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut size = 0_u64;
    // A size has 32 bits, which are five bytes of seven.
    for (at, byte) in bytes.iter().enumerate().take(5) {
        size |= u64::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return bytes.get(at + 1..)?.split_at_checked(usize::try_from(size).ok()?);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An empty component with custom sections; their sizes take two bytes where that is needed.
    fn component(sections: &[(&str, &[u8])]) -> Vec<u8> {
        let size = |bytes: usize| match u8::try_from(bytes).unwrap() {
            small @ 0..=0x7f => vec![small],
            large => vec![large, 1],
        };
        let mut bytes = b"\0asm\x0d\0\x01\0".to_vec();
        for (name, content) in sections {
            let body = [&size(name.len())[..], name.as_bytes(), content].concat();
            bytes.push(0);
            bytes.extend([&size(body.len())[..], &body].concat());
        }
        bytes
    }

    #[test]
    fn none_or_none_that_can_be_shown() {
        let too_long = [b'1'; LONGEST + 1];
        assert_eq!(version(&component(&[])), None);
        assert_eq!(version(&component(&[("name", b"version")])), None);
        for text in [&b""[..], b"1.0\x1b[2J", b"1\n2", b"\xff", &too_long] {
            assert_eq!(version(&component(&[("version", text)])), None, "{text:?}");
        }
    }

    #[test]
    fn what_is_cut_off_or_nonsense_has_none() {
        let whole = component(&[("producers", &[7; 150]), ("version", b"1.2.3")]);
        for length in 0..whole.len() {
            assert_eq!(version(&whole[..length]), None, "{length}");
        }
        assert_eq!(version(&[&whole[..8], &[0, 0xff, 0xff, 0xff, 0xff, 0xff, 1]].concat()), None);
        assert_eq!(version(&[&whole[..8], &[0, 0xff, 0xff, 0xff, 0xff, 0x0f, 1]].concat()), None);
    }

    #[test]
    fn what_its_maker_wrote() {
        assert_eq!(version(&component(&[("producers", &[7; 150]), ("version", b"1.2.3")])).unwrap(), "1.2.3");
        assert_eq!(version(&component(&[("version", b" 2026-11-23 \n")])).unwrap(), "2026-11-23");
    }
}
