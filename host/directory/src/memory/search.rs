//! Searching.

use std::collections::BTreeSet;

use super::answers::Refusal;
use super::matching::matches;
use super::record::{Record, computed, computed_name, is_secret};
use super::root_dse::root_dse;
use super::store::Store;
use super::{Context, Dialect};
use crate::dn::Dn;
use crate::filter::Filter;
use crate::request::{Answer, Attribute, Entry, Failure, Found, Scope, Search};

/// LDAP: sizeLimitExceeded.
const SIZE_LIMIT_EXCEEDED: u32 = 4;

/// Searches.
///
/// # Errors
/// A text that is no filter: no client could send it.
pub(super) fn search(store: &Store, context: &Context<'_>, search: &Search) -> Result<Found, Failure> {
    let filter = Filter::parse(&search.filter).map_err(|bad| {
        Failure::Unavailable(format!("nothing was sent: the filter {} is none: {bad}", search.filter))
    })?;
    Ok(evaluate(store, context, search, &filter))
}

fn evaluate(store: &Store, context: &Context<'_>, search: &Search, filter: &Filter) -> Found {
    let refused = |refusal: Refusal| Found { entries: Vec::new(), more: false, answer: context.refuse(&refusal, &[]) };
    if search.base.is_empty() {
        if search.scope != Scope::Base {
            return refused(Refusal::NoSuchObject);
        }
        return root(store, context, search, filter);
    }
    let Ok(base) = Dn::parse(&search.base) else { return refused(Refusal::BadName) };
    let Some((base_id, _)) = store.find(&base) else { return refused(Refusal::NoSuchObject) };

    let candidates = match search.scope {
        Scope::Base => Some(BTreeSet::from([base_id])),
        Scope::One | Scope::Subtree => store.candidates(filter),
    };
    let in_scope = |record: &Record| match (record.name.depth_below(&base), search.scope) {
        (Some(0), Scope::Base | Scope::Subtree) | (Some(1), Scope::One) => true,
        (Some(_), scope) => scope == Scope::Subtree,
        (None, _) => false,
    };
    let records = store.records();
    let all = if candidates.is_none() { records.iter() } else { [].iter() };
    let some = candidates.into_iter().flatten().filter_map(|id| records.get(id));
    let mut found = all
        .chain(some)
        .filter(|record| in_scope(record))
        .filter(|record| matches(filter, &|name| record.values(name, context.dialect)) == Some(true));
    let entries = found.by_ref().take(search.limit).map(|record| show(record, context.dialect, search)).collect();
    // As from a server that is asked for one entry more than is wanted, to learn whether there is one.
    let more = found.next().is_some();
    let code = if found.next().is_some() { SIZE_LIMIT_EXCEEDED } else { 0 };
    Found { entries, more, answer: Answer { code, ..context.done() } }
}

fn root(store: &Store, context: &Context<'_>, search: &Search, filter: &Filter) -> Found {
    let mut entry = root_dse(context, store.naming_contexts());
    let matched = matches(filter, &|name| entry.values(name).to_vec().into()) == Some(true);
    entry.attributes.retain(|attribute| is_asked(&search.attributes, &attribute.name, "*"));
    let entries = if matched && search.limit > 0 { vec![entry] } else { Vec::new() };
    Found { more: matched && entries.is_empty(), entries, answer: context.done() }
}

fn show(record: &Record, dialect: Dialect, search: &Search) -> Entry {
    let stored = record.attributes.iter().filter(|attribute| {
        let kept = !is_secret(&attribute.name) && computed_name(dialect, &attribute.name).is_none();
        kept && is_asked(&search.attributes, &attribute.name, "*")
    });
    let mut attributes: Vec<Attribute> = stored.cloned().collect();
    for name in computed(dialect).iter().filter(|name| is_asked(&search.attributes, name, "+")) {
        let values = record.values(name, dialect).into_owned();
        if !values.is_empty() {
            attributes.push(Attribute { name: (*name).to_owned(), values });
        }
    }
    Entry { dn: record.dn.clone(), attributes }
}

/// By its name, or as one of a kind: `*` for the ordinary, `+` for the operational ones.
fn is_asked(asked: &[String], name: &str, kind: &str) -> bool {
    asked.iter().any(|wanted| wanted == kind || wanted.eq_ignore_ascii_case(name))
}
