//! The service: what is accepted is delivered, once, and what became of it is told. Through the public `Service`, with
//! the mock connector on a directory in the host's memory.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, in its helpers too")]

mod again;
mod audited;
mod deliver;
mod repeat;
mod world;
