//! The report for people on a terminal, for programs, for code scanning, and for reviewers. Nothing here decides anything.

mod json;
mod text;
mod words;

pub use json::json;
pub use text::text;
