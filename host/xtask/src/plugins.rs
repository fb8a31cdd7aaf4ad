//! Plugins: guests are built as core modules and become components here; `target/plugins` is where the host, the tests
//! and the demo look for them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use crate::{
    examples,
    run::{self, Result, cargo, note, root, step},
};

const CORE: &str = "wasm32-unknown-unknown";

/// One guest of a workspace.
struct Guest {
    package: String,
    /// What the plugin is called: the folder of the crate; for an example the folder and its own name.
    name: String,
    /// The library without extension, in the folder of the profile.
    library: String,
    target: String,
}

/// Everything; returns what was skipped.
pub(crate) fn all() -> Result<Vec<String>> {
    project()?;
    if root().join("tests/plugins/Cargo.toml").exists() {
        build("tests/plugins", "test guests", "target/plugins/test")?;
    }
    examples::build()
}

/// The connectors of the project, and nothing else.
pub(crate) fn project() -> Result {
    build("plugins", "plugins", "target/plugins")
}

fn build(workspace: &str, what: &str, into: &str) -> Result {
    step(&format!("building the {what}"));
    let manifest = root().join(workspace).join("Cargo.toml");
    let build_folder = root().join("target/plugins-build");
    let into = root().join(into);
    let guests = guests(&manifest)?;
    let mut targets: Vec<&str> = guests.iter().map(|guest| guest.target.as_str()).collect();
    targets.sort_unstable();
    targets.dedup();
    for target in targets {
        add_target(target)?;
        let mut command = cargo();
        command.args(["build", "--quiet", "--release", "--lib", "--examples", "--target", target]);
        command.arg("--manifest-path").arg(&manifest);
        command.arg("--target-dir").arg(&build_folder);
        for guest in guests.iter().filter(|guest| guest.target == target) {
            command.args(["--package", &guest.package]);
        }
        // What people set for the host's machine, a linker for example, does not fit this one.
        run::run(command.env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS"))?;
    }
    for guest in &guests {
        let built = build_folder.join(&guest.target).join("release").join(&guest.library).with_extension("wasm");
        let plugin = into.join(&guest.name).with_extension("wasm");
        fs::create_dir_all(plugin.parent().unwrap_or(&into))?;
        let component = component(&built).map_err(|e| format!("{} is no component: {e:#}", guest.name))?;
        // An unchanged file keeps its date, for everything that compares dates.
        if fs::read(&plugin).ok().as_ref() != Some(&component) {
            fs::write(&plugin, &component)?;
        }
        note(&format!("{} ({} KiB)", plugin.strip_prefix(root())?.display(), component.len().div_ceil(1024)));
    }
    Ok(())
}

/// A core module is wrapped; what the target made a component already is taken as it is.
fn component(built: &Path) -> Result<Vec<u8>> {
    let bytes = fs::read(built).map_err(|e| format!("{}: {e}", built.display()))?;
    // After the magic number: version 1 in layer 0 is a core module (component model, binary format).
    if bytes.get(4..8) != Some(&[1, 0, 0, 0]) {
        return Ok(bytes);
    }
    Ok(wit_component::ComponentEncoder::default().module(&bytes)?.validate(true).encode()?)
}

/// The plugins of a workspace: libraries and examples of the type `cdylib`.
fn guests(manifest: &Path) -> Result<Vec<Guest>> {
    Ok(run::packages(manifest)?.iter().flat_map(guests_of).collect())
}

fn guests_of(package: &Value) -> Vec<Guest> {
    let targets = package["targets"].as_array().map(Vec::as_slice).unwrap_or_default();
    targets.iter().filter_map(|target| guest(package, target)).collect()
}

fn guest(package: &Value, target: &Value) -> Option<Guest> {
    let has = |key: &str, kind: &str| target[key].as_array().is_some_and(|kinds| kinds.contains(&kind.into()));
    if !has("crate_types", "cdylib") {
        return None;
    }
    let own = target["name"].as_str()?.replace('-', "_");
    let folder = PathBuf::from(package["manifest_path"].as_str()?).parent()?.file_name()?.to_str()?.to_owned();
    let (name, library) =
        if has("kind", "example") { (format!("{folder}/{own}"), format!("examples/{own}")) } else { (folder, own) };
    Some(Guest {
        package: package["name"].as_str()?.to_owned(),
        name,
        library,
        target: package["metadata"]["portcullis"]["target"].as_str().unwrap_or(CORE).to_owned(),
    })
}

/// Adds a target to the toolchain if it is not there.
fn add_target(target: &str) -> Result {
    let sysroot = run::output(Command::new("rustc").args(["--print", "sysroot"]).current_dir(root()))?;
    if Path::new(sysroot.trim()).join("lib/rustlib").join(target).exists() {
        return Ok(());
    }
    step(&format!("adding the compiler's target {target}"));
    run::run(Command::new("rustup").args(["target", "add", target]).current_dir(root())).map_err(|e| {
        format!("{e}\nthe standard library for {target} is needed: install it the way your Rust was installed").into()
    })
}
