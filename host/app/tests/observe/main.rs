//! What can be seen of a running service: log lines, metrics, traces. Through `Service`, with the mock connector.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, in its helpers too")]

mod authority;
mod canary;
mod collector;
mod forward;
mod lines;
mod metrics;
mod otlp;
mod world;
