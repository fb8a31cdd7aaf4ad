//! What the engine's macro makes of `wit/`: generated, nothing of ours.

#![allow(missing_docs, unreachable_pub, clippy::all, reason = "generated code")]

wasmtime::component::bindgen!({
    path: "../../wit",
    world: "host",
    imports: { default: async | trappable },
    exports: { default: async },
    with: { "portcullis:writeback/secrets.password": crate::secrets::Held },
});
