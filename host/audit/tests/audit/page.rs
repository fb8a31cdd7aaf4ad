//! `docs/audit-log.md` names every fact with every field, and no other.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_audit::fact::*;
use portcullis_audit::{Fact, Hash, KeyId};
use portcullis_model::{Use, UsedValue};
use serde_json::Value;

const PAGE: &str = include_str!("../../../../docs/audit-log.md");

/// One of each fact, with every field that can be there. A new field does not compile here until it has a value.
fn samples() -> Vec<Fact> {
    let text = || "x".to_owned();
    let some = || Some(text());
    vec![
        Asked { kind: text(), account: text(), plugin: some() }.into(),
        Located { dn: text(), server: text() }.into(),
        Allowed { capability: text(), call: text(), subject: text(), uses: vec![Use::Log] }.into(),
        Denied { capability: text(), call: text(), subject: text(), reason: text(), wanted: Some(Use::Log) }.into(),
        Written { what: vec![text()], server: text(), password: true }.into(),
        Refused { what: vec![text()], code: 50, server: text() }.into(),
        InDoubt { what: vec![text()], password: true, reason: text() }.into(),
        Tried { password: text(), code: Some(49), server: some(), reason: some() }.into(),
        Confirmed { how: text() }.into(),
        PluginEnded { code: text(), reason: text() }.into(),
        Omitted { count: 1 }.into(),
        Ended { outcome: text(), fault: some() }.into(),
        Reached { state: text(), by: text(), fault: some(), who: some() }.into(),
        Started { version: text(), configuration: text(), ceiling: some() }.into(),
        Stopped { finished: true }.into(),
        ConfigurationLoaded { file: text(), sha256: text() }.into(),
        CeilingGone { former: text() }.into(),
        CeilingKept { former: text(), reason: text() }.into(),
        KeyRotated { key: text() }.into(),
        CacheAltered { file: text() }.into(),
        JournalRestored { from: text() }.into(),
        Recorded { what: text(), operations: 1 }.into(),
        Alarm { alarm: text(), subject: text(), text: text(), count: 1 }.into(),
        Approved { file: text(), sha256: text(), who: text(), signer: some() }.into(),
        ConnectorStarted { plugin: text(), file: text(), signer: some() }.into(),
        ConnectorSwapped { plugin: text(), file: text(), signer: some() }.into(),
        ConnectorWithdrawn { reason: text() }.into(),
        ConnectorRefused { fault: text(), reason: text() }.into(),
        Checkpoint { key: KeyId(text()), signature: text() }.into(),
        Segment { previous: text() }.into(),
        Repaired { bytes: 1 }.into(),
        Lost { facts: 1 }.into(),
        BegunAnew { why: text(), who: text(), found: text(), last: Hash::NONE }.into(),
    ]
}

/// A new fact does not compile here until it is counted, and then until it is among the samples.
fn facts(fact: &Fact) -> usize {
    use Fact as F;
    match fact {
        F::Asked(_)
        | F::Located(_)
        | F::Allowed(_)
        | F::Denied(_)
        | F::Written(_)
        | F::Refused(_)
        | F::InDoubt(_)
        | F::Tried(_)
        | F::Confirmed(_)
        | F::PluginEnded(_)
        | F::Omitted(_)
        | F::Ended(_)
        | F::Reached(_)
        | F::Started(_)
        | F::Stopped(_)
        | F::ConfigurationLoaded(_)
        | F::CeilingGone(_)
        | F::CeilingKept(_)
        | F::KeyRotated(_)
        | F::JournalRestored(_)
        | F::CacheAltered(_)
        | F::Recorded(_)
        | F::Lost(_)
        | F::Alarm(_)
        | F::Approved(_)
        | F::ConnectorStarted(_)
        | F::ConnectorSwapped(_)
        | F::ConnectorWithdrawn(_)
        | F::ConnectorRefused(_)
        | F::Checkpoint(_)
        | F::Segment(_)
        | F::Repaired(_)
        | F::BegunAnew(_) => 33,
        F::Unknown => 0,
    }
}

fn names(value: &Value) -> BTreeSet<String> {
    value.as_object().unwrap().keys().cloned().collect()
}

/// The first cells of the table's rows.
fn rows(text: &str) -> BTreeSet<String> {
    let rows =
        text.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`').map(|(name, _)| name.to_owned()));
    rows.collect()
}

#[test]
fn the_page_has_every_fact_with_its_fields() {
    let mut expected = BTreeMap::new();
    for fact in samples() {
        let value = serde_json::to_value(&fact).unwrap();
        let mut fields = names(&value);
        assert!(fields.remove("fact"));
        expected.insert(value["fact"].as_str().unwrap().to_owned(), fields);
        assert_eq!(samples().len(), facts(&fact));
    }
    let sections = PAGE.split("\n### `").skip(1).filter_map(|section| section.split_once("`\n"));
    let documented: BTreeMap<String, BTreeSet<String>> =
        sections.map(|(name, text)| (name.to_owned(), rows(text.split("\n#").next().unwrap()))).collect();
    assert_eq!(documented, expected);
}

#[test]
fn the_page_has_the_fields_of_a_line() {
    let (_, line) = PAGE.split_once("## A line\n").unwrap();
    let (_, example) = line.split_once("```json\n").unwrap();
    let example: portcullis_audit::Line = serde_json::from_str(example.split("\n```").next().unwrap()).unwrap();
    let Fact::Located(located) = &example.fact else { panic!("{example:?}") };
    let mut fields = names(&serde_json::to_value(&example).unwrap());
    for own in names(&serde_json::to_value(located).unwrap()) {
        assert!(fields.remove(&own));
    }
    assert_eq!(rows(line.split("\n## ").next().unwrap()), fields);
}

#[test]
fn the_page_has_every_grant() {
    let text = || "x".to_owned();
    let write = |value| Use::Write { attribute: text(), value };
    let uses = [
        Use::Read { attribute: text() },
        Use::Search { base: text() },
        write(UsedValue::Password),
        write(UsedValue::Granted(text())),
        write(UsedValue::Removed),
        write(UsedValue::Other),
        Use::Control { oid: text() },
        Use::SetPassword,
        Use::TryBind,
        Use::AsTarget,
        Use::Reveal { password: text() },
        Use::Log,
        Use::Setting { name: text() },
    ];
    let (_, table) = PAGE.split_once("| `grant` | with |").unwrap();
    let table = table.split("\n#").next().unwrap();
    for what in uses {
        let value = serde_json::to_value(&what).unwrap();
        let grant = format!("`{}`", value["grant"].as_str().unwrap());
        let row = table.lines().find(|row| row.split(" | ").next().is_some_and(|cell| cell.contains(&grant)));
        let row = row.unwrap_or_else(|| panic!("{grant} is not there"));
        for name in names(&value).into_iter().filter(|name| name != "grant") {
            assert!(row.contains(&format!("`{name}`")), "{name}: {row}");
        }
        if let Some(name) = value["value"].as_str() {
            assert!(row.contains(&format!("`{name}`")), "{name}: {row}");
        }
        if value["value"].is_object() {
            assert_eq!(value["value"], serde_json::json!({ "granted": "x" }));
        }
    }
}
