//! What keeps the connectors that name a plugin from starting with it: the ceiling, their grants, their pins. An approval
//! lifts none of it, and says so.

use std::path::Path;

use portcullis_capabilities::{MissingGrant, Offer, missing};
use portcullis_model::{Fault, FaultCode};
use portcullis_sandbox::Plugin;

use crate::ceiling::{Ceiling, Excess};
use crate::commands::setup::Setup;
use crate::config::{ConnectorFile, Folder};
use crate::connector::{grants, pinned};

/// A connector that does not start with the plugin.
pub(super) struct Held {
    pub(super) connector: String,
    /// Never empty.
    pub(super) why: Vec<String>,
}

/// What stands against a plugin.
pub(super) struct Against {
    /// Why it could never be loaded, if that is so: then it is not approved.
    pub(super) never: Option<Fault>,
    /// What is above the ceiling, of all connectors that name the plugin.
    pub(super) excesses: Vec<Excess>,
    /// The connectors that do not start with it.
    pub(super) held: Vec<Held>,
    /// How many name it.
    named: usize,
}

impl Against {
    pub(super) fn of(setup: &Setup, ceiling: &Ceiling, path: &Path, plugin: &Plugin) -> Self {
        // A file with mistakes is told by `check`; the others are looked at all the same.
        let all = Folder::load(&setup.config).unwrap_or_default().usable;
        let same = |file: &ConnectorFile| file.plugin.canonicalize().ok() == path.canonicalize().ok();
        let files: Vec<ConnectorFile> = all.into_iter().filter(same).collect();
        let mut against =
            Self { never: never(path, plugin, &files), excesses: Vec::new(), held: Vec::new(), named: files.len() };
        for file in &files {
            let excesses = ceiling.check(file, plugin.surface());
            let mut why: Vec<String> = excesses.iter().map(ToString::to_string).collect();
            let lacking = grants(file).map(|grants| missing(plugin.surface(), &grants)).unwrap_or_default();
            why.extend(lacking.iter().map(|lacks| format!("{} does not grant {lacks}", file.path.display())));
            why.extend(pinned(file, plugin).err().map(|fault| fault.detail));
            against.excesses.extend(excesses);
            if !why.is_empty() {
                against.held.push(Held { connector: file.name.clone(), why });
            }
        }
        against
    }

    /// Shown before anybody is asked.
    pub(super) fn as_text(&self) -> String {
        if self.held.is_empty() {
            return String::new();
        }
        let lines: String = self.held.iter().flat_map(|held| &held.why).map(|why| format!("  {why}\n")).collect();
        format!("\nSTANDS AGAINST IT, so {} with it like this:\n{lines}", self.who())
    }

    /// The end of the sentence that says that it is approved.
    pub(super) fn what_follows(&self) -> String {
        match (self.named, self.held.len()) {
            (0, _) => ". No connector names it yet.".to_owned(),
            (_, 0) => ". A service that runs takes it at once.".to_owned(),
            _ => format!("; {} with it until what is named above is mended.", self.who()),
        }
    }

    fn who(&self) -> String {
        let names: Vec<&str> = self.held.iter().map(|held| held.connector.as_str()).collect();
        match names.as_slice() {
            all if all.len() == self.named => "no connector starts".to_owned(),
            [one] => format!("{one} does not start"),
            some => format!("{} do not start", some.join(" and ")),
        }
    }
}

/// Imports that no connector gets from this host; and `reveal`, where no connector that names the plugin grants it.
fn never(path: &Path, plugin: &Plugin, files: &[ConnectorFile]) -> Option<Fault> {
    let revealed = files.iter().any(|file| file.reveal.is_some());
    let lacks = |interface: &String| match Offer::of(interface) {
        Offer::Never => Some(MissingGrant { interface: interface.clone(), section: None }),
        Offer::Section("reveal") if !revealed => {
            Some(MissingGrant { interface: interface.clone(), section: Some("reveal") })
        }
        Offer::Always | Offer::Inert | Offer::Section(_) => None,
    };
    let imports = plugin.surface().imports.iter().filter_map(|import| lacks(&import.interface));
    let lines: Vec<String> = imports.map(|lacks| lacks.to_string()).collect();
    let text = format!(
        "{} was not approved, because it cannot be loaded: it imports what no connector that names it grants: {}",
        path.display(),
        lines.join("; ")
    );
    (!lines.is_empty()).then(|| Fault::new(FaultCode::PluginNotGranted, text))
}
