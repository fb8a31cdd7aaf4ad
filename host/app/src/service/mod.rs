//! The service: what an operator leaves running.

pub mod callers;
mod delivery;
