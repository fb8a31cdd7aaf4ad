//! What the variations of a hostile attempt come to, and what a grant changes about it. The attempts themselves, with what
//! the audit log says of them, are in `tests/tests/corpus`.
//!
//! Tried by plugins that do it (`tests/plugins`), over the host's one path of an operation and the directory inside the
//! host. Denied first; then, where a grant can allow it, the same plugin with the grant.
//!
//! After each attempt an ordinary operation follows in the same process, and what was done is read from the directory
//! and not from what anybody says.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod binds;
mod clock;
mod handles;
mod lies;
mod load;
mod memory;
mod noise;
mod read_only;
mod reads;
mod repeating;
mod revealing;
mod room;
mod vendor;
mod world;
mod writes;
