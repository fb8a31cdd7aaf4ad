//! The first tier: what holds whatever a plugin's code does, because of what its binary imports and exports.
//!
//! [`proved`] is given the surface of the binary and nothing else, so that no statement here can rest on a grant, on a
//! check of the host's, or on what was seen. Where an import is not known to this host, what it reaches is not known
//! either, and nothing is said that it could make untrue.

use portcullis_capabilities::Offer;
use portcullis_sandbox::Surface;
use serde::Serialize;

use super::Text;
use super::request::{PACKAGE, calls, exports};

/// One statement that the binary proves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Proved {
    /// A stable name.
    pub code: &'static str,
    /// Whether it says that something is impossible.
    pub cannot: bool,
    /// For people.
    pub text: Text,
}

const OPERATIONS: [(&str, &str); 3] = [
    ("passwords", "reset, change and verify passwords"),
    ("accounts", "tell the state of accounts and unlock them"),
    ("lifecycle", "check its directory and settings"),
];

/// Everything that a binary proves.
#[must_use]
pub fn proved(surface: &Surface) -> Vec<Proved> {
    let mut all = Vec::new();
    let cannot = |code, text: &str| Proved { code, cannot: true, text: text.into() };
    let can = |code, text: String| Proved { code, cannot: false, text: text.into() };
    let offered: Vec<_> = OPERATIONS.iter().filter(|(interface, _)| exports(surface, interface)).collect();
    if offered.is_empty() {
        all.push(cannot("exports-nothing", "cannot be asked for anything: exports no interface that the host calls"));
    } else {
        let interfaces: Vec<&str> = offered.iter().map(|(interface, _)| *interface).collect();
        let words: Vec<&str> = offered.iter().map(|(_, words)| *words).collect();
        let others = surface.exports.len() - offered.len();
        let (code, exports) = match others {
            0 => ("exports-only", format!("exports only {}", listed(&interfaces))),
            _ => ("exports", format!("exports {}, and {others} that are none of this host's", listed(&interfaces))),
        };
        all.push(can(code, format!("{exports}: can be asked to {}", words.join("; "))));
    }
    let names = |what: &str| surface.imports.iter().any(|import| import.interface.contains(what));
    let unknown: Vec<&str> = strange(surface).collect();
    if names("reveal") {
        all.push(can("imports-reveal", "asks to read passwords: imports `reveal`".into()));
    } else if unknown.is_empty() {
        all.push(cannot("cannot-read-passwords", "cannot read passwords: does not import `reveal`"));
    }
    if !unknown.is_empty() {
        let text = format!("asks for what this host offers to no plugin: imports {}", listed(&unknown));
        all.push(can("imports-unknown", text));
    }
    if unknown.is_empty() {
        all.push(cannot("cannot-open-sockets", "cannot open sockets, and so reach no network by itself: imports none"));
        if !names("wasi:filesystem/") {
            all.push(cannot("cannot-open-files", "cannot open files: imports no file system"));
        }
        if !names("wasi:") {
            let text = "has no clock, no randomness, no environment and no output of its own: imports nothing of WASI, the \
                        interface to a machine";
            all.push(cannot("no-wasi", text));
        }
        of_ldap(surface, &mut all, cannot);
        if !names("/log@") {
            all.push(cannot("cannot-log", "cannot write into the host's log by `log`: does not import it"));
        }
        if !names("/config@") {
            all.push(cannot("cannot-read-settings", "cannot read settings: does not import `config`"));
        }
    }
    all
}

fn of_ldap(surface: &Surface, all: &mut Vec<Proved>, cannot: impl Fn(&'static str, &str) -> Proved) {
    let calls = |functions: &[&str]| !calls(surface, "ldap", functions).is_empty();
    if !surface.imports.iter().any(|import| import.interface.contains("/ldap@")) {
        all.push(cannot("cannot-reach-directory", "cannot reach a directory: does not import `ldap`"));
        return;
    }
    if !calls(&["modify", "set-password"]) {
        let text = "cannot write into a directory: imports neither `modify` nor `set-password`";
        all.push(cannot("cannot-write", text));
    } else if !calls(&["modify"]) {
        all.push(cannot("cannot-modify", "cannot change attributes: does not import `modify`"));
    } else if !calls(&["set-password"]) {
        let text = "cannot use the password modify operation: does not import `set-password`";
        all.push(cannot("cannot-set-password", text));
    }
    if !calls(&["search"]) {
        all.push(cannot("cannot-search", "cannot search: does not import `search`"));
    }
    if !calls(&["try-bind"]) {
        all.push(cannot("cannot-try-passwords", "cannot try a password by a bind: does not import `try-bind`"));
    }
}

/// Imports that this host does not offer to anybody: with one of them the plugin is not loaded.
pub(super) fn strange(surface: &Surface) -> impl Iterator<Item = &str> {
    let never = |interface: &&str| Offer::of(interface) == Offer::Never;
    surface.imports.iter().map(|import| import.interface.as_str()).filter(never)
}

fn listed(names: &[&str]) -> String {
    let short = |name: &&str| {
        let known = name.strip_prefix(PACKAGE).map(|rest| rest.split('@').next().unwrap_or(rest));
        format!("`{}`", known.unwrap_or(name))
    };
    names.iter().map(short).collect::<Vec<_>>().join(", ")
}
