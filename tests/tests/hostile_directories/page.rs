//! `docs/hostile-directories.md` is this folder's tables and nothing else.

use std::fmt::Write as _;

use portcullis_tests::plugins::root;

use crate::item::{Item, rows};
use crate::{answers, echo, malformed, protection, terminal, too_much};

/// Every item, by themes.
const ALL: [(&str, &[Item]); 6] = [
    ("Answers that are no LDAP", malformed::ITEMS),
    ("Too much, too slow, too little", too_much::ITEMS),
    ("Answers to something else", answers::ITEMS),
    ("The way to the server", protection::ITEMS),
    ("A password in what a server says", echo::ITEMS),
    ("What a terminal obeys", terminal::ITEMS),
];

const HEAD: &str = "\
# Hostile directories

Directories that try to hurt, or whose way to the host is not theirs alone. Each is a scripted server behind real TLS on
loopback, met by the connector for OpenLDAP on the host's one path of an operation. A test of the item's name
(`tests/tests/hostile_directories`) sees that the caller is told the truth (refused where nothing was written, unknown
where something may have been), that the operation has the events below and no others after `located` (settings that the
connector read aside), that nothing that anybody reads holds a password or anything that a terminal obeys, the audit log
on the disk included, and that an ordinary operation of the same host is done afterwards. Answers that a machine makes up by mutating valid ones are in `host/directory/tests/ldap/mutated.rs`
(`PROPTEST_CASES` sets how many).

Written from the tests: `UPDATE_PAGES=1 cargo test -p portcullis-tests --test hostile_directories page`.
";

fn page() -> String {
    ALL.iter().fold(HEAD.to_owned(), |mut page, (theme, items)| {
        let _ = write!(
            page,
            "\n## {theme}\n\n| test | what it tries | what holds it | what the caller is told | what is recorded |\n\
             | --- | --- | --- | --- | --- |\n"
        );
        page + &rows(items)
    })
}

#[test]
fn the_page_is_what_the_tests_expect() {
    let path = root().join("docs/hostile-directories.md");
    if std::env::var_os("UPDATE_PAGES").is_some() {
        std::fs::write(&path, page()).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == page(),
        "docs/hostile-directories.md is not what the tests expect: write it anew as its head says"
    );
}
