//! `cargo xtask fuzz`: the targets in `fuzz/`, one after the other, each for some time; see docs/fuzzing.md.
//!
//! What a run learns is kept in `target/fuzz/corpus`, and nothing of it goes into git by itself.

mod stats;

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::{
    run::{self, Result, cargo_has, note, program, root, step},
    skips,
};
use stats::Stats;

/// `cargo xtask fuzz`
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// How long each target runs.
    #[arg(long, default_value_t = 600, value_parser = clap::value_parser!(u32).range(1..))]
    seconds: u32,
    /// So many inputs for each target, the same ones in every run: it shows that the targets build and run, as CI wants it.
    #[arg(long, conflicts_with = "seconds", value_parser = clap::value_parser!(u32).range(1..))]
    runs: Option<u32>,
    /// Only this target; may be there several times.
    #[arg(long = "target")]
    targets: Vec<String>,
}

const MANIFEST: &str = "fuzz/Cargo.toml";
const TOOLCHAIN: &str = "nightly";

/// The most memory of a target, and the longest time for one input: loading a plugin may take seconds with a sanitizer.
const LIMITS: [&str; 2] = ["-rss_limit_mb=2048", "-timeout=60"];

pub(crate) fn fuzz(arguments: &Arguments) -> Result {
    if let Some(missing) = missing() {
        skips::print(&[format!("fuzzing: {missing}")]);
        return if skips::required("tools") { Err("PORTCULLIS_REQUIRE wants fuzzing".into()) } else { Ok(()) };
    }
    let targets = targets(&arguments.targets)?;
    // What is fuzzed has the dependencies of what is shipped, in their versions; the fuzzer's own are added.
    fs::copy(root().join("Cargo.lock"), root().join("fuzz/Cargo.lock"))?;
    step("building the targets with a sanitizer (the first time this takes a quarter of an hour)");
    run::run(&mut tool("build"))?;
    let mut ran = Vec::new();
    for target in targets {
        let until = match arguments.runs {
            Some(runs) => format!("{runs} inputs"),
            None => format!("{} s", arguments.seconds),
        };
        step(&format!("{target}, {until}"));
        ran.push(one(&target, arguments)?);
    }
    println!("\n{}", stats::table(&ran));
    let found: Vec<&Stats> = ran.iter().filter(|stats| stats.finding.is_some()).collect();
    for stats in &found {
        // The machine on which it was found may be gone when somebody reads this.
        println!("\n{}: what it said, and the input\n{}", stats.target, stats.said);
        let file = stats.finding.as_deref().unwrap_or_default();
        note(&format!("{}: {file}", stats.target));
        note(&format!("again: cargo +{TOOLCHAIN} fuzz run --target-dir target/fuzz {} {file}", stats.target));
        note(&format!("mended: put the file into fuzz/regressions/{}, smaller if that is easy", stats.target));
    }
    if found.is_empty() { Ok(()) } else { Err(format!("{} target(s) found something", found.len()).into()) }
}

/// What is needed and not there.
fn missing() -> Option<String> {
    let mut nightly = program("rustup");
    nightly.args(["run", TOOLCHAIN, "rustc", "--version"]).stdout(Stdio::null()).stderr(Stdio::null());
    if !nightly.status().is_ok_and(|status| status.success()) {
        return Some(format!("there is no {TOOLCHAIN} compiler (rustup toolchain install {TOOLCHAIN})"));
    }
    (!cargo_has("fuzz")).then(|| "cargo-fuzz is not installed (cargo install cargo-fuzz --locked)".to_owned())
}

/// The names of the targets: all of them, or those that were asked for.
fn targets(asked: &[String]) -> Result<Vec<String>> {
    let packages = run::packages(&root().join(MANIFEST))?;
    let binaries = packages.iter().flat_map(|package| package["targets"].as_array().into_iter().flatten());
    let mut all: Vec<String> = binaries.filter_map(|target| target["name"].as_str().map(str::to_owned)).collect();
    if let Some(unknown) = asked.iter().find(|name| !all.contains(name)) {
        return Err(format!("there is no target {unknown}; there are {}", all.join(", ")).into());
    }
    all.retain(|name| asked.is_empty() || asked.contains(name));
    Ok(all)
}

/// cargo-fuzz with a compiler that has sanitizers.
fn tool(subcommand: &str) -> Command {
    let mut command = program("rustup");
    command.args(["run", TOOLCHAIN, "cargo", "fuzz", subcommand, "--fuzz-dir", "fuzz", "--target-dir", "target/fuzz"]);
    // One unit makes code that is a little faster, and a build that takes many times as long.
    command.args(["--codegen-units", "16"]);
    // What people set for the host's own build does not fit this one.
    command.env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS");
    command
}

fn one(target: &str, arguments: &Arguments) -> Result<Stats> {
    let folder = |kind: &str| -> Result<PathBuf> {
        let folder = root().join("target/fuzz").join(kind).join(target);
        fs::create_dir_all(&folder)?;
        Ok(folder)
    };
    let log = folder("logs")?.join("run.log");
    let file = File::create(&log)?;
    let mut command = tool("run");
    // What is new goes into the first folder, and the others are read. What an earlier run learned would make other inputs.
    command.arg(target).arg(match arguments.runs {
        Some(_) => empty(folder("same")?)?,
        None => folder("corpus")?,
    });
    for kind in ["seeds", "regressions"] {
        command.args(Some(root().join("fuzz").join(kind).join(target)).filter(|folder| folder.is_dir()));
    }
    command.arg("--").args(LIMITS).arg("-print_final_stats=1");
    match arguments.runs {
        Some(runs) => command.arg(format!("-runs={runs}")).arg("-seed=1"),
        None => command.arg(format!("-max_total_time={}", arguments.seconds)),
    };
    command.arg(format!("-artifact_prefix={}/", folder("findings")?.display()));
    let dictionary = root().join("fuzz/dictionaries").join(target);
    if dictionary.is_file() {
        command.arg(format!("-dict={}", dictionary.display()));
    }
    let status = run::status(command.stdout(file.try_clone()?).stderr(file))?;
    let text = String::from_utf8_lossy(&fs::read(&log)?).into_owned();
    let stats = Stats::read(target, &text);
    if status.success() == stats.finding.is_some() || stats.executions == 0 {
        return Err(format!("{target} did not run ({status}): see {}", log.display()).into());
    }
    note(&stats.line());
    Ok(stats)
}

fn empty(folder: PathBuf) -> Result<PathBuf> {
    fs::remove_dir_all(&folder)?;
    fs::create_dir_all(&folder)?;
    Ok(folder)
}
