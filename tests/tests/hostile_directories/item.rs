//! One row of the table: what a directory tries, what holds it, what the caller is told, and what is recorded.

use std::fmt::Write as _;

use portcullis_model::{Event, Outcome, Tried};
use portcullis_tests::harness::Report;

/// A directory that tries to hurt.
#[derive(Debug)]
pub(crate) struct Item {
    /// Its name, and that of its test.
    pub(crate) name: &'static str,
    /// In one sentence.
    pub(crate) tries: &'static str,
    /// The guard that stops it.
    pub(crate) held_by: &'static str,
    /// How the operation ended: the word, the code of the fault, and whose it is.
    pub(crate) told: &'static str,
    /// Every event of the operation after "located", in this order.
    pub(crate) recorded: &'static [&'static str],
}

impl Item {
    /// Compares what the caller is told and what was recorded with what is expected.
    #[track_caller]
    pub(crate) fn is(&self, report: &Report) {
        let recorded: Vec<String> = report.events.iter().filter_map(shown).collect();
        assert_eq!(told(&report.outcome), self.told, "{}:\n{report}", self.name);
        assert_eq!(recorded, self.recorded, "{}:\n{report}", self.name);
    }
}

fn told(outcome: &Outcome) -> String {
    match outcome.fault() {
        Some(fault) => format!("{}: {}, {:?}", outcome.word(), fault.code, fault.code.blame()).to_lowercase(),
        None => outcome.word().to_owned(),
    }
}

fn shown(event: &Event) -> Option<String> {
    Some(match event {
        Event::Asked { .. } | Event::Located { .. } => return None,
        // What the connector reads of its settings and of the root DSE is no affair of the directory's.
        Event::Allowed { capability: "config", .. } => return None,
        Event::Allowed { capability, call, .. } => format!("allowed {capability}.{call}"),
        Event::Denied { capability, call, .. } => format!("denied {capability}.{call}"),
        Event::Written { what, .. } => format!("written {}", what.join(", ")),
        Event::Refused { what, code, .. } => format!("refused {} {code}", what.join(", ")),
        Event::InDoubt { what, .. } => format!("in-doubt {}", what.join(", ")),
        Event::Tried { password, answer: Tried::Answered { code, .. } } => format!("tried {password} {code}"),
        Event::Tried { password, .. } => format!("tried {password}"),
        Event::Confirmed { how } => match how.split_once(": ") {
            Some((seen, _)) => format!("confirmed {seen}"),
            None => "confirmed".to_owned(),
        },
        Event::PluginEnded { code, .. } => format!("plugin-ended {code}"),
        Event::Omitted { count } => format!("omitted {count}"),
        Event::Ended { outcome, fault: Some(code) } => format!("ended {outcome} {code}"),
        Event::Ended { outcome, fault: None } => format!("ended {outcome}"),
    })
}

/// Each item with its test: the expression is called with the item, and a test of the item's name waits for it.
macro_rules! directories {
    ($(
        $(#[doc = $tries:literal])+ $name:ident,
        held by $held:literal, told $told:literal, recorded $recorded:expr => $test:expr;
    )+) => {
        pub(crate) const ITEMS: &[$crate::item::Item] = &[$($crate::item::Item {
            name: stringify!($name),
            tries: concat!($($tries),+),
            held_by: $held,
            told: $told,
            recorded: &$recorded,
        }),+];

        $(
            #[tokio::test]
            async fn $name() {
                let item = ITEMS.iter().find(|item| item.name == stringify!($name)).unwrap();
                ($test)(item).await
            }
        )+
    };
}
pub(crate) use directories;

/// The rows of one theme, as `docs/hostile-directories.md` has them.
pub(crate) fn rows(items: &[Item]) -> String {
    items.iter().fold(String::new(), |mut rows, item| {
        let cell = |text: &str| text.trim().replace('|', "\\|");
        let recorded: Vec<String> = item.recorded.iter().map(|line| format!("`{}`", cell(line))).collect();
        let (name, tries, held_by, told) = (item.name, cell(item.tries), cell(item.held_by), cell(item.told));
        let _ = writeln!(rows, "| `{name}` | {tries} | {held_by} | {told} | {} |", recorded.join("<br>"));
        rows
    })
}
