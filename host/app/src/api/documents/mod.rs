//! What callers read: each document is a type with a schema, filled from what the service knows. A member that is not
//! written here is in no answer.

mod connector;
mod event;
mod moment;
mod operation;
mod receipt;

pub use connector::{ConnectorDocument, Connectors};
pub use event::EventDocument;
pub use moment::{read as read_moment, write as moment};
pub use operation::{OperationDocument, Operations};
pub use receipt::{FaultDocument, ReceiptDocument};
