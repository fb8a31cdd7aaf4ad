//! What is fuzzed: one function for each target, which takes bytes and panics if a promise of the host is broken.
//!
//! The binaries in `fuzz/` give these functions to libFuzzer; the test of this crate runs them over `fuzz/seeds` and
//! `fuzz/regressions` on the stable compiler. `docs/fuzzing.md` says what each target promises.
//!
//! Where a promise is about meaning, a target judges by an oracle of its own, written from the RFC and sharing no code
//! with what it judges. Targets reach the host through its public interface; nothing here is part of what is shipped.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a target fails by panicking: this is what a fuzzer sees"
)]

mod answer;
mod api;
mod component;
mod config;
mod dn;
mod envelope;
mod filter;
mod grants;
mod oracle;
mod scratch;

/// One thing that is fuzzed.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// The name of the binary in `fuzz/`, and of the folders with its seeds and regressions.
    pub name: &'static str,
    /// Takes any bytes. Panics if a promise is broken.
    pub run: fn(&[u8]),
}

/// Every target, in the order in which `cargo xtask fuzz` runs them.
pub const TARGETS: [Target; 8] = [
    Target { name: "config", run: config::run },
    Target { name: "filter", run: filter::run },
    Target { name: "dn", run: dn::run },
    Target { name: "grants", run: grants::run },
    Target { name: "envelope", run: envelope::run },
    Target { name: "api", run: api::run },
    Target { name: "component", run: component::run },
    Target { name: "answer", run: answer::run },
];

/// The function of a target.
///
/// # Panics
/// If there is no such target.
#[must_use]
pub fn target(name: &str) -> fn(&[u8]) {
    TARGETS.iter().find(|target| target.name == name).expect("a target of this name").run
}
