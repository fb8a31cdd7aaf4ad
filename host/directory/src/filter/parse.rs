//! From text to [`Filter`]: the limits first, then the parser of `ldap3`, then its BER (RFC 4511 section 4.5.1.7) as a
//! tree of our own.

use ldap3::asn1::{ASNTag as _, PL, StructureTag};

use super::{BadFilter, Filter};

pub(super) fn parse(text: &str) -> Result<Filter, BadFilter> {
    check_shape(text)?;
    let Ok(tag) = ldap3::parse_filter(text) else {
        return Err(BadFilter { at: broken_item(text), problem: "this is not `(attribute=value)` (RFC 4515)" });
    };
    filter(tag.into_structure()).ok_or(BadFilter { at: None, problem: "the filter is not one of RFC 4515" })
}

/// The parser descends into each parenthesis, so the text is measured before it is parsed. Parentheses in values are
/// escaped: each one that is seen here is structure.
fn check_shape(text: &str) -> Result<(), BadFilter> {
    let bad = |at, problem| Err(BadFilter { at: Some(at), problem });
    if text.len() > Filter::MAX_BYTES {
        return bad(Filter::MAX_BYTES, "the filter is longer than 4096 bytes");
    }
    if !text.starts_with('(') {
        return bad(0, "a filter starts with `(`");
    }
    let mut depth = 0_usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' if depth == 0 => return bad(at, "this `)` closes nothing"),
            b')' => depth -= 1,
            _ if depth == 0 => return bad(at, "the filter ends before this"),
            _ => {}
        }
        if depth > Filter::MAX_DEPTH {
            return bad(at, "there are more than 32 parentheses in each other");
        }
    }
    if depth > 0 { bad(text.len(), "a `)` is missing") } else { Ok(()) }
}

/// The parser does not say where it stopped: the first innermost parenthesis that is no filter by itself tells it.
fn broken_item(text: &str) -> Option<usize> {
    let mut open = None;
    for (at, byte) in text.bytes().enumerate() {
        match (byte, open) {
            (b'(', _) => open = Some(at),
            (b')', Some(start)) => {
                if ldap3::parse_filter(&text[start..=at]).is_err() {
                    return Some(start);
                }
                open = None;
            }
            _ => {}
        }
    }
    None
}

fn filter(tag: StructureTag) -> Option<Filter> {
    let id = tag.id;
    let parts = match tag.payload {
        PL::P(attribute) => return (id == 7).then_some(Filter::Present { attribute: text(attribute)? }),
        PL::C(parts) => parts,
    };
    match id {
        0 => parts.into_iter().map(filter).collect::<Option<_>>().map(Filter::And),
        1 => parts.into_iter().map(filter).collect::<Option<_>>().map(Filter::Or),
        2 => {
            let [part] = <[_; 1]>::try_from(parts).ok()?;
            Some(Filter::Not(Box::new(filter(part)?)))
        }
        4 => {
            let [attribute, pieces] = <[_; 2]>::try_from(parts).ok()?;
            substring(text(attribute.expect_primitive()?)?, pieces.expect_constructed()?)
        }
        9 => extensible(parts),
        _ => {
            let [attribute, value] = <[_; 2]>::try_from(parts).ok()?;
            let (attribute, value) = (text(attribute.expect_primitive()?)?, value.expect_primitive()?);
            match id {
                3 => Some(Filter::Equal { attribute, value }),
                5 => Some(Filter::GreaterOrEqual { attribute, value }),
                6 => Some(Filter::LessOrEqual { attribute, value }),
                8 => Some(Filter::Approx { attribute, value }),
                _ => None,
            }
        }
    }
}

fn substring(attribute: String, pieces: Vec<StructureTag>) -> Option<Filter> {
    let (mut initial, mut any, mut last) = (None, Vec::new(), None);
    for piece in pieces {
        let id = piece.id;
        let value = piece.expect_primitive()?;
        match id {
            0 => initial = Some(value),
            1 => any.push(value),
            2 => last = Some(value),
            _ => return None,
        }
    }
    Some(Filter::Substring { attribute, initial, any, last })
}

fn extensible(parts: Vec<StructureTag>) -> Option<Filter> {
    let (mut rule, mut attribute, mut value, mut dn) = (None, None, None, false);
    for part in parts {
        let id = part.id;
        let content = part.expect_primitive()?;
        match id {
            1 => rule = Some(text(content)?),
            2 => attribute = Some(text(content)?),
            3 => value = Some(content),
            4 => dn = content != [0],
            _ => return None,
        }
    }
    Some(Filter::Extensible { rule, attribute, value: value?, dn })
}

fn text(bytes: Vec<u8>) -> Option<String> {
    String::from_utf8(bytes).ok()
}
