//! `portcullis inspect`: what a plugin file is, what it can do and what it can reach, read from its binary. Nothing of
//! it runs.

use std::path::{Path, PathBuf};

use clap::Args;
use minisign_verify::PublicKey;
use portcullis_capabilities::{Offer, what_it_is};
use portcullis_sandbox::{Plugin, Surface};
use serde_json::{Value, json};

use super::setup::Setup;
use crate::ceiling::{self, Signer};
use crate::connector::unloadable;
use crate::service::registry::approval::producers;
use crate::show::{self, ExitCode};

const REVEAL: &str = "portcullis:writeback/reveal@0.1.0";
const LDAP: &str = "portcullis:writeback/ldap@0.1.0";

#[derive(Debug, Args)]
pub(super) struct Inspect {
    /// The plugin file.
    plugin: PathBuf,

    /// Verify the signature beside the file, PLUGIN.minisig, by this key: the second line of the signer's minisign.pub.
    /// Without it the signature is named and not verified; a ceiling is not asked.
    #[arg(long, value_name = "RW...", value_parser = signer)]
    key: Option<Signer>,
}

impl Inspect {
    pub(super) fn run(&self, setup: &Setup) -> ExitCode {
        let sandbox = match setup.sandbox() {
            Ok(sandbox) => sandbox,
            Err(code) => return code,
        };
        let path = &self.plugin;
        let loaded = match &self.key {
            Some(key) => ceiling::load_signed(&sandbox, path, key),
            None => sandbox.load(path).map_err(|error| unloadable(&error)),
        };
        let plugin = match loaded {
            Ok(plugin) => plugin,
            Err(fault) => return setup.fault(&fault),
        };
        let text = as_text(path, &plugin) + &signature(path, &plugin);
        setup.print(&if setup.json { show::to_text(&as_json(path, &plugin)) } else { text });
        ExitCode::Done
    }
}

/// A minisign public key that was typed.
fn signer(text: &str) -> Result<Signer, String> {
    let help = "not a minisign public key: 56 characters that begin with RW, the second line of minisign.pub";
    let key = PublicKey::from_base64(text).map_err(|_| help.to_owned())?;
    Ok(Signer { name: "the signer that --key names".to_owned(), key, written: text.to_owned() })
}

/// Whether a file lies where the signature of a plugin would.
pub(super) fn signature_file(path: &Path) -> Option<PathBuf> {
    Some(ceiling::signature_of(path)).filter(|place| place.symlink_metadata().is_ok())
}

fn signature(path: &Path, plugin: &Plugin) -> String {
    match (plugin.signed(), signature_file(path)) {
        (Some(signed), _) => format!("\nSigned with the key {}; the signer says: {}\n", signed.key, signed.comment),
        (None, Some(place)) => {
            format!("\n{} lies beside it and was not verified: name the signer's key with --key.\n", place.display())
        }
        (None, None) => format!("\nNot signed: there is no {}.\n", ceiling::signature_of(path).display()),
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
        "signature": {
            "file": signature_file(path), "key": plugin.signed().map(|signed| &signed.key),
            "comment": plugin.signed().map(|signed| &signed.comment),
        },
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
