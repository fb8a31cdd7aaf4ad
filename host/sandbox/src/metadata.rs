//! What a plugin's maker wrote beside the code. Nothing is decided by it: anybody can write anything there.

use std::collections::BTreeSet;

use portcullis_model::misleads;

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

/// A tool that made a plugin, as the tool says (tool-conventions, ProducersSection.md).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Producer {
    /// `language`, `processed-by` or `sdk`.
    pub field: String,
    /// The tool or the language.
    pub name: String,
    /// Its version; may be empty.
    pub version: String,
}

/// How many producers are kept, and how deep they are looked for: components hold components and core modules.
const MOST_PRODUCERS: usize = 64;
const DEEPEST: usize = 8;

/// Every producer that the custom sections `producers` name, of the component and of what is inside, sorted and each
/// once. What cannot be shown, or is no such section, is left out.
pub(crate) fn producers(component: &[u8]) -> Vec<Producer> {
    let mut found = BTreeSet::new();
    collect(component, 0, &mut found);
    found.into_iter().collect()
}

fn collect(binary: &[u8], depth: usize, found: &mut BTreeSet<Producer>) {
    let is_component = binary.get(4..8) == Some(&[0x0d, 0, 1, 0]);
    let mut rest = binary.get(8..).unwrap_or_default();
    while let Some((id, after)) = rest.split_first() {
        let Some((content, after)) = sized(after) else { return };
        rest = after;
        match (id, sized(content)) {
            (0, Some((b"producers", fields))) => {
                fields_of(fields, found);
            }
            // Sections 1 and 4 of a component are a core module and a component; those of a module are something else.
            (1 | 4, _) if is_component && depth < DEEPEST => collect(content, depth + 1, found),
            _ => {}
        }
    }
}

fn fields_of(bytes: &[u8], found: &mut BTreeSet<Producer>) -> Option<()> {
    let (fields, mut rest) = number(bytes)?;
    for _ in 0..fields {
        let (field, after) = sized(rest)?;
        let (values, mut after) = number(after)?;
        for _ in 0..values {
            let (name, next) = sized(after)?;
            let (version, next) = sized(next)?;
            after = next;
            let text = |bytes: &[u8]| {
                let text = std::str::from_utf8(bytes).ok()?;
                (text.chars().count() <= LONGEST && !text.contains(misleads)).then(|| text.to_owned())
            };
            if found.len() >= MOST_PRODUCERS {
                return None;
            }
            if let (Some(field), Some(name), Some(version)) = (text(field), text(name), text(version)) {
                found.insert(Producer { field, name, version });
            }
        }
        rest = after;
    }
    Some(())
}

/// What a size in LEB128 stands before, and what follows it.
fn sized(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (size, rest) = number(bytes)?;
    rest.split_at_checked(usize::try_from(size).ok()?)
}

/// A number in LEB128, and what follows it.
fn number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut number = 0_u64;
    // It has 32 bits, which are five bytes of seven.
    for (at, byte) in bytes.iter().enumerate().take(5) {
        number |= u64::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Some((number, bytes.get(at + 1..)?));
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

    /// One field with one value.
    fn field(field: &str, name: &str, version: &str) -> Vec<u8> {
        let text = |text: &str| [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
        [vec![1], text(field), vec![1], text(name), text(version)].concat()
    }

    #[test]
    fn producers_of_it_and_of_what_is_inside() {
        let tool = component(&[("producers", &field("processed-by", "wit-component", "0.258.0"))]);
        let mut module = component(&[("producers", &field("language", "Rust", ""))]);
        module[4..8].copy_from_slice(&[1, 0, 0, 0]);
        let inner = [&tool[..], &[1, u8::try_from(module.len()).unwrap()], &module].concat();
        let outer = [&tool[..8], &[4, u8::try_from(inner.len()).unwrap()], &inner].concat();
        let found: Vec<String> =
            producers(&outer).into_iter().map(|p| format!("{} {} {}", p.field, p.name, p.version)).collect();
        assert_eq!(found, ["language Rust ", "processed-by wit-component 0.258.0"]);
    }

    #[test]
    fn no_producers_in_nonsense() {
        let whole = component(&[("producers", &field("processed-by", "rustc", "1.95"))]);
        for length in 0..whole.len() {
            assert_eq!(producers(&whole[..length]), [], "{length}");
        }
        assert_eq!(producers(&component(&[("producers", &field("sdk", "a\x1b[2J", ""))])), []);
        assert_eq!(producers(&component(&[("producers", &[0xff, 0xff, 0xff, 0xff, 0x0f])])), []);
        let whole = component(&[("producers", &field("sdk", "a", ""))]);
        let mut deep = whole.clone();
        for _ in 0..DEEPEST {
            deep = [&whole[..8], &[4, u8::try_from(deep.len()).unwrap()], &deep].concat();
        }
        assert_eq!(producers(&deep).len(), 1);
        deep = [&whole[..8], &[4, u8::try_from(deep.len()).unwrap()], &deep].concat();
        assert_eq!(producers(&deep), []);
    }
}
