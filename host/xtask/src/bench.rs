//! `cargo xtask bench`: the path of an operation, measured.

use crate::{
    plugins,
    run::{self, Result, cargo, step},
};

/// `cargo xtask bench`
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Passed on to the benchmark, for example the name of one measurement.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

pub(crate) fn bench(arguments: &Arguments) -> Result {
    plugins::project()?;
    step("measuring");
    run::run(cargo().args(["bench", "--package", "portcullis", "--bench", "operation", "--"]).args(&arguments.rest))
}
