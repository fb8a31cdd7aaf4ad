//! Which connectors a service runs: approved or not, changed, broken, taken away. Through the public registry, with the
//! mock connector on a directory in the host's memory.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, in its helpers too")]

mod approval;
mod at_once;
mod broken;
mod ceiling;
mod folder;
mod follow;
mod route;
mod start;
mod swap;
mod told;
