//! Reading LDIF.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::{LdifEntry, LdifError, LdifLine};

/// A line with its continuations.
struct Logical {
    line: usize,
    text: Zeroizing<String>,
}

/// Reads the entries of a text.
///
/// # Errors
/// The first line that is not LDIF, or not part of an entry.
pub(in super::super) fn read(text: &str) -> Result<Vec<LdifEntry>, LdifError> {
    let mut entries: Vec<LdifEntry> = Vec::new();
    let mut open = false;
    let mut versioned = false;
    for logical in unfold(text.strip_prefix('\u{feff}').unwrap_or(text))? {
        if logical.text.is_empty() {
            open = false;
            continue;
        }
        let line = value_line(&logical)?;
        if !versioned && entries.is_empty() && line.name.eq_ignore_ascii_case("version") {
            if line.value.as_slice() != b"1" {
                return Err(LdifError::new(logical.line, "the version is not 1", "write `version: 1`"));
            }
            versioned = true;
            continue;
        }
        match entries.last_mut().filter(|_| open) {
            Some(entry) => {
                refuse_changes(&line)?;
                entry.lines.push(line);
            }
            None => {
                entries.push(start(line)?);
                open = true;
            }
        }
    }
    Ok(entries)
}

/// Joins folded lines and drops comments; an empty line stays, it ends an entry.
fn unfold(text: &str) -> Result<Vec<Logical>, LdifError> {
    let mut lines: Vec<Logical> = Vec::new();
    let mut comment = false;
    for (n, raw) in text.split('\n').enumerate() {
        let raw = raw.strip_suffix('\r').unwrap_or(raw);
        if let Some(rest) = raw.strip_prefix(' ') {
            match lines.last_mut() {
                _ if comment => {}
                Some(last) if !last.text.is_empty() => last.text.push_str(rest),
                _ => {
                    return Err(LdifError::new(
                        n + 1,
                        "the line starts with a space, so it continues the line above, and there is none",
                        "remove the space, or the empty line above",
                    ));
                }
            }
            continue;
        }
        comment = raw.starts_with('#');
        if !comment {
            lines.push(Logical { line: n + 1, text: Zeroizing::new(raw.to_owned()) });
        }
    }
    Ok(lines)
}

fn start(line: LdifLine) -> Result<LdifEntry, LdifError> {
    if !line.name.eq_ignore_ascii_case("dn") {
        let problem = format!("an entry starts with `dn:`, not with `{}:`", line.name);
        return Err(LdifError::new(line.line, problem, "write `dn: ...` first, and no empty line within an entry"));
    }
    let dn = str::from_utf8(&line.value)
        .map_err(|_| LdifError::new(line.line, "the DN is not UTF-8 text", "encode the text as UTF-8 before base64"))?;
    Ok(LdifEntry { line: line.line, dn: dn.to_owned(), lines: Vec::new() })
}

fn refuse_changes(line: &LdifLine) -> Result<(), LdifError> {
    let word = line.name.to_ascii_lowercase();
    match word.as_str() {
        "changetype" | "control" => Err(LdifError::new(
            line.line,
            format!("`{word}:` belongs to a change record, and only entries are read"),
            "write the entry itself: `dn:` and one line for each value",
        )),
        "dn" => Err(LdifError::new(line.line, "a second `dn:` in one entry", "put an empty line before it")),
        _ => Ok(()),
    }
}

fn value_line(logical: &Logical) -> Result<LdifLine, LdifError> {
    let error = |problem: &str, remedy: &str| LdifError::new(logical.line, problem, remedy);
    let Some((name, rest)) = logical.text.split_once(':') else {
        // The line may be the rest of a password that was broken wrongly: it is not shown.
        return Err(error(
            "the line has no colon",
            "write `attribute: value`; a line that continues the one above starts with one space",
        ));
    };
    let named = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b';' | b'.');
    if !name.starts_with(|c: char| c.is_ascii_alphanumeric()) || !name.bytes().all(named) {
        return Err(error(
            "what stands before the colon is no attribute",
            "write `attribute: value`; a line that continues the one above starts with one space",
        ));
    }
    let value = if let Some(encoded) = rest.strip_prefix(':') {
        STANDARD.decode(encoded.trim_matches(' ')).map_err(|_| {
            error("what stands after `::` is not base64", "write the value after one colon, or its base64 with padding")
        })?
    } else if rest.starts_with('<') {
        return Err(error("values are not fetched from URLs", "write the value itself, as base64 after `::`"));
    } else {
        let value = rest.trim_start_matches(' ');
        if value.chars().any(char::is_control) {
            return Err(error("the value holds a control character", "write the value as base64 after `::`"));
        }
        value.as_bytes().to_vec()
    };
    Ok(LdifLine { line: logical.line, name: name.to_owned(), value: Zeroizing::new(value) })
}
