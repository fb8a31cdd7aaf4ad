//! The binary `portcullis`. Everything it does is in the library beside it.

use std::process::ExitCode;

use portcullis::commands::Cli;
use portcullis::{panics, show};

/// A core file would hold passwords and keys. Where the limit cannot be set, there is none to be raised either.
fn without_core_files() {
    let none = rustix::process::Rlimit { current: Some(0), maximum: Some(0) };
    let _ = rustix::process::setrlimit(rustix::process::Resource::Core, none);
}

#[tokio::main]
async fn main() -> ExitCode {
    panics::install();
    without_core_files();
    // As a task, so that a panic that nobody caught still ends with a code of the table.
    tokio::spawn(Cli::from_command_line().run()).await.unwrap_or(show::ExitCode::Internal).into()
}
