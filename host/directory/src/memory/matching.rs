//! Whether an entry is what a filter asks for (RFC 4511 section 4.5.1.7): true, false, or not to be told.
//!
//! There is no schema: texts are compared without regard to case and runs of spaces, numbers as numbers, and an
//! attribute that is not there is false. A secret attribute is never told, and what is not told is not matched, by
//! `(!(...))` neither.

use super::record::{Values, is_secret};
use crate::dn::{fold, fold_into};
use crate::filter::Filter;

/// The bitwise rules of Active Directory.
const BIT_AND: &str = "1.2.840.113556.1.4.803";
const BIT_OR: &str = "1.2.840.113556.1.4.804";

/// `values` finds the values of an attribute by a name in any case.
pub(super) fn matches<'a>(filter: &Filter, values: &dyn Fn(&str) -> Values<'a>) -> Option<bool> {
    match filter {
        Filter::And(parts) => combine(parts.iter().map(|part| matches(part, values)), false),
        Filter::Or(parts) => combine(parts.iter().map(|part| matches(part, values)), true),
        Filter::Not(part) => matches(part, values).map(|matched| !matched),
        Filter::Present { attribute } => any(attribute, values, |_| true),
        Filter::Equal { attribute, value } | Filter::Approx { attribute, value } => {
            let wanted = folded(value);
            any(attribute, values, |v| folded(v) == wanted)
        }
        Filter::GreaterOrEqual { attribute, value } => any(attribute, values, |v| order(v, value).is_ge()),
        Filter::LessOrEqual { attribute, value } => any(attribute, values, |v| order(v, value).is_le()),
        Filter::Substring { attribute, initial, any: middle, last } => {
            any(attribute, values, |v| substring(v, initial.as_deref(), middle, last.as_deref()))
        }
        Filter::Extensible { rule, attribute: Some(attribute), value, dn: false } => {
            extensible(rule.as_deref(), attribute, value, values)
        }
        Filter::Extensible { .. } => None,
    }
}

/// `decisive` is what one part suffices for: false for "and", true for "or".
fn combine(parts: impl Iterator<Item = Option<bool>>, decisive: bool) -> Option<bool> {
    let mut result = Some(!decisive);
    for part in parts {
        match part {
            Some(part) if part == decisive => return Some(decisive),
            None => result = None,
            Some(_) => {}
        }
    }
    result
}

fn any<'a>(attribute: &str, values: &dyn Fn(&str) -> Values<'a>, test: impl Fn(&[u8]) -> bool) -> Option<bool> {
    (!is_secret(attribute)).then(|| values(attribute).iter().any(|value| test(value)))
}

fn extensible<'a>(
    rule: Option<&str>,
    attribute: &str,
    value: &[u8],
    values: &dyn Fn(&str) -> Values<'a>,
) -> Option<bool> {
    match rule {
        Some(BIT_AND | BIT_OR) => {
            let mask = number(value)?;
            let all = rule == Some(BIT_AND);
            any(attribute, values, |v| number(v).is_some_and(|n| if all { n & mask == mask } else { n & mask != 0 }))
        }
        None | Some("caseIgnoreMatch" | "2.5.13.2") => {
            let wanted = folded(value);
            any(attribute, values, |v| folded(v) == wanted)
        }
        Some(_) => None,
    }
}

/// A value as it is compared: folded if it is text, as it is if not.
pub(super) fn folded(value: &[u8]) -> Vec<u8> {
    str::from_utf8(value).map_or_else(|_| value.to_vec(), |text| fold(text).into_bytes())
}

/// A piece of a value: its spaces at the ends count.
fn folded_piece(piece: &[u8]) -> Vec<u8> {
    let Ok(text) = str::from_utf8(piece) else { return piece.to_vec() };
    let mut folded = String::with_capacity(text.len());
    fold_into(text, &mut folded);
    folded.into_bytes()
}

fn substring(value: &[u8], initial: Option<&[u8]>, middle: &[Vec<u8>], last: Option<&[u8]>) -> bool {
    let value = folded(value);
    let Some(mut rest) = value.strip_prefix(folded_piece(initial.unwrap_or_default()).as_slice()) else { return false };
    for piece in middle {
        let piece = folded_piece(piece);
        if piece.is_empty() {
            continue;
        }
        let Some(at) = rest.windows(piece.len()).position(|window| window == piece) else { return false };
        rest = &rest[at + piece.len()..];
    }
    rest.ends_with(&folded_piece(last.unwrap_or_default()))
}

fn order(a: &[u8], b: &[u8]) -> std::cmp::Ordering {
    match (number(a), number(b)) {
        (Some(a), Some(b)) => a.cmp(&b),
        _ => folded(a).cmp(&folded(b)),
    }
}

fn number(value: &[u8]) -> Option<i64> {
    str::from_utf8(value).ok()?.parse().ok()
}
