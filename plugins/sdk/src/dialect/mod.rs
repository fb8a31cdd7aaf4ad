//! How kinds of directories speak: why they refuse, and how they write times. Pure functions of what was answered.

pub mod active_directory;
pub mod ppolicy;
pub mod time;
