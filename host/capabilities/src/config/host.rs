//! The function of the interface `config`.

use crate::bindings::portcullis::writeback::config::Host;
use crate::state::OperationState;

impl Host for OperationState {
    async fn get(&mut self, name: String) -> wasmtime::Result<Option<String>> {
        self.charge()?;
        Ok(self.context.grants.config.as_ref().and_then(|settings| settings.get(&name).cloned()))
    }
}
