//! What people write: a connector's file, `portcullis.toml`, and the security team's `ceiling.toml`.
//!
//! Whatever stands in a file, it is read or refused with diagnostics that can be printed, that hold no character which a
//! terminal would obey, and that do not show a password which stands on a line of its own. What is accepted can be used.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme};
use portcullis::ceiling::Ceiling;
use portcullis::config::{ConnectorFile, Problems, load_file, load_service};
use portcullis::operation::Locator;
use portcullis_capabilities::ldap::AttributeName;
use portcullis_directory::dn::Dn;

use crate::scratch;

/// A password that no seed holds.
const CANARY: &str = "Qu1etC4nary";

/// The folder of a configuration, with the files that the examples name.
pub(crate) struct Folder {
    pub(crate) connector: PathBuf,
    pub(crate) plugins: PathBuf,
    root: PathBuf,
    service: PathBuf,
}

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let root = scratch::folder(name);
        let folder = Self {
            connector: root.join("connectors/fuzz.toml"),
            plugins: root.join("plugins"),
            service: root.join("portcullis.toml"),
            root,
        };
        for inner in ["connectors", "plugins"] {
            std::fs::create_dir_all(folder.root.join(inner)).expect("a folder");
        }
        let plugins = ["active-directory.wasm", "mock.wasm", "openldap.wasm"].map(|name| folder.plugins.join(name));
        let others =
            ["corp-ca.pem", "people-ca.pem", "people.ldif"].map(|name| folder.root.join("connectors").join(name));
        for file in plugins.iter().chain(&others) {
            std::fs::write(file, b"").expect("a file");
        }
        folder
    }
}

static FOLDER: LazyLock<Folder> = LazyLock::new(|| Folder::new("config"));

pub(crate) fn run(data: &[u8]) {
    let folder = &*FOLDER;
    both(folder, data);
    let Some(text) = std::str::from_utf8(data).ok().filter(|text| hides_lines(text)) else { return };
    // A password on a line of its own, where somebody would write it: it must not show, whatever stands around it.
    let middle = text.len() / 2;
    let at = text.as_bytes().iter().skip(middle).position(|byte| *byte == b'\n').map_or(text.len(), |n| middle + n);
    let (before, after) = text.split_at(at);
    both(folder, format!("{before}\nbind-password = \"{CANARY}\"\n{after}").as_bytes());
}

/// In a text of many lines, what looks like a line of the file is part of a value, and values of keys that hold no secret
/// may be shown.
fn hides_lines(text: &str) -> bool {
    !text.contains("\"\"\"") && !text.contains("'''") && !text.contains('\r')
}

fn both(folder: &Folder, data: &[u8]) {
    std::fs::write(&folder.connector, data).expect("the connector's file is written");
    match load_file(&folder.connector, &folder.plugins) {
        Ok(file) => {
            file.warnings.iter().for_each(|warning| shown(warning));
            usable(&file);
        }
        Err(problems) => refused(&problems),
    }
    ceiling(data);
    std::fs::write(&folder.service, data).expect("portcullis.toml is written");
    match load_service(&folder.root) {
        Ok(service) => service.warnings.iter().for_each(|warning| shown(warning)),
        Err(problems) => refused(&problems),
    }
}

fn ceiling(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match Ceiling::of_text(text, Path::new("ceiling.toml")) {
        Ok(ceiling) => {
            let rules = ceiling.rules().expect("a ceiling that was read has rules");
            rules.warnings.iter().for_each(|warning| shown(warning));
            assert!(ceiling.digest().is_some());
        }
        Err(problems) => refused(&problems),
    }
}

pub(crate) fn refused(problems: &Problems) {
    assert!(!problems.all().is_empty(), "refused, and nobody is told why");
    shown(problems);
    assert!(problems.all().iter().all(|problem| problem.line().is_none_or(|line| line > 0)));
}

/// The text that an operator reads.
pub(crate) fn shown(diagnostic: &dyn Diagnostic) {
    let mut text = String::new();
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor());
    handler.render_report(&mut text, diagnostic).expect("a diagnostic can be printed");
    assert!(!text.contains(CANARY), "a password is shown:\n{text}");
    let obeyed = text.chars().find(|c| c.is_control() && *c != '\n');
    assert_eq!(obeyed, None, "a terminal would obey this:\n{text}");
}

/// What the check of a file lets pass must be what the host is able to work with.
fn usable(file: &ConnectorFile) {
    assert!(!file.operations.is_empty() && !file.accounts.is_empty(), "a connector that does nothing was accepted");
    assert!(Path::new(&file.plugin).is_file(), "a plugin that is not there was accepted");
    let Some(ldap) = &file.ldap else { return };
    Locator::new(ldap).expect("what locates was checked");
    ldap.read.iter().chain(ldap.write.keys()).for_each(|name| {
        AttributeName::parse(name).expect("attributes were checked");
    });
    ldap.search.iter().for_each(|base| {
        Dn::parse(base).expect("bases were checked");
    });
}
