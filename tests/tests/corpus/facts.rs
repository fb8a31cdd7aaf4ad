//! What the host wrote into its audit log, a line for each fact: short enough for a table, and nothing left out by which
//! a reader decides.

use std::fs;
use std::path::Path;

use portcullis_audit::verify::{Options, verify};
use portcullis_audit::{About, FOLDER, Fact, Line, read};
use portcullis_model::Password;

/// The facts of an operation that come after "located".
pub(crate) fn of_operation(state: &Path, id: &str) -> Vec<String> {
    facts(state, |line| line.about.operation.as_deref() == Some(id))
}

/// What became of a connector of the service after it was there for the first time.
pub(crate) fn of_connector(state: &Path, name: &str) -> Vec<String> {
    // What the check of the connector that serves was allowed stands between them.
    let of_it = |line: &Line| line.about.operation.is_none() && line.about.connector.as_deref() == Some(name);
    facts(state, |line| of_it(line) && !matches!(line.fact, Fact::Allowed(_)))
}

/// What is about the host itself.
pub(crate) fn of_host(state: &Path) -> Vec<String> {
    facts(state, |line| line.about == About::default() && !matches!(line.fact, Fact::Checkpoint(_)))
}

/// Reads them back from a log that is whole, whatever a plugin did.
fn facts(state: &Path, about: impl Fn(&Line) -> bool) -> Vec<String> {
    let found = verify(state, &Options::default()).unwrap().findings;
    assert!(found.is_empty(), "the audit log is not whole: {found:?}");
    let lines = read(state).unwrap().map(Result::unwrap);
    lines.filter(about).filter_map(|line| shown(line.fact)).collect()
}

fn shown(fact: Fact) -> Option<String> {
    Some(match fact {
        Fact::Asked(_) | Fact::Located(_) | Fact::ConnectorStarted(_) => return None,
        Fact::Allowed(it) => format!("allowed {}.{} {}", it.capability, it.call, it.subject),
        Fact::Denied(it) => format!("denied {}.{} {}", it.capability, it.call, it.subject),
        Fact::Written(it) => format!("written {}", it.what.join(", ")),
        Fact::Refused(it) => format!("refused {} {}", it.what.join(", "), it.code),
        Fact::InDoubt(it) => format!("in-doubt {}", it.what.join(", ")),
        Fact::Tried(it) => match it.code {
            Some(code) => format!("tried {} {code}", it.password),
            None => format!("tried {}", it.password),
        },
        Fact::Confirmed(_) => "confirmed".to_owned(),
        Fact::PluginEnded(it) => format!("plugin-ended {}: {}", it.code, it.reason),
        Fact::Omitted(it) => format!("omitted {}", it.count),
        Fact::Ended(it) => format!("ended {} {}", it.outcome, it.fault.unwrap_or_default()).trim_end().to_owned(),
        Fact::ConnectorRefused(it) => format!("connector-refused {}", it.fault),
        Fact::CacheAltered(_) => "cache-altered".to_owned(),
        other => panic!("no fact of a hostile plugin: {other:?}"),
    })
}

/// Whether a password stands in the files of the log.
pub(crate) fn hold(state: &Path, password: &Password) -> bool {
    let files = fs::read_dir(state.join(FOLDER)).unwrap().map(|entry| entry.unwrap().path());
    files.into_iter().filter(|path| path.is_file()).any(|path| {
        let text = String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned();
        password.occurs_in(&text)
    })
}
