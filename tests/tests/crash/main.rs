//! A service that is killed (SIGKILL) after every entry of its journal, for every kind of operation, on a real slapd: in
//! the end each operation is done once, or refused, or unknown; never lost and never done twice.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, in its helpers too")]

mod crowd;
mod each_entry;
mod life;
mod on_the_way;
mod power;
mod scene;
