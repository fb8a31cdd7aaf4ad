//! The HTTP interface of a whole service: real doors, a real journal, the mock connector.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    reason = "a test fails by panicking, in its helpers too"
)]

#[path = "../shared/answer.rs"]
mod answer;
mod clients;
mod credentials;
mod description;
mod errors;
mod events;
mod operations;
mod server;
