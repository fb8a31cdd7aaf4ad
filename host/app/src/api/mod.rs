//! The HTTP interface.

pub mod listen;
pub mod problem;
pub mod request;
