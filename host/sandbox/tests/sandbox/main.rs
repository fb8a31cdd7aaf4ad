//! What the sandbox promises, tried with plugins that are made to break it. The plugins are a few lines of text each;
//! the host that they see is made of the functions in `guest` and knows nothing of passwords or directories.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

mod cache;
mod fresh;
mod guest;
mod limits;
mod load;
mod room;
mod time;
