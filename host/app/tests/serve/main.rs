//! `portcullis serve` as a process, over real sockets: what it refuses, what it never tells, how it lives and ends, and
//! what an operator says to it. The mock connector's directory is in the host's memory, and keeps what was changed in a
//! file that the tests read.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    reason = "a test fails by panicking, in its helpers too"
)]

mod alarms;
mod anchors;
#[path = "../shared/answer.rs"]
mod answer;
mod bad_input;
mod ceiling;
#[path = "../shared/certificates.rs"]
mod certificates;
mod commands;
mod dropin;
mod events;
mod http;
mod life;
mod limits;
mod process;
mod record;
mod reload;
mod sealed;
mod secrets;
mod tls;
mod world;
