//! `cargo xtask deb`: the Debian package. What is in it stands in `host/app/Cargo.toml`; here is built what it is made
//! of: the binary, its man pages and completions, and the plugins.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use crate::{
    plugins,
    run::{self, Result, cargo, note, root, step},
};

/// The version of cargo-deb that is installed where there is none: a package must not change with the day.
const CARGO_DEB: &str = "3.8.0";

/// `cargo xtask deb`
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Package what was built before; build nothing.
    #[arg(long)]
    no_build: bool,
    /// The profile of the binary; `dev` is for trying out the package alone.
    #[arg(long, default_value = "release")]
    profile: String,
}

pub(crate) fn deb(arguments: &Arguments) -> Result {
    versions_agree()?;
    if !arguments.no_build {
        plugins::project()?;
        step("building the host (in release mode this takes 5 to 10 minutes the first time)");
        run::run(cargo().args(["build", "--locked", "--package", "portcullis", "--profile", &arguments.profile]))?;
    }
    let target = target_folder()?;
    // Cargo calls the folder of the profile `dev` otherwise.
    let profile = if arguments.profile == "dev" { "debug" } else { &arguments.profile };
    let binary = target.join(profile).join("portcullis");
    stage(&binary, &root().join("target/deb"))?;

    let tool = cargo_deb()?;
    step("cargo deb");
    let into = root().join("target/debian");
    fs::create_dir_all(&into)?;
    let mut command = Command::new(tool);
    command.args(["--no-build", "--locked", "--package", "portcullis", "--profile", &arguments.profile, "--output"]);
    // It looks for some files from the folder in which it is started, and for others from that of the crate.
    run::run(command.arg(&into).current_dir(root().join("host/app")))
}

/// What the package holds besides the binary and what is in the tree.
fn stage(binary: &Path, into: &Path) -> Result {
    step("man pages and completions");
    if into.exists() {
        fs::remove_dir_all(into)?;
    }
    for folder in ["man", "completions", "plugins"] {
        fs::create_dir_all(into.join(folder))?;
    }
    run::run(Command::new(binary).args(["man", "--dir"]).arg(into.join("man")))?;
    for shell in ["bash", "zsh", "fish"] {
        let script = run::output(Command::new(binary).args(["completions", shell]))?;
        fs::write(into.join("completions").join(shell), script)?;
    }
    let mut found = 0;
    for entry in fs::read_dir(root().join("target/plugins"))? {
        let plugin = entry?.path();
        if plugin.extension().is_some_and(|extension| extension == "wasm") {
            fs::copy(&plugin, into.join("plugins").join(plugin.file_name().unwrap_or_default()))?;
            found += 1;
        }
    }
    if found == 0 {
        return Err("target/plugins holds no plugin: leave `--no-build` away".into());
    }
    note(&format!("{}", into.strip_prefix(root())?.display()));
    Ok(())
}

/// Where cargo puts what it builds; `CARGO_TARGET_DIR` may name another folder than `target`.
fn target_folder() -> Result<PathBuf> {
    let told = run::output(cargo().args(["metadata", "--no-deps", "--format-version", "1"]))?;
    let told: Value = serde_json::from_str(&told)?;
    told["target_directory"].as_str().map(PathBuf::from).ok_or_else(|| "cargo metadata tells no target folder".into())
}

/// The Debian changelog is written by hand, the version of the workspace as well.
fn versions_agree() -> Result {
    let changelog = fs::read_to_string(root().join("packaging/debian/changelog"))?;
    let packages = run::packages(&root().join("Cargo.toml"))?;
    let app = packages.iter().find(|package| package["name"] == "portcullis").ok_or("there is no crate portcullis")?;
    let (version, revision) = (&app["version"], &app["metadata"]["deb"]["revision"]);
    let expected =
        format!("portcullis ({}-{}) ", version.as_str().unwrap_or_default(), revision.as_str().unwrap_or("1"));
    if changelog.starts_with(&expected) {
        return Ok(());
    }
    Err(format!("packaging/debian/changelog must begin with `{expected}`").into())
}

/// The program, installed into `target/toolchains` and nowhere else.
fn cargo_deb() -> Result<PathBuf> {
    let toolchains = root().join("target/toolchains");
    let tool = toolchains.join("bin/cargo-deb");
    if !tool.exists() {
        step("installing cargo-deb into target/toolchains");
        let mut install = cargo();
        install.args(["install", "--quiet", "--locked", "--version", CARGO_DEB, "--root"]).arg(&toolchains);
        run::run(install.arg("cargo-deb"))?;
    }
    Ok(tool)
}
