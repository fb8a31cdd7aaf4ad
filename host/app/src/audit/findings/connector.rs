//! `connector-unusable`: a connector's file has mistakes, so that nothing else is known of the connector.

use super::{Code, Finding};
use crate::audit::report::Place;
use crate::config::{Broken, Diagnostic};

pub(super) fn of(broken: &Broken) -> Vec<Finding> {
    broken.problems.all().iter().map(|mistake| finding(broken, mistake)).collect()
}

fn finding(broken: &Broken, mistake: &Diagnostic) -> Finding {
    let help = miette::Diagnostic::help(mistake).map(|help| help.to_string()).unwrap_or_default();
    let remedy = if help.is_empty() { "correct the file; `portcullis check` shows the line".to_owned() } else { help };
    let place = Place { line: mistake.line(), ..Place::whole(&broken.path) };
    let text = format!("the connector's file cannot be used: {mistake}");
    Finding::new(Code::ConnectorUnusable, place, text, remedy).about([mistake.name()])
}
