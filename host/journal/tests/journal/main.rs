//! The journal as the service uses it, and as a disk that fails leaves it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, in its helpers too")]

mod given;
mod life;
