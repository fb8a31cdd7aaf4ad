//! The audit log as its readers meet it: what is written, what is found when somebody changed it, and what several
//! writers make of it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, in its helpers too")]

mod absent;
mod altered;
mod follow;
mod given;
mod lines;
mod page;
mod shared;
