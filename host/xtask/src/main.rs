//! `cargo xtask`: what it takes to build, try and test the project, for people who just cloned it and for CI.
//!
//! It builds with cargo alone, starts servers on loopback alone, and installs packages only where a command says so. It
//! is no part of what is shipped.

mod bench;
mod check;
mod deb;
mod demo;
mod examples;
mod fuzz;
mod install;
mod interrupt;
mod plugins;
mod run;
mod servers;
mod skips;
mod supply;
mod test;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Builds, tries and tests Portcullis.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Reset a password, from a clean clone: builds everything, sets up a folder, shows what the connector did.
    Demo(demo::Arguments),
    /// Run every test, those against real directory servers included.
    Test(test::Arguments),
    /// Build the plugins, the guests of the tests and the example connectors into target/plugins.
    Plugins,
    /// Measure the path of an operation.
    Bench(bench::Arguments),
    /// Give the host all kinds of input, and see whether a promise breaks (nightly compiler, cargo-fuzz).
    Fuzz(fuzz::Arguments),
    /// Formatting and lints.
    Check,
    /// Make the Debian package.
    Deb(deb::Arguments),
    /// Start or stop real directory servers, to try things by hand.
    Servers(servers::Arguments),
}

fn main() -> ExitCode {
    if let Err(error) = interrupt::prepare() {
        run::note(&format!("Ctrl-C will leave servers behind: {error}"));
    }
    let done = match Arguments::parse().command {
        Command::Demo(arguments) => demo::demo(&arguments),
        Command::Test(arguments) => test::test(&arguments),
        Command::Plugins => plugins::all().map(|skipped| skips::print(&skipped)),
        Command::Bench(arguments) => bench::bench(&arguments),
        Command::Fuzz(arguments) => fuzz::fuzz(&arguments),
        Command::Check => check::check(),
        Command::Deb(arguments) => deb::deb(&arguments),
        Command::Servers(arguments) => servers::by_hand(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
