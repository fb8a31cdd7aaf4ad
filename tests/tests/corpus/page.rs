//! `docs/hostile-corpus.md` is this folder's tables and nothing else.

use std::fmt::Write as _;

use portcullis_tests::plugins::root;

use crate::item::{Item, rows};
use crate::{files, handles, lists, logs, passwords, reads, room, time, writes};

/// Every item, by themes.
const ALL: [(&str, &[Item]); 9] = [
    ("Time", time::ITEMS),
    ("Room", room::ITEMS),
    ("Lists", lists::ITEMS),
    ("Handles of passwords", handles::ITEMS),
    ("The log", logs::ITEMS),
    ("Writes", writes::ITEMS),
    ("The password in the wrong place", passwords::ITEMS),
    ("Reads", reads::ITEMS),
    ("Files", files::ITEMS),
];

const HEAD: &str = "\
# The hostile corpus

Plugins that try to hurt. Each is a component of its own, built from source (`tests/plugins/corpus/examples`, and as text
`tests/tests/corpus/text`). A test of the item's name runs it on the real path of an operation and sees that the process
lives, that the caller is told the truth, that nothing in the directory changed that was not granted, that the audit log
has the facts below and no others after `located`, and that an ordinary operation of another connector on the same host
is done in under 100 ms afterwards. `…` stands for words of the engine's or of the machine's.

Written from the tests: `UPDATE_PAGES=1 cargo test -p portcullis-tests --test corpus page`.
";

fn page() -> String {
    ALL.iter().fold(HEAD.to_owned(), |mut page, (theme, items)| {
        let _ = write!(
            page,
            "\n## {theme}\n\n| test | what it tries | what holds it | what is recorded |\n| --- | --- | --- | --- |\n"
        );
        page + &rows(items)
    })
}

#[test]
fn the_page_is_what_the_tests_expect() {
    let path = root().join("docs/hostile-corpus.md");
    if std::env::var_os("UPDATE_PAGES").is_some() {
        std::fs::write(&path, page()).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == page(), "docs/hostile-corpus.md is not what the tests expect: write it anew as its head says");
}

#[test]
fn every_plugin_has_a_test_and_every_item_a_line() {
    let items: Vec<&Item> = ALL.iter().flat_map(|(_, items)| items.iter()).collect();
    for item in &items {
        assert!(!item.tries.trim().is_empty() && !item.held_by.is_empty() && !item.logged.is_empty(), "{item:?}");
    }
    let folders = [("tests/plugins/corpus/examples", "rs"), ("tests/tests/corpus/text", "wat")];
    for (folder, ending) in folders {
        for entry in std::fs::read_dir(root().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|found| found == ending) {
                let name = path.file_stem().unwrap().to_string_lossy().into_owned();
                assert!(items.iter().any(|item| item.name == name), "{} has no test", path.display());
            }
        }
    }
}
