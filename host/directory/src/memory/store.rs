//! All entries, and the ways to find one: by name, and by the attributes that people are known by.
//!
//! Entries are never added or removed while the directory is open; only what they hold changes.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};

use super::matching::folded;
use super::record::Record;
use crate::dn::Dn;
use crate::filter::Filter;

/// Attributes that an equality filter finds without looking at every entry.
const INDEXED: [&str; 5] = ["uid", "mail", "cn", "sAMAccountName", "userPrincipalName"];

type Index = HashMap<Vec<u8>, Vec<usize>>;

/// All entries.
#[derive(Debug, Default)]
pub(super) struct Store {
    records: Vec<Record>,
    by_name: HashMap<Dn, usize>,
    indexes: [Index; INDEXED.len()],
    naming_contexts: Vec<String>,
}

impl Store {
    /// Adds an entry; false if there is one of that name.
    pub(super) fn add(&mut self, record: Record) -> bool {
        let id = self.records.len();
        if self.by_name.contains_key(&record.name) {
            return false;
        }
        self.by_name.insert(record.name.clone(), id);
        self.index(id, &record);
        self.records.push(record);
        true
    }

    pub(super) fn find(&self, name: &Dn) -> Option<(usize, &Record)> {
        let id = *self.by_name.get(name)?;
        Some((id, self.records.get(id)?))
    }

    pub(super) fn records(&self) -> &[Record] {
        &self.records
    }

    /// Puts another state of an entry in its place and returns the former one.
    pub(super) fn replace(&mut self, id: usize, mut record: Record) -> Record {
        let Some(place) = self.records.get_mut(id) else { return record };
        std::mem::swap(place, &mut record);
        if INDEXED.iter().any(|name| values(&record, name) != values(&self.records[id], name)) {
            for (name, index) in INDEXED.iter().zip(&mut self.indexes) {
                for value in values(&record, name) {
                    if let Entry::Occupied(mut ids) = index.entry(folded(value)) {
                        ids.get_mut().retain(|&other| other != id);
                        if ids.get().is_empty() {
                            ids.remove();
                        }
                    }
                }
            }
            let now = self.records[id].clone();
            self.index(id, &now);
        }
        record
    }

    fn index(&mut self, id: usize, record: &Record) {
        for (name, index) in INDEXED.iter().zip(&mut self.indexes) {
            for value in values(record, name) {
                let ids = index.entry(folded(value)).or_default();
                if ids.last() != Some(&id) {
                    ids.push(id);
                }
            }
        }
    }

    /// The entries that may match, in their order; nothing if only looking at each of them tells.
    pub(super) fn candidates(&self, filter: &Filter) -> Option<BTreeSet<usize>> {
        match filter {
            Filter::Equal { attribute, value } => {
                let at = INDEXED.iter().position(|name| name.eq_ignore_ascii_case(attribute))?;
                Some(
                    self.indexes[at]
                        .get(&folded(value))
                        .map_or_else(BTreeSet::new, |ids| ids.iter().copied().collect()),
                )
            }
            Filter::And(parts) => parts.iter().filter_map(|part| self.candidates(part)).min_by_key(BTreeSet::len),
            Filter::Or(parts) => parts.iter().try_fold(BTreeSet::new(), |mut all, part| {
                all.append(&mut self.candidates(part)?);
                Some(all)
            }),
            _ => None,
        }
    }

    /// Looks once which entries have none above them.
    pub(super) fn find_naming_contexts(&mut self) {
        let is_top = |record: &&Record| {
            let above = record.name.parent().and_then(|parent| Dn::parse(parent).ok());
            above.is_none_or(|above| !self.by_name.contains_key(&above))
        };
        self.naming_contexts = self.records.iter().filter(is_top).map(|record| record.dn.clone()).collect();
    }

    /// The entries that have none above them, as they were written.
    pub(super) fn naming_contexts(&self) -> &[String] {
        &self.naming_contexts
    }
}

fn values<'a>(record: &'a Record, name: &str) -> &'a [Vec<u8>] {
    record.stored(name).map_or(&[], |attribute| &attribute.values)
}
