//! Attribute descriptions as RFC 4512 section 2.5 defines them, and as a careless directory might read them. Written from
//! the text of the RFC; it shares no code with the host.

use std::collections::BTreeSet;

/// An attribute description: its type in lower case, and its options, which are a set without case (RFC 4512 section 2.5).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Description {
    pub(crate) kind: String,
    pub(crate) options: BTreeSet<String>,
}

/// Reads a description by the grammar and nothing beside it.
///
/// ```text
/// attributedescription = attributetype options        options   = *( SEMI option )
/// attributetype = oid     oid = descr / numericoid    option    = 1*keychar
/// descr = keystring                                   keystring = leadkeychar *keychar
/// numericoid = number 1*( DOT number )                number    = DIGIT / ( LDIGIT 1*DIGIT )
/// leadkeychar = ALPHA                                 keychar   = ALPHA / DIGIT / HYPHEN
/// ```
pub(crate) fn strict(text: &str) -> Option<Description> {
    let keychar = |byte: u8| matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-');
    let mut parts = text.as_bytes().split(|byte| *byte == b';');
    let kind = parts.next()?;
    let keystring = matches!(kind, [b'a'..=b'z' | b'A'..=b'Z', ..]) && kind.iter().all(|byte| keychar(*byte));
    let numbers: Vec<&[u8]> = kind.split(|byte| *byte == b'.').collect();
    let number = |digits: &&[u8]| match digits {
        [b'0'..=b'9'] => true,
        [b'1'..=b'9', rest @ ..] => rest.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    let numericoid = numbers.len() > 1 && numbers.iter().all(number);
    if !keystring && !numericoid {
        return None;
    }
    let lower = |bytes: &[u8]| bytes.iter().map(|byte| char::from(byte.to_ascii_lowercase())).collect::<String>();
    let mut options = BTreeSet::new();
    for option in parts {
        if option.is_empty() || !option.iter().all(|byte| keychar(*byte)) {
            return None;
        }
        options.insert(lower(option));
    }
    Some(Description { kind: lower(kind), options })
}

/// Which attribute type a directory might take a text for that reads as carelessly as any of them: it stops at a NUL, does
/// not see spaces and control characters, takes look-alikes for letters, knows OIDs, takes the prefix `oid.` (RFC 2252),
/// leading zeros and a trailing dot, and ignores options.
pub(crate) fn careless(text: &str) -> String {
    let text = text.split('\0').next().unwrap_or_default();
    let plain: String =
        text.chars().filter(|c| !c.is_whitespace() && !c.is_control() && !unseen(*c)).map(fold).collect();
    let kind = plain.split([';', ',', '$', ':']).next().unwrap_or_default();
    let kind = kind.strip_prefix("oid.").unwrap_or(kind).trim_matches(|c: char| !c.is_alphanumeric());
    let arcs: Vec<&str> = kind.split('.').map(|arc| arc.trim_start_matches('0')).collect();
    let named = |arc: &&str| !arc.bytes().all(|byte| byte.is_ascii_digit());
    let kind = if arcs.iter().any(named) { kind.to_owned() } else { arcs.join(".") };
    ALIASES.iter().find(|(alias, _)| *alias == kind).map_or(kind, |(_, name)| (*name).to_owned())
}

/// Other names of the attributes that the grants of the target name. An arc that is zero is empty here.
const ALIASES: [(&str, &str); 11] = [
    ("2.5.4.3", "cn"),
    ("commonname", "cn"),
    ("2.5.4.13", "description"),
    ("2.5.4.20", "telephonenumber"),
    ("2.5.4.35", "userpassword"),
    ("1.2.840.113556.1.4.90", "unicodepwd"),
    ("1.2.840.113556.1.4.96", "pwdlastset"),
    (".9.2342.192.100.1.3", "mail"),
    (".9.2342.19200300.100.1.3", "mail"),
    ("rfc822mailbox", "mail"),
    ("1.3.6.1.4.1.42.2.27.8.1.22", "pwdreset"),
];

/// Characters that show nothing and that a normalisation may drop.
fn unseen(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{fe00}'..='\u{fe0f}')
}

/// The letter that a character looks like or folds to.
fn fold(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c).to_ascii_lowercase(),
        '\u{212a}' => 'k',
        '\u{17f}' => 's',
        '\u{130}' | '\u{131}' => 'i',
        '\u{2010}'..='\u{2015}' | '_' => '-',
        _ => c.to_lowercase().next().unwrap_or(c),
    }
}
