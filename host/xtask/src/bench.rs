//! `cargo xtask bench`: the path of an operation and the service, measured, and BENCHMARKS.md written from what came out.

mod machine;
mod page;

use std::fs;

use serde_json::Value;

use crate::{
    install, plugins,
    run::{self, Result, cargo, note, root, step},
    servers::Kind,
};

/// `cargo xtask bench`
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// One of the measurements (instance, slapd, command, memory, requests, parts, start, backlog), or `service` for the
    /// last four; all of them if none is named.
    names: Vec<String>,
    /// Shorter, to see that everything works.
    #[arg(long)]
    quick: bool,
    /// Do not install slapd.
    #[arg(long)]
    no_install: bool,
}

/// The measurements of the service.
const SERVICE: [&str; 4] = ["requests", "parts", "start", "backlog"];

pub(crate) fn bench(arguments: &Arguments) -> Result {
    let names = measurements(&arguments.names);
    plugins::project()?;
    if !arguments.no_install && (names.is_empty() || names.contains(&"slapd")) {
        install::for_servers(&[Kind::Openldap])?;
    }
    step("building the host in release mode (the first time this takes 5 to 10 minutes)");
    let bench = || {
        let mut command = cargo();
        command.args(["bench", "--quiet", "--package", "portcullis", "--bench", "operation"]);
        command
    };
    run::run(bench().arg("--no-run"))?;
    // Taken now: the build is over, and the measurements have not begun.
    let machine = machine::look()?;
    step("measuring (about six minutes; leave the machine alone)");
    let out = root().join("target/bench.json");
    let mut command = bench();
    command.arg("--").arg("--out").arg(&out).args(&names);
    if arguments.quick {
        command.arg("--quick");
    }
    run::run(&mut command)?;
    if arguments.quick || !names.is_empty() {
        note("BENCHMARKS.md is as it was: it is written by a whole run alone");
        return Ok(());
    }
    let measured: Value = serde_json::from_slice(&fs::read(&out)?)?;
    fs::write(root().join("BENCHMARKS.md"), page::page(&machine, &measured))?;
    note("written to BENCHMARKS.md");
    Ok(())
}

/// What was named, with the groups taken apart.
fn measurements(names: &[String]) -> Vec<&str> {
    let one = |name: &'_ String| name == "service";
    let others = names.iter().filter(|name| !one(name)).map(String::as_str);
    let service = if names.iter().any(one) { &SERVICE[..] } else { &[] };
    others.chain(service.iter().copied()).collect()
}
