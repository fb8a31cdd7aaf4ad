//! The hostile corpus: plugins that try to hurt. Each is a component of its own, built from source; each is contained,
//! recorded as what it is, and followed by an ordinary operation in the same process, at once.
//!
//! Read the tables in the files of this folder: what a plugin tries, what holds it, and every fact of its operation in
//! the audit log. The same tables are `docs/hostile-corpus.md`. What the variations of an attempt come to is in
//! `tests/tests/hostile`.
//!
//! The plugins are `tests/plugins/corpus/examples/*.rs`, and `text/*.wat` for what no compiler makes.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod facts;
mod files;
mod handles;
mod host;
mod item;
mod lists;
#[path = "../hostile/world/log.rs"]
mod log;
mod logs;
mod page;
mod passwords;
#[path = "../hostile/world/people.rs"]
mod people;
mod reads;
mod room;
mod text;
mod time;
mod writes;
