//! `portcullis inspect`: what a plugin file is, what it can do and what it can reach, read from its binary. Nothing of
//! it runs.

use std::path::Path;

use portcullis_capabilities::{Offer, what_it_is};
use portcullis_model::{Fault, FaultCode};
use portcullis_sandbox::{Plugin, Surface};
use serde_json::{Value, json};

use super::setup::Setup;
use crate::service::registry::approval::producers;
use crate::show::{self, ExitCode};

const REVEAL: &str = "portcullis:writeback/reveal@0.1.0";
const LDAP: &str = "portcullis:writeback/ldap@0.1.0";

pub(super) fn run(setup: &Setup, path: &Path) -> ExitCode {
    let sandbox = match setup.sandbox() {
        Ok(sandbox) => sandbox,
        Err(code) => return code,
    };
    match sandbox.load(path) {
        Ok(plugin) => {
            setup.print(&if setup.json { show::to_text(&as_json(path, &plugin)) } else { as_text(path, &plugin) });
            ExitCode::Done
        }
        Err(error) => setup.fault(&Fault::new(FaultCode::PluginUnusable, error.to_string())),
    }
}

pub(super) fn as_text(path: &Path, plugin: &Plugin) -> String {
    let surface = &plugin.surface().sorted();
    let mut text =
        format!("{}\n  sha256      {}\n  size        {} bytes\n", path.display(), plugin.digest(), plugin.size());
    let producers = producers(plugin);
    if !producers.is_empty() {
        text += &format!("  made with   {}\n", producers.join("; "));
    }
    text += "\nWhat it can do (exports):\n";
    for export in known_exports(surface) {
        text += &format!("  {export:<40} {}\n", what_it_is(export));
    }
    let others = surface.exports.len() - known_exports(surface).count();
    if others > 0 {
        text += &format!("  {others} other export(s), which the host never calls\n");
    }
    text += "\nWhat it can reach (imports):\n";
    for import in surface.imports.iter().filter(|import| Offer::of(&import.interface) != Offer::Inert) {
        let interface = &import.interface;
        text += &format!("  {interface:<40} {} ({})\n", what_it_is(interface), given(interface));
        if !import.functions.is_empty() {
            text += &format!("  {:<40} calls {}\n", "", import.functions.join(", "));
        }
    }
    let inert = inert(surface);
    if !inert.is_empty() {
        text += "  WASI, served inert: no files, environment, arguments or sockets; what it prints goes to the log\n";
        text += &format!("  {:<40} {}\n", "", inert.join(", "));
    }
    text += "\nProved by the binary:\n";
    for (_, words) in proofs(surface) {
        text += &format!("  {words}\n");
    }
    text + "\nWhat it may really do is what a connector's file grants of this.\n"
}

fn as_json(path: &Path, plugin: &Plugin) -> Value {
    let surface = &plugin.surface().sorted();
    let imports: Vec<Value> = surface
        .imports
        .iter()
        .map(|import| {
            let interface = &import.interface;
            json!({ "interface": interface, "functions": import.functions, "given": given(interface), "meaning": what_it_is(interface) })
        })
        .collect();
    let exports: Vec<Value> =
        surface.exports.iter().map(|export| json!({ "interface": export, "meaning": what_it_is(export) })).collect();
    let proved: Vec<Value> =
        proofs(surface).into_iter().map(|(code, words)| json!({ "code": code, "text": words })).collect();
    json!({
        "file": path.display().to_string(), "sha256": plugin.digest().to_string(), "size": plugin.size(), "producers": producers(plugin),
        "exports": exports, "imports": imports, "proved": proved,
    })
}

fn known_exports(surface: &Surface) -> impl Iterator<Item = &String> {
    surface.exports.iter().filter(|export| export.starts_with("portcullis:writeback/"))
}

fn inert(surface: &Surface) -> Vec<&str> {
    let inert = surface.imports.iter().filter(|import| Offer::of(&import.interface) == Offer::Inert);
    inert.map(|import| import.interface.as_str()).collect()
}

fn given(interface: &str) -> String {
    match Offer::of(interface) {
        Offer::Always => "given to every plugin".into(),
        Offer::Section(section) => format!("given by a section [{section}]"),
        Offer::Inert => "served inert".into(),
        Offer::Never => "given to no plugin: it will not be loaded".into(),
    }
}

/// Statements that hold whatever the plugin's code does: what is not imported does not exist for it.
fn proofs(surface: &Surface) -> Vec<(&'static str, &'static str)> {
    let mut proofs = Vec::new();
    if surface.imports(REVEAL) {
        proofs.push(("can-read-passwords", "CAN READ PASSWORDS if [reveal] grants it: it imports `reveal`"));
    } else {
        proofs.push(("cannot-read-passwords", "cannot read passwords: it does not import `reveal`"));
    }
    if surface.imports(LDAP) {
        proofs.push((
            "reaches-directory-through-host",
            "reaches a directory only through the host's `ldap`, call by call",
        ));
    } else {
        proofs.push(("cannot-reach-directory", "cannot reach a directory: it does not import `ldap`"));
    }
    let outward = surface
        .imports
        .iter()
        .any(|i| i.interface.starts_with("wasi:sockets/") || i.interface.starts_with("wasi:http/"));
    if outward {
        proofs
            .push(("wants-network", "WANTS THE NETWORK: it imports sockets or HTTP, which this host gives to nobody"));
    } else {
        proofs.push(("cannot-open-sockets", "cannot open sockets: it imports none"));
    }
    if !surface.imports.iter().any(|i| i.interface.starts_with("wasi:filesystem/")) {
        proofs.push(("cannot-open-files", "cannot open files: it imports no file system"));
    }
    if inert(surface).is_empty() {
        proofs.push(("no-wasi", "has no clock, no randomness, no environment, no output: it imports no WASI"));
    }
    proofs
}
