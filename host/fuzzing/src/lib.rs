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
#[cfg(feature = "app")]
mod api;
mod audit;
#[cfg(feature = "app")]
mod ceiling;
#[cfg(feature = "engine")]
mod component;
#[cfg(feature = "app")]
mod config;
mod dn;
mod envelope;
mod filter;
#[cfg(feature = "engine")]
mod grants;
#[cfg(feature = "engine")]
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

/// Every target.
pub const TARGETS: &[Target] = &[
    #[cfg(feature = "app")]
    Target { name: "config", run: config::run },
    #[cfg(feature = "app")]
    Target { name: "ceiling", run: ceiling::run },
    Target { name: "filter", run: filter::run },
    Target { name: "dn", run: dn::run },
    #[cfg(feature = "engine")]
    Target { name: "grants", run: grants::run },
    Target { name: "envelope", run: envelope::run },
    #[cfg(feature = "app")]
    Target { name: "api", run: api::run },
    #[cfg(feature = "engine")]
    Target { name: "component", run: component::run },
    Target { name: "answer", run: answer::run },
    Target { name: "audit", run: audit::run },
];

/// The function of a target.
///
/// # Panics
/// If there is no such target.
#[must_use]
pub fn target(name: &str) -> fn(&[u8]) {
    TARGETS.iter().find(|target| target.name == name).expect("a target of this name").run
}
