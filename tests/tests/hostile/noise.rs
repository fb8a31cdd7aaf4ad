//! Texts of plugins: bounded, in one line, and obeyed by no terminal. `Running::ask` looks at every text of every
//! operation; here is what is left of them.

use crate::world::{ALICE, NEW, World};

#[tokio::test]
async fn a_line_of_the_log_cannot_be_forged() {
    let world = World::new();
    world.hostile("log-forge").start().reset().await.confirmed();
    let lines = world.log.of_connectors();
    assert_eq!(lines, [" [2J [31mred  2026-01-01T00:00:00Z ERROR portcullis: forged   end"]);
}

#[tokio::test]
async fn a_flood_of_lines_ends() {
    let world = World::new();
    let report = world.hostile("log-flood").set("limits.host-calls", 100_000).set("limits.log", "8 KiB").start();
    report.reset().await.confirmed();
    let lines = world.log.of_connectors();
    assert!(lines.last().unwrap().contains("log volume for this operation is used up"), "{:?}", lines.last());
    let bytes: usize = lines.iter().map(String::len).sum();
    assert!(lines.len() > 10 && bytes < (8 << 10) + 200, "{} lines of {bytes} bytes", lines.len());
    world.goes_on().await;
}

/// What is below the operator's level is not kept, and not counted.
#[tokio::test]
async fn a_level_is_kept() {
    let world = World::new();
    world.hostile("log-forge").set("log.level", "error").start().reset().await.confirmed();
    assert_eq!(world.log.of_connectors(), Vec::<String>::new());
}

#[tokio::test]
async fn notes_without_number_and_end() {
    let world = World::new();
    let many = world.hostile("many-notes").start().reset().await;
    let long = world.hostile("long-notes").start().reset().await;
    assert_eq!((many.confirmed().notes.len(), long.confirmed().notes.len()), (16, 3));
    for note in many.confirmed().notes.iter().chain(&long.confirmed().notes) {
        assert!(note.code.len() <= 64 + '…'.len_utf8() && note.text.len() <= 512 + '…'.len_utf8(), "{note:?}");
        assert!(!format!("{}{}", note.code, note.text).contains(char::is_control), "{note:?}");
    }
    let report = world.hostile("many-effects").start().reset().await;
    assert_eq!(report.confirmed().effects.len(), 1);
    world.goes_on().await;
}

#[tokio::test]
async fn a_detail_without_end() {
    let world = World::new();
    let running = world.hostile("large-detail").start();
    let report = running.reset().await;
    let fault = report.refused("directory-refused", 19);
    assert!(fault.detail.len() <= 1024 + '…'.len_utf8(), "{}", fault.detail.len());
    assert!(!fault.detail.contains(char::is_control) && !fault.caller_text().contains("forged"), "{fault}");
    assert!(!running.binds(ALICE, NEW).await);
    world.goes_on().await;
}
