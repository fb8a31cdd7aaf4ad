//! `cargo xtask test`: everything, and at the end what was not run.

use std::{fs, path::Path, process::Command};

use crate::{
    install, plugins,
    run::{self, Result, cargo, cargo_has, note, root, step},
    servers::{self, Folder, Kind, Started},
    skips, supply,
};

/// `cargo xtask test`
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Run only tests whose names contain one of these; doc tests and the plugins' own tests are left out then.
    filters: Vec<String>,
    /// Do not install packages.
    #[arg(long)]
    no_install: bool,
}

/// Where tests record that they were skipped.
const SKIPS: &str = "target/skipped-tests";

pub(crate) fn test(arguments: &Arguments) -> Result {
    if !arguments.no_install {
        install::for_servers(&Kind::ALL)?;
    }
    let mut skipped = plugins::all()?;
    let skips = root().join(SKIPS);
    fs::write(&skips, "")?;
    let mut failed = with_servers(&arguments.filters, &skips)?;
    if arguments.filters.is_empty()
        && let Err(error) = supply::check(&mut skipped)
    {
        eprintln!("{error}");
        failed.push("dependencies");
    }
    skipped.extend(fs::read_to_string(&skips)?.lines().map(|line| line.trim_start_matches("SKIPPED ").to_owned()));
    skips::print(&skipped);
    println!();
    if !arguments.filters.is_empty() {
        note("left out, because names were given: doc tests, the plugins' own tests and the dependencies");
    }
    if failed.is_empty() {
        println!("every test that was run passed; {} skipped", skipped.len());
        return Ok(());
    }
    Err(format!("failed: {}; {} skipped", failed.join(", "), skipped.len()).into())
}

/// Runs the tests while the servers run; returns what failed.
fn with_servers(filters: &[String], skips: &Path) -> Result<Vec<&'static str>> {
    step("starting the directory servers that the tests share");
    let folder = Folder::new()?;
    let mut variables = vec![("PORTCULLIS_SKIPS", skips.to_owned()), ("PORTCULLIS_SERVERS", folder.path().to_owned())];
    for (kind, started) in folder.start_all(&Kind::ALL)? {
        match started {
            Started::Running(file) => {
                let url = servers::facts(&file)?.remove("LDAPS_URL").unwrap_or_default();
                note(&format!("{} at {url}", kind.name()));
                variables.push((kind.variable(), file));
            }
            // The tests that need it say so one by one.
            Started::Missing(reason) => note(&format!("{} is not available: {reason}", kind.name())),
        }
    }
    let mut failed = Vec::new();
    let mut go = |name: &'static str, command: &mut Command| -> Result {
        step(name);
        if !run::status(command.envs(variables.iter().map(|(name, value)| (name, value))))?.success() {
            failed.push(name);
        }
        Ok(())
    };
    go("tests of the workspace", &mut workspace(filters))?;
    if filters.is_empty() {
        go("doc tests", cargo().args(["test", "--quiet", "--doc", "--workspace"]))?;
        let mut plugins = cargo();
        plugins.args([
            "test",
            "--quiet",
            "--manifest-path",
            "plugins/Cargo.toml",
            "--target-dir",
            "target/plugins-build",
        ]);
        go("the plugins' own tests", &mut plugins)?;
        let mut parser = cargo();
        parser.args(["test", "--quiet", "--manifest-path", "third-party/lber/Cargo.toml"]);
        go("the patched parser's tests", parser.args(["--target-dir", "target/plugins-build"]))?;
    }
    Ok(failed)
}

fn workspace(filters: &[String]) -> Command {
    let mut command = cargo();
    if cargo_has("nextest") {
        command.args(["nextest", "run", "--workspace", "--no-fail-fast"]).args(filters);
    } else {
        command.args(["test", "--workspace", "--no-fail-fast", "--lib", "--bins", "--tests", "--"]).args(filters);
    }
    command
}
