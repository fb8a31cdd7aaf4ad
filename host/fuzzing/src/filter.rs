//! Filters (RFC 4515), and account names in the operator's filter.
//!
//! A filter that is read is written so that it is read the same again. An account name changes values and nothing else:
//! the filter for any account has the structure of the filter for every other one, and where the name goes, the name
//! stands, byte for byte.

use portcullis_directory::filter::{Filter, Template, escape};
use portcullis_model::Login;

/// Parts of an account name that no template holds.
const NAME: &str = "\u{e001}";
const DOMAIN: &str = "\u{e002}";

pub(crate) fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (first, second) = text.split_once('\n').unwrap_or((text, text));
    round_trip(first);
    escaped(second);
    rendered(first, second);
}

fn round_trip(text: &str) {
    let filter = match Filter::parse(text) {
        Ok(filter) => filter,
        Err(bad) => {
            assert!(bad.at.is_none_or(|at| at <= text.len()), "a mistake outside of the text");
            return;
        }
    };
    // RFC 4515 section 3: a parenthesis in a value is escaped, so each one that is seen opens a filter.
    assert_eq!(nodes(&filter), text.bytes().filter(|byte| *byte == b'(').count(), "{text}");
    assert!(depth(&filter) <= Filter::MAX_DEPTH, "deeper than allowed: {text}");
    let written = filter.to_string();
    // Bytes that are written as an escape take three times the room: what is read back may be too long then.
    if written.len() <= Filter::MAX_BYTES {
        assert_eq!(Filter::parse(&written).as_ref(), Ok(&filter), "{text} was written as {written}");
    }
}

/// A text in a place where a value stands means itself.
fn escaped(text: &str) {
    let filter = format!("(cn={})", escape(text));
    if filter.len() > Filter::MAX_BYTES {
        return;
    }
    let meant = Filter::Equal { attribute: "cn".to_owned(), value: text.as_bytes().to_vec() };
    assert_eq!(Filter::parse(&filter), Ok(meant), "{filter}");
}

fn rendered(template: &str, login: &str) {
    let (Ok(template), Ok(login)) = (Template::parse(template), Login::new(login)) else { return };
    if [NAME, DOMAIN].iter().any(|part| template.as_str().contains(part) || login.as_str().contains(part)) {
        return;
    }
    let Ok(filter) = template.render(&login) else { return };
    let plain = Login::new(format!("{NAME}@{DOMAIN}")).expect("a name");
    let plain = template.render(&plain).expect("nothing of the name is empty");
    let filter = Filter::parse(&filter).expect("the filter for an account is one");
    let mut wanted = Filter::parse(&plain).expect("the filter for an account is one");
    put(&mut wanted, &login);
    assert_eq!(filter, wanted, "{template:?} for {login}");
}

/// Puts the account into the values, where the stand-ins are.
fn put(filter: &mut Filter, login: &Login) {
    let (name, domain) = login.as_str().rsplit_once('@').unwrap_or((login.as_str(), ""));
    let whole = format!("{NAME}@{DOMAIN}");
    let account = |value: &mut Vec<u8>| {
        let with = replace(value, whole.as_bytes(), login.as_str().as_bytes());
        // What stands for a part is no part of what was put in already: no account holds the stand-ins.
        *value = replace(&replace(&with, NAME.as_bytes(), name.as_bytes()), DOMAIN.as_bytes(), domain.as_bytes());
    };
    match filter {
        Filter::And(parts) | Filter::Or(parts) => parts.iter_mut().for_each(|part| put(part, login)),
        Filter::Not(part) => put(part, login),
        Filter::Substring { initial, any, last, .. } => {
            initial.iter_mut().chain(any).chain(last).for_each(account);
        }
        Filter::Equal { value, .. }
        | Filter::GreaterOrEqual { value, .. }
        | Filter::LessOrEqual { value, .. }
        | Filter::Approx { value, .. }
        | Filter::Extensible { value, .. } => account(value),
        Filter::Present { .. } => {}
    }
}

fn replace(bytes: &[u8], what: &[u8], with: &[u8]) -> Vec<u8> {
    let (mut replaced, mut rest) = (Vec::with_capacity(bytes.len()), bytes);
    while let Some((first, after)) = rest.split_first() {
        if let Some(after) = rest.strip_prefix(what) {
            replaced.extend_from_slice(with);
            rest = after;
        } else {
            replaced.push(*first);
            rest = after;
        }
    }
    replaced
}

fn nodes(filter: &Filter) -> usize {
    match filter {
        Filter::And(parts) | Filter::Or(parts) => 1 + parts.iter().map(nodes).sum::<usize>(),
        Filter::Not(part) => 1 + nodes(part),
        _ => 1,
    }
}

fn depth(filter: &Filter) -> usize {
    match filter {
        Filter::And(parts) | Filter::Or(parts) => 1 + parts.iter().map(depth).max().unwrap_or_default(),
        Filter::Not(part) => 1 + depth(part),
        _ => 1,
    }
}
