//! Directories that go away, come back, are one of two, or drip, under a service that goes on taking operations: none is
//! lost, none is refused for it, and the order of each account is kept. On a real slapd.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, in its helpers too")]

mod crowd;
mod order;
mod servers;
mod slow;
mod swap;

use std::time::Duration;

/// Longer than anything here takes on a slow machine.
pub(crate) const WAIT: Duration = Duration::from_secs(90);

/// Trying again comes soon; nothing here is about how often a caller may ask.
pub(crate) const TOML: &str = r#"
[delivery]
retry-first = "100ms"
retry-longest = "1s"
breaker-failures = 3
breaker-pause = "300ms"
[limits]
account-rate = "1000/s"
"#;
