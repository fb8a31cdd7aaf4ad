//! Where the plugins are that `cargo xtask plugins` built.

use std::path::{Path, PathBuf};

use crate::NotAvailable;

/// The folder of the whole project.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf).unwrap_or_default()
}

/// A plugin of the project, by the name of its crate: `active-directory`, `openldap`, `mock`.
///
/// # Errors
/// [`NotAvailable::Broken`] if it was not built: it can be built everywhere.
pub fn plugin(name: &str) -> Result<PathBuf, NotAvailable> {
    built(&format!("{name}.wasm")).map_err(NotAvailable::Broken)
}

/// A guest of `tests/plugins`, by the name of its crate.
///
/// # Errors
/// As [`plugin`].
pub fn test_plugin(name: &str) -> Result<PathBuf, NotAvailable> {
    built(&format!("test/{name}.wasm")).map_err(NotAvailable::Broken)
}

/// A connector of `examples/connectors`, by its language.
///
/// # Errors
/// [`NotAvailable::Toolchain`] if it was not built, for want of its toolchain.
pub fn example(language: &str) -> Result<PathBuf, NotAvailable> {
    built(&format!("examples/{language}.wasm")).map_err(NotAvailable::Toolchain)
}

fn built(name: &str) -> Result<PathBuf, String> {
    let path = root().join("target/plugins").join(name);
    if path.is_file() { Ok(path) } else { Err(format!("{} is not there: run `cargo xtask plugins`", path.display())) }
}
