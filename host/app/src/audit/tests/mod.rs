//! The report as pure functions: statements, findings, forms.

mod ceiling;
mod forms;
mod log;
mod paste;
mod proved;
mod world;
