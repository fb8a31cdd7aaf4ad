//! Texts of plugins: bounded, in one line, and obeyed by no terminal. `Running::ask` looks at every text of every
//! operation; here is what is left of them.

use crate::world::{ALICE, NEW, World};

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
