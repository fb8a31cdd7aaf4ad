//! The function of the interface `reveal`.

use wasmtime::component::Resource;

use crate::bindings::portcullis::writeback::reveal::{Denied, Host};
use crate::secrets::Held;
use crate::state::OperationState;

impl Host for OperationState {
    async fn reveal(&mut self, password: Resource<Held>) -> wasmtime::Result<Result<String, Denied>> {
        self.charge()?;
        let held = self.table.get(&password)?.clone();
        let label = held.label;
        // Without the grant the linker does not even hold this function; asking again costs nothing.
        let grant = self.context.grants.reveal.clone().unwrap_or_default();
        match grant.permit(held) {
            Ok(permitted) => {
                self.trace.record(super::allowed(label));
                let secret = permitted.into_inner().secret;
                let text = secret.expose_secret().to_owned();
                self.revealed.push(secret);
                Ok(Ok(text))
            }
            Err(reason) => {
                self.deny(super::denied(label, reason.clone()), &reason);
                Ok(Err(Denied { reason }))
            }
        }
    }
}
