//! `cargo xtask check`: what can be said of the source without running it.

use crate::{
    run::{self, Result, cargo, cargo_has, root, step},
    skips,
};

/// The workspaces of the project.
const MANIFESTS: [&str; 3] = ["Cargo.toml", "plugins/Cargo.toml", "tests/plugins/Cargo.toml"];

pub(crate) fn check() -> Result {
    let mut skipped = Vec::new();
    let manifests: Vec<&str> = MANIFESTS.into_iter().filter(|manifest| root().join(manifest).exists()).collect();
    if cargo_has("fmt") {
        step("formatting");
        for manifest in &manifests {
            run::run(cargo().args(["fmt", "--check", "--manifest-path", manifest]))?;
        }
    } else {
        skipped.push("formatting: rustfmt is not installed (rustup component add rustfmt)".to_owned());
    }
    if cargo_has("clippy") {
        step("lints");
        for manifest in &manifests {
            let folder = if *manifest == "Cargo.toml" { "target" } else { "target/plugins-build" };
            let mut command = cargo();
            command.args(["clippy", "--quiet", "--workspace", "--all-targets", "--manifest-path", manifest]);
            run::run(command.args(["--target-dir", folder, "--", "-D", "warnings"]))?;
        }
    } else {
        skipped.push("lints: clippy is not installed (rustup component add clippy)".to_owned());
    }
    if !root().join("deny.toml").exists() {
        skipped.push("licences and advisories: there is no deny.toml".to_owned());
    } else if cargo_has("deny") {
        step("licences and advisories");
        run::run(cargo().args(["deny", "check"]))?;
    } else {
        skipped.push("licences and advisories: cargo-deny is not installed (cargo install cargo-deny)".to_owned());
    }
    skips::print(&skipped);
    if skips::required("tools") && !skipped.is_empty() {
        return Err("PORTCULLIS_REQUIRE wants every check".into());
    }
    Ok(())
}
