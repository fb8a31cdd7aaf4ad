//! The journal as the service uses it, and as a disk that fails leaves it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, in its helpers too")]

mod acceptance;
mod backups;
mod commits;
mod damage;
mod erasure;
mod folders;
mod given;
mod life;
mod lists;
mod transitions;
