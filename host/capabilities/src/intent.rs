//! What has to happen before an effect of an operation leaves the host.
//!
//! A service writes down that the operation is being acted on, and what led to each effect; only then may a write, or a
//! bind as the account, go to a directory. After a crash it can tell what was surely not sent from what may have been.
//! Nothing here decides whether an effect is allowed: that was decided before.

use portcullis_model::{Fault, Trace};

/// Asked before each effect of an operation.
#[async_trait::async_trait]
pub trait Intent: Send + Sync {
    /// Before the first effect. Returns when the intent is safe on disk. What was recorded until now may be kept along
    /// with it.
    ///
    /// # Errors
    /// The effect does not happen, and neither does any later one of the operation.
    async fn before_effect(&self, so_far: &Trace) -> Result<(), Fault>;

    /// Before each further effect. Returns when what was recorded since the last one is kept.
    ///
    /// # Errors
    /// The effect does not happen, and neither does any later one of the operation; those before it did.
    async fn before_further_effect(&self, so_far: &Trace) -> Result<(), Fault>;
}
