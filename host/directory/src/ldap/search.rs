//! Reading: one search on one connection, entry by entry, within its limits.

use ldap3::{DerefAliases, Ldap, LdapError, Scope as LibraryScope, SearchOptions};

use portcullis_model::Password;

use super::convert;
use crate::{Answer, Control, Entry, Found, Scope, Search};

/// The most that one search may bring, in bytes of names and values.
const MAX_BYTES: usize = 4 * 1024 * 1024;
/// What an element costs beside its bytes: empty ones are not free.
const ELEMENT_COST: usize = 32;
/// RFC 4511: the result code `sizeLimitExceeded`.
const SIZE_LIMIT_EXCEEDED: u32 = 4;

/// What came of a search.
pub(super) enum Reading {
    /// All of it.
    Complete(Found),
    /// As much as was asked for, from a server that sends more than that: the connection is full of the rest.
    Stopped(Found),
    /// What no server may send.
    Nonsense(String),
}

/// Searches on a connection to `server`, which knows the password of `service`. The library parses the filter again, so that a text that is none is never sent.
pub(super) async fn read(
    mut ldap: Ldap,
    search: &Search,
    controls: &[Control],
    time_limit: i32,
    (server, service): (&str, Option<&Password>),
) -> Result<Reading, LdapError> {
    if !controls.is_empty() {
        ldap.with_controls(convert::controls(controls));
    }
    let scope = match search.scope {
        Scope::Base => LibraryScope::Base,
        Scope::One => LibraryScope::OneLevel,
        Scope::Subtree => LibraryScope::Subtree,
    };
    // An empty list would mean "all user attributes" (RFC 4511 section 4.5.1.8).
    let attributes = if search.attributes.is_empty() { vec!["1.1".to_owned()] } else { search.attributes.clone() };
    // One more than asked for, so that "more" is known.
    let size_limit = i32::try_from(search.limit).unwrap_or(i32::MAX).saturating_add(1);
    let options = SearchOptions::new().deref(DerefAliases::Never).sizelimit(size_limit).timelimit(time_limit);
    let mut stream =
        ldap.with_search_options(options).streaming_search(&search.base, scope, &search.filter, attributes).await?;

    let (mut entries, mut bytes, mut more) = (Vec::new(), 0, false);
    while let Some(item) = stream.next().await? {
        let entry = if item.is_ref() || item.is_intermediate() {
            None
        } else {
            let Some(entry) = convert::entry(item.0) else {
                return Ok(Reading::Nonsense("an entry that is not LDAP".to_owned()));
            };
            Some(entry)
        };
        bytes += entry.as_ref().map_or(ELEMENT_COST, cost);
        if bytes > MAX_BYTES {
            return Ok(Reading::Nonsense("more than 4 MiB in answer to one search: ask for less".to_owned()));
        }
        let Some(entry) = entry else { continue };
        if entries.len() < search.limit {
            entries.push(entry);
        } else if more {
            let answer = Answer {
                code: SIZE_LIMIT_EXCEEDED,
                diagnostic: String::new(),
                controls: Vec::new(),
                server: server.to_owned(),
            };
            return Ok(Reading::Stopped(Found { entries, more, answer }));
        } else {
            more = true;
        }
    }
    let answer = convert::answer(stream.finish().await, server, service);
    let more = more || answer.code == SIZE_LIMIT_EXCEEDED;
    Ok(Reading::Complete(Found { entries, more, answer }))
}

fn cost(entry: &Entry) -> usize {
    let value = |value: &Vec<u8>| value.len() + ELEMENT_COST;
    let attributes =
        entry.attributes.iter().map(|a| a.name.len() + ELEMENT_COST + a.values.iter().map(value).sum::<usize>());
    entry.dn.len() + ELEMENT_COST + attributes.sum::<usize>()
}
