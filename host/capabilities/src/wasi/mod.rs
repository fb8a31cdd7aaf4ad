//! WASI, served inert. A plugin built with a standard library for `wasm32-wasip2` imports it whether it uses it or not.
//! It sees no file, no environment, no argument, no input and no socket; what it prints goes to the log. Random
//! numbers are real, since they reach nothing; clocks stand still (see [`clock`]). Sockets and HTTP are not served at all: a plugin that imports
//! them is refused when it is loaded.

mod clock;
mod output;

use wasmtime::component::{HasData, Linker, ResourceTable};
use wasmtime_wasi::cli::{WasiCli, WasiCliView};
use wasmtime_wasi::filesystem::{WasiFilesystem, WasiFilesystemView};
use wasmtime_wasi::p2::bindings::{cli, clocks, filesystem, random};
use wasmtime_wasi::random::WasiRandom;
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};
use wasmtime_wasi_io::bindings::wasi::io;

use crate::log::Sink;
use crate::state::OperationState;

pub(crate) use clock::Clock;

/// The packages whose interfaces are served, in any 0.2 version.
pub const PACKAGES: [&str; 5] = ["wasi:cli/", "wasi:clocks/", "wasi:filesystem/", "wasi:io/", "wasi:random/"];

/// Whether an imported interface is one that is served inert.
#[must_use]
pub fn is_inert(interface: &str) -> bool {
    PACKAGES.iter().any(|package| interface.starts_with(package))
}

/// The most random bytes that one call may ask for.
const MAX_RANDOM: u64 = 64 << 10;

pub(crate) fn context(sink: &Sink) -> WasiCtx {
    let mut builder = WasiCtxBuilder::new();
    builder
        .stdout(output::LogStream::new(sink.clone(), "stdout"))
        .stderr(output::LogStream::new(sink.clone(), "stderr"))
        .max_random_size(MAX_RANDOM)
        .allow_tcp(false)
        .allow_udp(false)
        .allow_ip_name_lookup(false)
        .build()
}

impl WasiView for OperationState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let Self { wasi, sink, table, .. } = self;
        WasiCtxView { ctx: wasi.get_or_insert_with(|| context(sink)), table }
    }
}

struct Io;

impl HasData for Io {
    type Data<'a> = &'a mut ResourceTable;
}

/// Adds what is served inert, and nothing that reaches out.
pub(crate) fn add_to_linker(linker: &mut Linker<OperationState>) -> wasmtime::Result<()> {
    type T = OperationState;
    io::error::add_to_linker::<T, Io>(linker, |t| t.ctx().table)?;
    io::poll::add_to_linker::<T, Io>(linker, |t| t.ctx().table)?;
    io::streams::add_to_linker::<T, Io>(linker, |t| t.ctx().table)?;
    clocks::wall_clock::add_to_linker::<T, clock::Has>(linker, clock::of)?;
    clocks::monotonic_clock::add_to_linker::<T, clock::Has>(linker, clock::of)?;
    filesystem::types::add_to_linker::<T, WasiFilesystem>(linker, T::filesystem)?;
    filesystem::preopens::add_to_linker::<T, WasiFilesystem>(linker, T::filesystem)?;
    random::random::add_to_linker::<T, WasiRandom>(linker, |t| t.ctx().ctx.random())?;
    random::insecure::add_to_linker::<T, WasiRandom>(linker, |t| t.ctx().ctx.random())?;
    random::insecure_seed::add_to_linker::<T, WasiRandom>(linker, |t| t.ctx().ctx.random())?;
    cli::exit::add_to_linker::<T, WasiCli>(linker, T::cli)?;
    cli::environment::add_to_linker::<T, WasiCli>(linker, T::cli)?;
    cli::stdin::add_to_linker::<T, WasiCli>(linker, T::cli)?;
    cli::stdout::add_to_linker::<T, WasiCli>(linker, T::cli)?;
    cli::stderr::add_to_linker::<T, WasiCli>(linker, T::cli)?;
    cli::terminal_input::add_to_linker::<T, WasiCli>(linker, T::cli)?;
    cli::terminal_output::add_to_linker::<T, WasiCli>(linker, T::cli)?;
    cli::terminal_stdin::add_to_linker::<T, WasiCli>(linker, T::cli)?;
    cli::terminal_stdout::add_to_linker::<T, WasiCli>(linker, T::cli)?;
    cli::terminal_stderr::add_to_linker::<T, WasiCli>(linker, T::cli)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_reaches_out_counts_as_inert() {
        for outward in
            ["wasi:sockets/tcp@0.2.6", "wasi:http/outgoing-handler@0.2.6", "wasi:keyvalue/store@0.2.0", "wasi:clix/x"]
        {
            assert!(!is_inert(outward), "{outward}");
        }
        assert!(is_inert("wasi:cli/environment@0.2.6"));
    }
}
