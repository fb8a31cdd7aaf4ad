//! The report for people on a terminal, for programs, for code scanning, and for reviewers. Nothing here decides anything.

mod html;
mod json;
mod sarif;
mod text;
mod words;

pub use html::html;
pub use json::json;
pub use sarif::sarif;
pub use text::text;
