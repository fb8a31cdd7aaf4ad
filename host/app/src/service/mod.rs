//! The service: what an operator leaves running.

mod delivery;
