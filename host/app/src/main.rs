//! The binary `portcullis`. Everything it does is in the library beside it.

use std::process::ExitCode;

use portcullis::commands::Cli;
use portcullis::{panics, show};
use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
use zeroizing_alloc::ZeroAlloc;

/// Every block of the heap is overwritten when it is freed: what TLS, HTTP, JSON and LDAP libraries put a password into
/// on its way is gone with their buffers.
#[global_allocator]
static HEAP: ZeroAlloc<std::alloc::System> = ZeroAlloc(std::alloc::System);

/// A core file would hold keys, and the passwords of operations under way. The limit says so to the kernel's own files,
/// the flag also to a program that takes core files (core(5), `core_pattern`), and keeps debuggers of the same user away.
/// Where one of them cannot be set, there is nothing to be done about it.
fn without_core_files() {
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
}

#[tokio::main]
async fn main() -> ExitCode {
    panics::install();
    without_core_files();
    // As a task, so that a panic that nobody caught still ends with a code of the table.
    tokio::spawn(Cli::from_command_line().run()).await.unwrap_or(show::ExitCode::Internal).into()
}
