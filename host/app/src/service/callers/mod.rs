//! Who asks, and for what they may ask: callers by token, client certificate or uid, and how often.
//!
//! Nothing here reads a request or a file: the API brings what the connection showed, and
//! [`ServiceConfig`](crate::config::ServiceConfig) what the operator allows. Who is not known gets nothing, and who is
//! known gets what its section names and nothing else.

mod caller;
mod fold;
mod rates;
mod registry;
mod token;

pub use caller::Caller;
pub use fold::folded;
pub use rates::{Rates, TooMany, Whose};
pub use registry::Callers;
pub use token::Token;
