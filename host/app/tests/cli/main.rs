//! The binary as people and programs meet it: what is typed, what is read, how it ends, and what became of the
//! directory. Everything runs on the mock connector, or on another one with a directory in the host's memory; what real
//! servers do is in the crate `portcullis-tests`.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking, and so do their helpers")]

mod accounts;
mod approve;
mod audit_log;
mod audited;
mod broken;
mod ceiling;
mod commands;
mod completions;
mod configuration;
mod doctor;
mod durations;
mod files;
mod folder;
mod full_disk;
mod help;
mod inspect;
mod languages;
mod manual;
mod packaged;
mod page;
mod panics;
mod passwords;
mod pinning;
mod plugins;
mod policy;
mod prompt;
mod replay;
mod report;
mod run;
mod secrets;
mod service;
mod terminal;
mod typed;
