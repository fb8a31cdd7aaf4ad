//! The sandbox: one engine, plugins loaded through an authenticated cache, and a fresh instance for every operation.
//!
//! This crate knows WebAssembly and nothing of passwords, directories or grants. It never keeps an instance after its
//! operation, never serves an interface by itself, and never maps native code that it did not compile or authenticate.

mod cache;
mod engine;
mod limits;
mod metadata;
mod plugin;
mod run;
mod surface;
mod ticker;
mod words;

pub use cache::{Cache, CacheError};
pub use engine::{Sandbox, SandboxOptions};
pub use limits::{Guarded, LimitHit, Limiter, Limits};
pub use metadata::Producer;
pub use plugin::{Digest, LoadError, Plugin, Signed};
pub use run::{Ended, Prepared};
pub use surface::{Import, Surface};
