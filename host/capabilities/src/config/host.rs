//! The function of the interface `config`.

use portcullis_model::Use;

use crate::bindings::portcullis::writeback::config::Host;
use crate::state::OperationState;

impl Host for OperationState {
    async fn get(&mut self, name: String) -> wasmtime::Result<Option<String>> {
        self.charge()?;
        let value = self.context.grants.config.as_ref().and_then(|settings| settings.get(&name).cloned());
        if value.is_some() {
            self.used_once(Use::Setting { name: name.clone() }, || super::allowed(name));
        }
        Ok(value)
    }
}
