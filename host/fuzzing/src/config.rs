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
    both(folder, data, &obeyed_by_no_terminal);
    let Some(text) = std::str::from_utf8(data).ok().filter(|text| hides_lines(text)) else { return };
    // The fuzzer learns the canary from the comparison and writes it where no secret stands.
    if text.contains(CANARY) {
        return;
    }
    // A password on a line of its own, where somebody would write it: it must not show, whatever stands around it.
    let (before, after) = text.split_at(line_break(text));
    let with = format!("{before}\nbind-password = \"{CANARY}\"\n{after}");
    both(folder, with.as_bytes(), &|shown| {
        assert!(!shown.contains(CANARY), "a password is shown:\n{shown}");
        obeyed_by_no_terminal(shown);
    });
}

/// One of the line breaks, or the end: another one for nearly every input, the same one for the same input.
fn line_break(text: &str) -> usize {
    let breaks: Vec<usize> = text.match_indices('\n').map(|(at, _)| at).chain([text.len()]).collect();
    let sum = text.bytes().fold(0_usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    breaks.get(sum % breaks.len()).copied().unwrap_or(text.len())
}

/// In a text of many lines, what looks like a line of the file is part of a value, and values of keys that hold no secret
/// may be shown.
fn hides_lines(text: &str) -> bool {
    !text.contains("\"\"\"") && !text.contains("'''") && !text.contains('\r')
}

fn both(folder: &Folder, data: &[u8], judge: &dyn Fn(&str)) {
    std::fs::write(&folder.connector, data).expect("the connector's file is written");
    match load_file(&folder.connector, &folder.plugins) {
        Ok(file) => {
            file.warnings.iter().for_each(|warning| judge(&shown(warning)));
            usable(&file);
        }
        Err(problems) => refused(&problems, judge),
    }
    ceiling(data, judge);
    std::fs::write(&folder.service, data).expect("portcullis.toml is written");
    match load_service(&folder.root) {
        Ok(service) => service.warnings.iter().for_each(|warning| judge(&shown(warning))),
        Err(problems) => refused(&problems, judge),
    }
}

fn ceiling(data: &[u8], judge: &dyn Fn(&str)) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match Ceiling::of_text(text, Path::new("ceiling.toml")) {
        Ok(ceiling) => {
            let rules = ceiling.rules().expect("a ceiling that was read has rules");
            rules.warnings.iter().for_each(|warning| judge(&shown(warning)));
            assert!(ceiling.digest().is_some());
        }
        Err(problems) => refused(&problems, judge),
    }
}

/// `judge` reads what an operator would read.
pub(crate) fn refused(problems: &Problems, judge: &dyn Fn(&str)) {
    assert!(!problems.all().is_empty(), "refused, and nobody is told why");
    judge(&shown(problems));
    assert!(problems.all().iter().all(|problem| problem.line().is_none_or(|line| line > 0)));
}

/// The text that an operator reads.
fn shown(diagnostic: &dyn Diagnostic) -> String {
    let mut text = String::new();
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor());
    handler.render_report(&mut text, diagnostic).expect("a diagnostic can be printed");
    text
}

pub(crate) fn obeyed_by_no_terminal(shown: &str) {
    let obeyed = shown.chars().find(|c| c.is_control() && *c != '\n');
    assert_eq!(obeyed, None, "a terminal would obey this:\n{shown}");
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
