//! The functions of the interface `secrets`.

use wasmtime::component::Resource;

use crate::bindings::portcullis::writeback::secrets::{Host, HostPassword};
use crate::secrets::Held;
use crate::state::OperationState;

impl Host for OperationState {}

impl HostPassword for OperationState {
    async fn label(&mut self, password: Resource<Held>) -> wasmtime::Result<String> {
        self.charge()?;
        Ok(self.table.get(&password)?.label.name().to_owned())
    }

    async fn drop(&mut self, _: Resource<Held>) -> wasmtime::Result<()> {
        // Only borrows are ever handed out, and the engine drops those by itself.
        Err(wasmtime::Error::msg("a connector dropped a password that it does not own"))
    }
}
