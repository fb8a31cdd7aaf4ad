//! A start with many connectors and a warm cache.

use std::fmt::Write as _;
use std::time::Instant;

use portcullis::service::registry::State;

use crate::folder::{Folder, TOML, mock, nobody_listens};

const CONNECTORS: usize = 100;

/// Half of them with a server: making ready for TLS takes its time, too. None of the servers is there, and nobody waits
/// for them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_connectors_start_without_waiting_for_a_directory() {
    let folder = Folder::new();
    let embedded = folder.read(TOML);
    let servers = nobody_listens(&embedded, "");
    for number in 1..CONNECTORS {
        let text = if number % 2 == 0 { &embedded } else { &servers };
        let accounts = format!("*@people-{number}.example");
        folder.write(&format!("connectors/c{number}.toml"), text.replace("*@people.example", &accounts));
    }
    folder.approve(&mock(0));
    let began = Instant::now();
    let registry = folder.start().await;
    let took = began.elapsed();
    let running = registry.states().iter().filter(|state| state.state == State::Running).count();
    let mut text = String::new();
    let _ = write!(text, "{running} connectors, one plugin in the cache: {took:?}");
    eprintln!("{text}");
    assert_eq!(running, CONNECTORS, "{:#?}", registry.states());
    // The goal of the service is one second in the release profile; this build is slower.
    assert!(took.as_secs() < 5, "{text}");
}
