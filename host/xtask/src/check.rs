//! `cargo xtask check`: what can be said of the source without running it.

use crate::{
    run::{self, Result, cargo, cargo_has, root, step},
    skips,
};

/// The workspaces of the project.
const MANIFESTS: [&str; 4] = ["Cargo.toml", "plugins/Cargo.toml", "tests/plugins/Cargo.toml", "fuzz/Cargo.toml"];

pub(crate) fn check() -> Result {
    let mut skipped = Vec::new();
    let manifests: Vec<&str> = MANIFESTS.into_iter().filter(|manifest| root().join(manifest).exists()).collect();
    if cargo_has("fmt") {
        step("formatting");
        for manifest in &manifests {
            // One by one: `--all` means other people's code below third-party as well.
            let mut command = cargo();
            command.args(["fmt", "--check", "--manifest-path", manifest]);
            for package in run::packages(&root().join(manifest))? {
                command.args(["--package", package["name"].as_str().unwrap_or_default()]);
            }
            run::run(&mut command)?;
        }
    } else {
        skipped.push("formatting: rustfmt is not installed (rustup component add rustfmt)".to_owned());
    }
    if cargo_has("clippy") {
        step("lints");
        // The lines of `fuzz` are in `host/fuzzing`; what is left there would have everything compiled a second time.
        for manifest in manifests.iter().filter(|manifest| **manifest != "fuzz/Cargo.toml") {
            let folder = if *manifest == "Cargo.toml" { "target" } else { "target/plugins-build" };
            let mut command = cargo();
            command.args(["clippy", "--quiet", "--workspace", "--all-targets", "--manifest-path", manifest]);
            run::run(command.args(["--target-dir", folder, "--", "-D", "warnings"]))?;
        }
    } else {
        skipped.push("lints: clippy is not installed (rustup component add clippy)".to_owned());
    }
    skips::print(&skipped);
    if skips::required("tools") && !skipped.is_empty() {
        return Err("PORTCULLIS_REQUIRE wants every check".into());
    }
    Ok(())
}
