//! The binary `portcullis`. Everything it does is in the library beside it.

use std::process::ExitCode;

use portcullis::commands::Cli;
use portcullis::{panics, show};

#[tokio::main(worker_threads = 2)]
async fn main() -> ExitCode {
    panics::install();
    // As a task, so that a panic that nobody caught still ends with a code of the table.
    tokio::spawn(Cli::from_command_line().run()).await.unwrap_or(show::ExitCode::Internal).into()
}
