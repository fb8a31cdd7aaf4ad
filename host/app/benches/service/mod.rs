//! The service, measured: through its HTTP interface, from its start, and after an outage.
//!
//! The journal is on the disk of the temporary folder, with every commit synced as in production, and so is the audit
//! log, which the service always writes. The callers run in the same process, on a runtime of their own, and so on the
//! same processors as the service.

mod audit;
mod backlog;
mod batches;
mod client;
mod open;
mod parts;
mod requests;
mod server;
mod start;
mod world;

pub(crate) use backlog::measure as backlog;
pub(crate) use parts::measure as parts;
pub(crate) use requests::measure as requests;
pub(crate) use start::measure as start;
