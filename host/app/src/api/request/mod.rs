//! What a caller sends: the body of an operation, and the headers about it.

mod body;
mod given;
mod idempotency;
pub mod prefer;
mod read;

pub use body::Asked;
pub(crate) use body::OperationRequest;
pub use idempotency::key;
pub use prefer::Preferences;
pub use read::{MOST_BODY, body};
