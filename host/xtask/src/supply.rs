//! What Portcullis is made of: licences, bans, sources and advisories of its dependencies, as deny.toml says.

use crate::run::{self, Result, cargo, cargo_has, step};

/// Checks what can be checked here; what cannot is named in `skipped`.
pub(crate) fn check(skipped: &mut Vec<String>) -> Result {
    if !cargo_has("deny") {
        skipped.push(
            "licences, bans, sources and advisories: cargo-deny is not installed (cargo install cargo-deny)".to_owned(),
        );
        return Ok(());
    }
    step("licences, bans and sources");
    run::run(cargo().args(["deny", "check", "licenses", "bans", "sources"]))?;
    step("advisories");
    let output = cargo().args(["deny", "--color", "never", "check", "advisories"]).output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    if said.contains("failed to fetch advisory database") {
        skipped.push("advisories: their database cannot be reached".to_owned());
    } else if !output.status.success() {
        return Err(format!("cargo deny check advisories: {}", said.trim()).into());
    }
    Ok(())
}
