//! `portcullis audit`: whether the report tells the truth, item by item.

mod examples;
mod forms;
mod logs;
mod page;
mod sarif;
mod which;
mod wide;

use serde_json::Value;

use crate::folder::{ALICE, BOB, Folder};
use crate::run::Run;

/// The report as a program reads it, and its exit code.
fn report(folder: &Folder, arguments: &[&str]) -> (Value, i32) {
    let run = folder.run(&[&["audit", "--json"], arguments].concat());
    (run.json(), run.code)
}

/// The one connector of a report with this name.
fn connector<'r>(report: &'r Value, name: &str) -> &'r Value {
    let all = report["connectors"].as_array().unwrap();
    all.iter().find(|one| one["connector"] == name).unwrap_or_else(|| panic!("no {name} in {report:#}"))
}

/// The findings of a connector, or of the whole configuration: code, and what they are about.
fn findings(report: &Value, connector: Option<&str>) -> Vec<(String, Vec<String>)> {
    let texts = |value: &Value| -> Vec<String> {
        value.as_array().into_iter().flatten().map(|text| text.as_str().unwrap().to_owned()).collect()
    };
    let all = report["findings"].as_array().unwrap().iter();
    let mine = all.filter(|finding| finding["connector"].as_str() == connector);
    let mut told: Vec<_> =
        mine.map(|finding| (finding["code"].as_str().unwrap().to_owned(), texts(&finding["about"]))).collect();
    told.sort();
    told
}

/// A row of the table.
fn row<'r>(connector: &'r Value, section: &str, name: &str) -> &'r Value {
    let rows = connector["grants"].as_array().unwrap();
    let found = rows.iter().find(|row| row["section"] == section && row["name"] == name);
    found.unwrap_or_else(|| panic!("no [{section}] {name} in {connector:#}"))
}

/// So many operations of each kind through the mock connector of this name; each ends with this code.
fn operate(folder: &Folder, connector: &str, times: usize, code: impl Fn(&str) -> i32) {
    let through = ["--connector", connector];
    let ends = |what: &str, run: Run| assert_eq!(run.code, code(what), "{what}: {run}");
    for n in 0..times {
        let (old, new) = (format!("an old password {n}"), format!("a new password {n}"));
        let typed = |command: &str, input: &str, more: &[&str]| {
            folder.run_with(&[&[command, ALICE, "--password-stdin"], &through[..], more].concat(), input)
        };
        ends("reset", typed("reset", &format!("{old}\n"), &["--must-change"]));
        ends("verify", typed("verify", &format!("{old}\n"), &[]));
        ends("change", typed("change", &format!("{old}\n{new}\n"), &[]));
        ends("unlock", folder.run(&[&["unlock", BOB], &through[..]].concat()));
        ends("status", folder.run(&[&["status", BOB], &through[..]].concat()));
    }
}
