//! Distinguished names (RFC 4514): whether two are one, and whether one lies below another.
//!
//! A name that is read has one normal form. Being the same is reflexive and symmetric, two names below each other are
//! the same, and a name lies below a base only if a reader of RFC 4514 that shares no code with the host's says so too.

use portcullis_directory::dn::Dn;

pub(crate) fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (first, second) = text.split_once('\n').unwrap_or((text, "ou=people,dc=example"));
    let (first, second) = (read(first), read(second));
    if let (Some((a, rdns_of_a)), Some((b, rdns_of_b))) = (&first, &second) {
        for (below, base, rdns, rdns_of_base) in [(a, b, rdns_of_a, rdns_of_b), (b, a, rdns_of_b, rdns_of_a)] {
            if let Some(depth) = below.depth_below(base) {
                assert!(below.is_below_or_equal(base));
                let (inner, outer) = rdns.split_at(depth.min(rdns.len()));
                assert_eq!(outer, rdns_of_base, "{below} does not lie below {base}");
                assert_eq!(inner.len(), depth, "{below} does not lie {depth} below {base}");
            } else {
                assert!(!below.is_below_or_equal(base));
            }
        }
        assert_eq!(a.eq(b), b.eq(a));
        let around = a.is_below_or_equal(b) && b.is_below_or_equal(a);
        assert_eq!(a == b, around, "{a} and {b}");
    }
    first.iter().chain(&second).for_each(|(dn, _)| relatives(dn));
}

/// A name as both sides read it.
fn read(text: &str) -> Option<(Dn, Vec<Rdn>)> {
    let dn = Dn::parse(text).ok()?;
    let again = Dn::parse(dn.as_str()).expect("the normal form is a name");
    assert_eq!(again, dn);
    assert_eq!(again.as_str(), dn.as_str(), "{text} has two normal forms");
    let rdns = rdns(text).unwrap_or_else(|| panic!("{text} is not RFC 4514"));
    assert_eq!(Some(&rdns), self::rdns(dn.as_str()).as_ref(), "{text} became {dn}");
    assert_eq!(dn.leaf().len(), rdns[0].len(), "the leaf of {dn}");
    Some((dn, rdns))
}

/// A child lies one below, a sibling does not, and what only ends in the same characters does not either.
fn relatives(dn: &Dn) {
    assert_eq!(dn.depth_below(dn), Some(0), "{dn} is not itself");
    let named = |text: String| Dn::parse(&text).ok();
    let child = named(format!("cn=x,{dn}"));
    let sibling = match dn.parent() {
        Some(parent) => {
            let above = Dn::parse(parent).expect("the name above is a name");
            assert_eq!(dn.depth_below(&above), Some(1));
            assert!(!above.is_below_or_equal(dn));
            // No attribute type of a real name, so never the same.
            named(format!("x-portcullis-fuzz=1,{parent}"))
        }
        None => named("x-portcullis-fuzz=1".to_owned()),
    };
    if let Some(child) = &child {
        assert_eq!(child.depth_below(dn), Some(1), "{child}");
        assert!(!dn.is_below_or_equal(child));
    }
    for other in [&sibling, &named(format!("x{dn}")), &named(format!("cn=x\\,{dn}"))].into_iter().flatten() {
        if other != dn {
            assert!(!other.is_below_or_equal(dn) && !dn.is_below_or_equal(other), "{other} and {dn} are siblings");
        }
    }
}

/// One part of a name: types in lower case with values folded as far as any directory would, in order.
type Rdn = Vec<(String, Vec<u8>)>;

/// RFC 4514 section 3, read by cutting at what is not escaped.
fn rdns(text: &str) -> Option<Vec<Rdn>> {
    cut(text, b',')
        .into_iter()
        .map(|part| {
            let mut pairs = cut(part, b'+').into_iter().map(pair).collect::<Option<Rdn>>()?;
            pairs.sort();
            Some(pairs)
        })
        .collect()
}

fn cut(text: &str, at: u8) -> Vec<&str> {
    let (mut parts, mut start, mut escaped) = (Vec::new(), 0, false);
    for (n, byte) in text.bytes().enumerate() {
        if escaped {
            escaped = false;
        } else if byte == b'\\' {
            escaped = true;
        } else if byte == at {
            parts.push(&text[start..n]);
            start = n + 1;
        }
    }
    parts.push(&text[start..]);
    parts
}

fn pair(text: &str) -> Option<(String, Vec<u8>)> {
    let (kind, value) = text.split_once('=')?;
    let kind = kind.trim_matches(' ').to_ascii_lowercase();
    let value = value.trim_start_matches(' ');
    if let Some(hex) = value.strip_prefix('#') {
        // Compared as it is written: nothing here knows how the value would be text.
        return Some((kind, [b"#", hex.trim_matches(' ').to_ascii_lowercase().as_bytes()].concat()));
    }
    let mut bytes = Vec::new();
    let (mut kept, mut rest) = (0, value.as_bytes());
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match (first, after) {
            (b'\\', [high, low, left @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
                bytes.push(digit(high)? << 4 | digit(low)?);
                rest = left;
                kept = bytes.len();
            }
            (b'\\', [special, left @ ..]) => {
                bytes.push(*special);
                rest = left;
                kept = bytes.len();
            }
            (b' ', _) => bytes.push(b' '),
            _ => {
                bytes.push(*first);
                kept = bytes.len();
            }
        }
    }
    bytes.truncate(kept);
    let text = String::from_utf8(bytes).ok()?;
    // Coarser than the host's folding: what is different here is different for every directory.
    let folded = text.to_uppercase().to_lowercase();
    let words = folded.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    Some((kind, words.into_bytes()))
}
