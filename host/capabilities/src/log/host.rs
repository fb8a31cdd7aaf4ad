//! The function of the interface `log`.

use portcullis_model::Use;

use crate::bindings::portcullis::writeback::log::{Host, Level as WitLevel};
use crate::log::Level;
use crate::state::OperationState;

impl Host for OperationState {
    async fn log(&mut self, level: WitLevel, message: String) -> wasmtime::Result<()> {
        self.charge()?;
        let level = match level {
            WitLevel::Debug => Level::Debug,
            WitLevel::Info => Level::Info,
            WitLevel::Warn => Level::Warn,
            WitLevel::Error => Level::Error,
        };
        if self.context.grants.log.as_ref().is_some_and(|grant| level >= grant.level) {
            self.sink.line(level, "log", &message);
            self.used_once(Use::Log, super::allowed);
        }
        Ok(())
    }
}
