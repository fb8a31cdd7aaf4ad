//! `plugin-unusable`, `plugin-changed`, `several-versions`, `unpinned`, `unsigned`, `requested-not-granted`,
//! `reveal-granted`: the plugin and its binary.

use portcullis_capabilities::Offer;
use portcullis_model::FaultCode;

use super::{Code, Finding};
use crate::audit::report::{Approved, Subject};

pub(super) fn look(subject: &Subject<'_>, all: &mut Vec<Finding>) {
    let (file, plugin) = (subject.file, subject.plugin);
    let at = |path: &[&str]| subject.place(path);
    if let Some(why) = &plugin.unusable {
        let remedy = "have a component built for this host put in its place, and look at it with `portcullis inspect`";
        all.push(Finding::new(
            Code::PluginUnusable,
            at(&["plugin"]),
            format!("the plugin cannot be loaded: {why}"),
            remedy,
        ));
        return;
    }
    let path = plugin.path.display();
    match file.sha256.map(|pin| pin.iter().map(|byte| format!("{byte:02x}")).collect::<String>()) {
        None => {
            let text = match plugin.approval {
                Approved::Never => "the plugin is not pinned: any file of its name is run by commands",
                _ => "the plugin is not pinned: what is approved in the state folder is run",
            };
            let remedy = "pin the one that was reviewed, if it is this one";
            // Bytes that took the place of approved ones are nobody's to pin.
            let replaced = matches!(plugin.approval, Approved::Other { .. });
            let pin = (!replaced).then(|| format!("sha256 = \"{}\"", plugin.sha256));
            all.push(Finding::new(Code::Unpinned, at(&["plugin"]), text, remedy).paste(pin));
        }
        Some(pin) if pin != plugin.sha256 => {
            let text = format!("{path} has the SHA-256 {}, and {pin} is pinned: it is not loaded", plugin.sha256);
            let remedy = "find out who changed the file; pin the new one only after it was reviewed";
            all.push(Finding::new(Code::PluginChanged, at(&["sha256"]), text, remedy).about(["pinned"]));
        }
        Some(_) => {}
    }
    if let Approved::Other { sha256, at: when } = &plugin.approval {
        let text = format!(
            "{path} has the SHA-256 {}, and the one that was approved last ({when}) has {sha256}: the service does not \
             run it",
            plugin.sha256
        );
        let remedy = "find out who changed the file; `portcullis approve` shows what the new one asks for and did not";
        all.push(Finding::new(Code::PluginChanged, at(&["plugin"]), text, remedy).about([super::APPROVED]));
    }
    versions(subject, all);
    if let Some(fault) = &plugin.mistrusted {
        let code = if fault.code == FaultCode::SignatureBroken { Code::PluginChanged } else { Code::WiderThanCeiling };
        all.push(Finding::new(code, at(&["plugin"]), &fault.detail, fault.code.remedy()).about([fault.code.name()]));
    }
    let broken = plugin.mistrusted.as_ref().is_some_and(|fault| fault.code == FaultCode::SignatureBroken);
    if plugin.signer.is_none() && !broken {
        let text = format!("{path} has no signature of anybody who is trusted");
        let remedy = "have its vendor sign it with minisign, and name the vendor's key in the ceiling";
        all.push(Finding::new(Code::Unsigned, at(&["plugin"]), text, remedy));
    }
    not_granted(subject, all);
    if let Some(passwords) = file.reveal.as_ref().filter(|passwords| !passwords.is_empty()) {
        let names: Vec<&str> = passwords.iter().map(|password| password.name()).collect();
        let asks =
            plugin.surface.iter().flat_map(|surface| &surface.imports).any(|one| one.interface.contains("reveal"));
        let asks =
            if asks { "and its plugin asks for it" } else { "though its plugin does not ask: another one could" };
        let text =
            format!("the connector is granted the text of these passwords of operations, {asks}: {}", names.join(", "));
        let remedy = "most connectors only place passwords: ask the vendor why this one reads them, or take the section \
                      `[reveal]` away";
        all.push(Finding::new(Code::RevealGranted, at(&["reveal"]), text, remedy));
    }
}

fn versions(subject: &Subject<'_>, all: &mut Vec<Finding>) {
    let ran = &subject.used.plugins;
    if ran.len() > 1 {
        let told = ran.iter().map(|(sha256, seen)| format!("{sha256} (from {}, last begun {})", seen.first, seen.last));
        let told = told.collect::<Vec<_>>().join(", ");
        let text = format!("{} versions of the plugin ran in this time: {told}", ran.len());
        let remedy = "what was used may have been used by a former one: `--since` looks at a part of the time";
        let place = subject.place(&["plugin"]);
        all.push(Finding::new(Code::SeveralVersions, place, text, remedy).about(ran.keys()));
    }
}

/// What the linker will not hold: the plugin is not loaded.
fn not_granted(subject: &Subject<'_>, all: &mut Vec<Finding>) {
    let file = subject.file;
    let Some(surface) = &subject.plugin.surface else { return };
    for import in &surface.imports {
        let interface = &import.interface;
        let (section, granted) = match Offer::of(interface) {
            Offer::Always | Offer::Inert => continue,
            Offer::Section("ldap") => ("ldap", file.ldap.is_some()),
            Offer::Section("log") => ("log", file.log.is_some()),
            Offer::Section("config") => ("config", file.config.is_some()),
            Offer::Section(section) => (section, file.reveal.is_some()),
            Offer::Never => ("", false),
        };
        if granted {
            continue;
        }
        let calls = if import.functions.is_empty() {
            String::new()
        } else {
            format!(" (calls {})", import.functions.join(", "))
        };
        let text = format!("the plugin imports {interface}{calls}, which is not granted: it is not loaded");
        let place = subject.place(&["plugin"]);
        let (remedy, paste) = match section {
            "" => ("this host offers it to no connector: use a plugin that does not ask for it", None),
            "reveal" => (
                "it would read the text of passwords: ask the vendor why, and use a plugin that only places them",
                None,
            ),
            "log" => ("if its lines are wanted, grant them", Some("[log]")),
            "config" => ("if it has settings, grant them; an empty section is enough to start it", Some("[config]")),
            _ => ("grant the directory that it is for, or use a plugin that does not ask for it", None),
        };
        all.push(Finding::new(Code::RequestedNotGranted, place, text, remedy).about([interface]).paste(paste));
    }
}
