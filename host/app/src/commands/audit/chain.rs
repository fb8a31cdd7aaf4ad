//! `portcullis audit verify|key|begin-anew`: the chain of the audit log.

use clap::Args;
use portcullis_audit::verify::{MOST_FINDINGS, Options, Report, verify};
use portcullis_audit::{AuditLog, Place, PublicKey, public_key};
use serde_json::json;

use crate::audit::unwritable;
use crate::commands::approve::who;
use crate::commands::setup::{Setup, complain};
use crate::show::{self, ExitCode};

#[derive(Debug, Args)]
pub(super) struct Verify {
    /// The public key that `portcullis audit key` printed when the log was begun. Without it the one beside the log is
    /// taken, which whoever made a false log could have made as well.
    #[arg(long, value_name = "BASE64", value_parser = parse_key)]
    key: Option<PublicKey>,

    /// A place that an earlier `verify` printed, or the service in its log: its line must still be there as it was. May be
    /// given several times.
    #[arg(long = "anchor", value_name = "SEQ:HASH", value_parser = parse_place)]
    anchors: Vec<Place>,
}

#[derive(Debug, Args)]
pub(super) struct BeginAnew {
    /// Why: it stands in the first line of the new chain.
    #[arg(long, value_name = "TEXT")]
    why: String,
}

pub(super) fn parse_key(text: &str) -> Result<PublicKey, &'static str> {
    PublicKey::parse(text).ok_or("not a key as `portcullis audit key` prints it")
}

fn parse_place(text: &str) -> Result<Place, &'static str> {
    Place::parse(text).ok_or("not a place as `portcullis audit verify` prints it")
}

impl Verify {
    pub(super) fn run(self, setup: &Setup) -> ExitCode {
        let report = match verify(&setup.state, &Options { key: self.key, anchors: self.anchors }) {
            Ok(report) => report,
            Err(error) => return setup.fault(&unwritable(&error)),
        };
        if setup.json {
            setup.print(&show::to_text(&json!({ "whole": report.is_whole(), "report": report })));
        } else {
            setup.print(&in_words(&report));
        }
        if report.is_whole() { ExitCode::Done } else { ExitCode::AuditFindings }
    }
}

fn in_words(report: &Report) -> String {
    let mut text = String::new();
    for finding in &report.findings {
        text += &format!("NOT AS WRITTEN  {finding}\n");
    }
    if report.findings.len() == MOST_FINDINGS {
        text += "NOT AS WRITTEN  and more\n";
    }
    for seq in &report.begun_anew {
        text += &format!("begun anew      in line {seq}, which says why\n");
    }
    let since = if report.first > 1 { " (older files were taken away)" } else { "" };
    text += &format!("lines           {}, from {}{since} to {}\n", report.lines, report.first, report.last.seq);
    text += &format!("signed          up to line {}, by {} checkpoints\n", report.covered, report.checkpoints);
    if let Some(signed) = report.signed.filter(|signed| *signed < report.last.seq) {
        let since = "written a moment ago, left by a crash, or added by somebody without the key";
        text += &format!("not signed yet  {} to {}: {since}\n", signed + 1, report.last.seq);
    }
    if let Some(torn) = report.torn {
        let since = "being written, or left by a crash; who writes next cuts it off and says so";
        text += &format!("torn line       {torn} bytes behind the last one: {since}\n");
    }
    let from = match report.key_was_given {
        true => "as given",
        false => "found beside the log: give the one that you keep elsewhere with --key",
    };
    text += &format!("key             {} ({from})\n", report.key);
    text += &format!("place           {}\n", report.last);
    text += match report.is_whole() {
        true => "The log is whole. Keep its place elsewhere: `--anchor` finds whether it was ever turned back.\n",
        false => "The log is not as it was written.\n",
    };
    text
}

pub(super) fn key(setup: &Setup) -> ExitCode {
    match public_key(&setup.state) {
        Ok(key) if setup.json => {
            setup.print(&show::to_text(&json!({ "id": key.id(), "key": key.to_string() })));
            ExitCode::Done
        }
        Ok(key) => {
            setup.print(&format!("{key}\n"));
            ExitCode::Done
        }
        Err(error) => setup.fault(&unwritable(&error)),
    }
}

impl BeginAnew {
    pub(super) fn run(self, setup: &Setup) -> ExitCode {
        // Where nothing is wrong, there is nothing to begin.
        if let Ok(report) = verify(&setup.state, &Options::default())
            && report.is_whole()
        {
            complain("The log is whole, so it goes on as it is.\n");
            return ExitCode::Usage;
        }
        match AuditLog::begin_anew(&setup.state, self.why, who()) {
            Ok(()) => {
                setup.print("A new chain is begun; the files of the old one stay as they are.\n");
                ExitCode::Done
            }
            Err(error) => setup.fault(&unwritable(&error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use portcullis_audit::verify::Finding;
    use portcullis_audit::{Hash, KeyId};

    use super::*;

    #[test]
    fn says_what_does_not_fit_first_and_the_place_in_any_case() {
        let report = Report {
            lines: 8,
            first: 3,
            last: Place { seq: 10, hash: Hash::of(b"x") },
            at: None,
            checkpoints: 1,
            covered: 9,
            signed: Some(9),
            torn: Some(18),
            key: KeyId("0123456789abcdef".into()),
            key_was_given: false,
            begun_anew: vec![4],
            findings: vec![Finding::Cut { last: 10, expected: 12 }],
        };
        insta::assert_snapshot!(in_words(&report));
    }
}
