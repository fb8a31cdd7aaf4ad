//! The binary `portcullis`. Everything it does is in the library beside it.

use std::process::ExitCode;

use clap::Parser as _;
use portcullis::commands::Cli;

#[tokio::main(worker_threads = 2)]
async fn main() -> ExitCode {
    Cli::parse().run().await.into()
}
