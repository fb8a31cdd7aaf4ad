//! The HTTP interface.

pub mod listen;
