//! Recording and replaying, with the project's connectors on embedded directories that misbehave on demand: the same
//! grants never diverge, and every other grant, limit and plugin that matters is told by its type.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, in its helpers too")]

mod divergences;
mod file;
mod located;
mod same;
mod slapd;
mod withheld;
mod world;
