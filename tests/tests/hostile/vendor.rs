//! An ordinary vendor's plugin: it has a standard library and everything that belongs to one, and finds nothing there.

use portcullis_capabilities::{Offer, what_it_is};

use crate::world::{ALICE, NEW, World};

#[tokio::test]
async fn does_its_work_and_finds_nothing() {
    let world = World::new();
    let running = world.guest("vendor-std").start();
    running.reset().await.confirmed();
    assert!(running.binds(ALICE, NEW).await);
    // Standard output and error in lines of the log, the last one without its end included.
    let mut lines = world.log.of_connectors();
    lines.sort();
    let mut expected = [
        "resetting alice@people.example",
        "environment: nothing",
        "arguments: nothing",
        "input: nothing",
        "root: nothing",
        "here: nothing",
        "file: nothing",
        "writing: nothing",
        "clock: right",
        "warning: this vendor writes to standard error",
        "done, without the end of a line",
    ];
    expected.sort_unstable();
    assert_eq!(lines, expected);
    world.goes_on().await;
}

/// What it imports of WASI is told to be inert, and nothing else but the host's own interfaces is there.
#[tokio::test]
async fn inspection_says_that_wasi_is_inert() {
    let world = World::new();
    let running = world.guest("vendor-std").start();
    let imports = &running.connector.plugin.surface().imports;
    let of = |offer: Offer| imports.iter().filter(|import| Offer::of(&import.interface) == offer).count();
    assert!(of(Offer::Inert) >= 5, "{imports:?}");
    assert_eq!(of(Offer::Never), 0, "{imports:?}");
    let wasi = imports.iter().filter(|import| import.interface.starts_with("wasi:")).count();
    assert_eq!(of(Offer::Inert), wasi);
    for import in imports.iter().filter(|import| import.interface.starts_with("wasi:")) {
        assert!(what_it_is(&import.interface).contains("served inert"), "{}", import.interface);
    }
}

#[tokio::test]
async fn what_it_prints_is_bounded() {
    let world = World::new();
    let running = world.guest("vendor-std").set("limits.log", "4 KiB").start();
    running.change("correct horse battery").await.refused("plugin-fault", 18);
    let lines = world.log.of_connectors();
    assert!(lines.last().unwrap().contains("log volume for this operation is used up"), "{:?}", lines.last());
    let bytes: usize = lines.iter().map(String::len).sum();
    assert!(bytes < (4 << 10) + 200, "{bytes} bytes");
    world.goes_on().await;
}

/// A program that ends itself ends its operation, and not the host.
#[tokio::test]
async fn an_exit_is_one_of_the_plugin() {
    let world = World::new();
    let report = world.guest("vendor-std").start().verify("correct horse battery").await;
    report.refused("plugin-trapped", 18);
    world.goes_on().await;
}
