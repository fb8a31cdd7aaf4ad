//! The first tier holds for every binary, and nothing that a binary does not prove stands in it.

use proptest::prelude::*;

use super::world::{World, surface};
use crate::audit::report::{enforced, proved};

const IMPORTS: [&str; 14] = [
    "types",
    "secrets calls label",
    "reveal calls reveal",
    "ldap calls target",
    "ldap calls search try-bind",
    "ldap calls modify target",
    "ldap calls set-password",
    "log calls log",
    "config calls get",
    "wasi:filesystem/types@0.2.6",
    "wasi:sockets/tcp@0.2.6 calls start-connect",
    "wasi:random/random@0.2.6",
    "portcullis:writeback/reveal@0.9.0 calls reveal",
    "vendor:net/wire@1.0.0 calls send",
];

/// What would make each statement untrue: a part of an import's name, or a function.
fn untrue(code: &str) -> &'static [&'static str] {
    match code {
        "cannot-read-passwords" => &["reveal", "vendor:"],
        "cannot-open-sockets" => &["wasi:sockets", "vendor:"],
        "cannot-open-files" => &["wasi:filesystem", "vendor:"],
        "no-wasi" => &["wasi:", "vendor:"],
        "cannot-reach-directory" => &["ldap", "wasi:sockets", "vendor:"],
        "cannot-write" => &["modify", "set-password", "wasi:sockets", "vendor:"],
        "cannot-modify" => &["modify", "wasi:sockets", "vendor:"],
        "cannot-set-password" => &["set-password", "wasi:sockets", "vendor:"],
        "cannot-search" => &["search", "wasi:sockets", "vendor:"],
        "cannot-try-passwords" => &["try-bind", "wasi:sockets", "vendor:"],
        "cannot-log" => &["/log@", "vendor:"],
        "cannot-read-settings" => &["/config@", "vendor:"],
        "exports-nothing" => &[],
        other => panic!("{other} is a statement that this test does not know"),
    }
}

proptest! {
    #[test]
    fn no_statement_is_made_that_an_import_makes_untrue(
        imports in proptest::sample::subsequence(&IMPORTS[..], 0..8),
        exports in proptest::sample::subsequence(&["passwords", "accounts", "lifecycle", "vendor:own/thing@1.0.0"][..], 0..5),
    ) {
        let surface = surface(&imports, &exports);
        for statement in proved(&surface).iter().filter(|statement| statement.cannot) {
            for import in &surface.imports {
                for part in untrue(statement.code) {
                    let named = import.interface.contains(part) || import.functions.iter().any(|name| name == part);
                    prop_assert!(!named, "{} although it imports {import:?}", statement.text);
                }
            }
        }
        let text: String = proved(&surface).iter().map(|one| format!("{}\n", one.text)).collect();
        prop_assert!(!text.contains("exports only") || !exports.contains(&"vendor:own/thing@1.0.0"), "{}", text);
        let reads = imports.iter().any(|import| import.contains("reveal"));
        prop_assert_eq!(reads, text.contains("asks to read passwords"));
    }
}

#[test]
fn no_grant_changes_what_is_proved_and_every_grant_what_is_enforced() {
    let narrow = World::new("operations = [\"account-status\"]\n");
    let wide =
        World::new("operations = [\"account-status\"]\n[config]\na = 1\n[log]\n[reveal]\npasswords = [\"new\"]\n");
    assert_eq!(narrow.report().proved_by_the_binary, wide.report().proved_by_the_binary);
    let codes = |world: &World| -> Vec<&'static str> { enforced(&world.file()).iter().map(|one| one.code).collect() };
    assert!(codes(&narrow).contains(&"no-reveal") && codes(&wide).contains(&"reveal"));
    let proved: Vec<&str> = wide.report().proved_by_the_binary.iter().map(|one| one.code).collect();
    assert!(codes(&wide).iter().all(|code| !proved.contains(code)), "a statement stands in one tier");
}
