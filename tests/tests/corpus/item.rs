//! One row of the table: what a plugin tries, what holds it, and what the audit log says.

use std::fmt::Write as _;

/// A plugin that tries to hurt.
#[derive(Debug)]
pub(crate) struct Item {
    /// Its name, and that of its test.
    pub(crate) name: &'static str,
    /// In one sentence.
    pub(crate) tries: &'static str,
    /// The guard that stops it.
    pub(crate) held_by: &'static str,
    /// Every fact of the operation after "located", in this order. A `…` at the end stands for anything.
    pub(crate) logged: &'static [&'static str],
}

impl Item {
    /// Compares what was recorded with what is expected.
    #[track_caller]
    pub(crate) fn is_told_by(&self, facts: &[String]) {
        let fits = |(said, expected): (&String, &&str)| match expected.strip_suffix('…') {
            Some(beginning) => said.starts_with(beginning),
            None => said == expected,
        };
        let same = facts.len() == self.logged.len() && facts.iter().zip(self.logged).all(fits);
        assert!(same, "{}: the facts are\n{facts:#?}\nand should be\n{:#?}", self.name, self.logged);
    }
}

/// Each item with its test: the expression is called with the item, and a test of the item's name waits for it.
macro_rules! corpus {
    ($($(#[doc = $tries:literal])+ $name:ident, held by $held:literal, logged [$($line:literal),+ $(,)?] => $test:expr;)+) => {
        pub(crate) const ITEMS: &[$crate::item::Item] = &[$($crate::item::Item {
            name: stringify!($name),
            tries: concat!($($tries),+),
            held_by: $held,
            logged: &[$($line),+],
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
pub(crate) use corpus;

/// The rows of one theme, as `docs/hostile-corpus.md` has them.
pub(crate) fn rows(items: &[Item]) -> String {
    items.iter().fold(String::new(), |mut rows, item| {
        let cell = |text: &str| text.trim().replace('|', "\\|");
        let logged: Vec<String> = item.logged.iter().map(|line| format!("`{}`", cell(line))).collect();
        let (name, tries, held_by) = (item.name, cell(item.tries), cell(item.held_by));
        let _ = writeln!(rows, "| `{name}` | {tries} | {held_by} | {} |", logged.join("<br>"));
        rows
    })
}
