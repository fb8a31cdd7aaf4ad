//! `portcullis completions`: what a shell needs to complete a command line, made from the commands themselves.
//!
//! It knows commands, options and files. It never asks a directory, so it completes no accounts.

use clap::{CommandFactory as _, ValueEnum};
use clap_complete::aot;

use super::Cli;
use super::setup::Setup;
use crate::show::ExitCode;

/// A shell whose completions are tried by the tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Shell {
    /// To be loaded by bash-completion, or with `source`.
    Bash,
    /// A function `_portcullis` for a folder of `fpath`.
    Zsh,
    /// For a folder `vendor_completions.d`.
    Fish,
}

pub(super) fn run(setup: &Setup, shell: Shell) -> ExitCode {
    let shell = match shell {
        Shell::Bash => aot::Shell::Bash,
        Shell::Zsh => aot::Shell::Zsh,
        Shell::Fish => aot::Shell::Fish,
    };
    let mut script = Vec::new();
    aot::generate(shell, &mut Cli::command(), "portcullis", &mut script);
    setup.print(&String::from_utf8_lossy(&script));
    ExitCode::Done
}
