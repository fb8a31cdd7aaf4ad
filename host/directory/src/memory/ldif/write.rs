//! Writing LDIF.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::LdifEntry;

const WIDTH: usize = 76;

/// Writes entries so that [`super::read`] reads the same ones.
pub(in super::super) fn write(entries: &[LdifEntry]) -> String {
    let mut text = String::from("version: 1\n");
    for entry in entries {
        text.push('\n');
        value(&mut text, "dn", entry.dn.as_bytes());
        for line in &entry.lines {
            value(&mut text, &line.name, &line.value);
        }
    }
    text
}

fn value(text: &mut String, name: &str, value: &[u8]) {
    let line = match str::from_utf8(value) {
        Ok(plain) if is_safe(value) => format!("{name}: {plain}"),
        _ => format!("{name}:: {}", STANDARD.encode(value)),
    };
    // Everything written is ASCII, so any byte is a place to fold.
    let mut rest = line.as_str();
    let mut width = WIDTH;
    while let Some((head, tail)) = rest.split_at_checked(width).filter(|(_, tail)| !tail.is_empty()) {
        text.push_str(head);
        text.push_str("\n ");
        rest = tail;
        width = WIDTH - 1;
    }
    text.push_str(rest);
    text.push('\n');
}

/// SAFE-STRING, without the control characters that it allows and people do not see.
fn is_safe(value: &[u8]) -> bool {
    value.iter().all(|b| (0x20..0x7f).contains(b))
        && !matches!(value.first(), Some(b' ' | b':' | b'<'))
        && value.last() != Some(&b' ')
}
