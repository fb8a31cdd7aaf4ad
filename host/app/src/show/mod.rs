//! How things are shown: for people on a terminal, for programs as JSON. Nothing here decides anything.

mod connectors;
mod exit;
mod json;
mod people;
mod replay;

pub use connectors::{ceiling, connectors};
pub use exit::ExitCode;
pub use json::{
    fault as fault_json, outcome as outcome_json, problem as problem_json, receipt as receipt_json, to_text,
};
pub use people::{fault, line, outcome, trace};
pub use replay::{Replayed, replay, replay_json, verdict};
