//! On what was measured: the machine, the compiler, the commit, and how busy the machine was.

use std::{fs, process::Command};

use crate::run::{self, Result, root};

/// What is said of the machine: a word and its value, in order.
pub(crate) type Machine = Vec<(&'static str, String)>;

pub(crate) fn look() -> Result<Machine> {
    let read = |path: &str| fs::read_to_string(path).map_err(|e| format!("{path}: {e}"));
    let cpu = read("/proc/cpuinfo")?;
    let model = value(&cpu, "model name").or_else(|| value(&cpu, "CPU part")).unwrap_or("unknown");
    let processors = std::thread::available_parallelism()?;
    let memory: u64 = read("/proc/meminfo").map(|text| kib(&text).unwrap_or_default())?;
    let load = read("/proc/loadavg")?;
    Ok(vec![
        ("Date", run::output(Command::new("date").args(["-u", "+%Y-%m-%d %H:%M UTC"]))?.trim().to_owned()),
        ("Commit", commit()),
        ("Processor", format!("{model}, {processors} for this program")),
        ("Memory", format!("{:.1} GiB", memory as f64 / 1024.0 / 1024.0)),
        ("Kernel", read("/proc/sys/kernel/osrelease")?.trim().to_owned()),
        ("Compiler", run::output(Command::new("rustc").arg("--version").current_dir(root()))?.trim().to_owned()),
        ("Load when it began", format!("{} (average of a minute)", load.split(' ').next().unwrap_or_default())),
    ])
}

/// The commit, and whether something was changed since.
fn commit() -> String {
    let git = |arguments: &[&str]| run::output(Command::new("git").args(arguments).current_dir(root()));
    match (git(&["rev-parse", "--short=12", "HEAD"]), git(&["status", "--porcelain", "--untracked-files=no"])) {
        (Ok(commit), Ok(changes)) => {
            let changed = changes.lines().any(|line| !line.ends_with(" BENCHMARKS.md"));
            format!("{}{}", commit.trim(), if changed { ", with changes that were not committed" } else { "" })
        }
        _ => "unknown".to_owned(),
    }
}

fn value<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    Some(line.trim_start().strip_prefix(':')?.trim())
}

fn kib(text: &str) -> Option<u64> {
    value(text, "MemTotal")?.split(' ').next()?.parse().ok()
}
