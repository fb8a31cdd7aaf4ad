//! The connectors of a service for people: a line for each, and below it what needs a person.

use crate::service::registry::{Candidate, CeilingState, ConnectorState, State};

/// What stands where there is nothing to say.
const NONE: &str = "-";

/// Enough of a digest to tell two apart by eye; the whole one is in the JSON.
const DIGITS: usize = 12;

/// The table; the order is that of the states.
#[must_use]
pub fn connectors(states: &[ConnectorState]) -> String {
    let head = ["CONNECTOR", "STATE", "VERSION", "DIGEST", "SINCE", "LAST FAULT"].map(str::to_owned);
    let rows: Vec<[String; 6]> = states.iter().map(row).collect();
    let width = |column: usize| rows.iter().chain([&head]).map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; 6] = std::array::from_fn(width);
    let line = |row: &[String; 6]| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
        format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
    };
    let mut text = line(&head);
    for (state, row) in states.iter().zip(&rows) {
        text += &line(row);
        text += &state.candidate.as_ref().map(|candidate| below(state, candidate)).unwrap_or_default();
    }
    text
}

/// The ceiling that is in force, below the table.
#[must_use]
pub fn ceiling(state: &CeilingState) -> String {
    let since = humantime::format_rfc3339_seconds(state.since);
    let held = match &state.sha256 {
        Some(sha256) => format!("ceiling {sha256} since {since}\n"),
        None => "no ceiling\n".to_owned(),
    };
    let trouble = |trouble: &String| {
        super::line("warning", &format!("the former one is in force until the next start: {trouble}"))
    };
    held + &state.trouble.as_ref().map(trouble).unwrap_or_default()
}

fn row(state: &ConnectorState) -> [String; 6] {
    let word = match (state.state, &state.candidate) {
        (State::Running, Some(_)) => "running, candidate refused".to_owned(),
        (other, _) => other.word().to_owned(),
    };
    let digest = state.digest.as_ref().or(state.candidate.as_ref().and_then(|candidate| candidate.digest.as_ref()));
    let fault = state.last_fault.as_ref().map(|fault| {
        let over = if fault.over { ", over" } else { "" };
        format!("{} {}{over}", fault.code, humantime::format_rfc3339_seconds(fault.at))
    });
    [
        state.name.clone(),
        word,
        state.version.clone().unwrap_or_else(|| NONE.to_owned()),
        digest.map_or_else(|| NONE.to_owned(), |digest| digest.chars().take(DIGITS).collect()),
        humantime::format_rfc3339_seconds(state.since).to_string(),
        fault.unwrap_or_else(|| NONE.to_owned()),
    ]
}

/// A candidate that is not run: why, and what somebody has to know to decide about it.
fn below(state: &ConnectorState, candidate: &Candidate) -> String {
    let mut text = String::new();
    if let (State::Running, Some(digest)) = (state.state, &candidate.digest) {
        let digits: String = digest.chars().take(DIGITS).collect();
        text += &super::line(
            "candidate",
            &format!("{digits} since {}", humantime::format_rfc3339_seconds(candidate.since)),
        );
    }
    text += &super::line("fault", &format!("{}: {}", candidate.fault, candidate.detail));
    if candidate.fault == portcullis_model::FaultCode::PluginNotApproved.name() {
        text += &super::line("asks for", &candidate.asks_for.join(", "));
        text += &super::line("offers", &candidate.exports.join(", "));
    }
    text
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;
    use crate::service::registry::LastFault;

    fn state(name: &str, state: State) -> ConnectorState {
        ConnectorState {
            name: name.into(),
            state,
            file: format!("/etc/portcullis/connectors/{name}.toml"),
            plugin: Some("/etc/portcullis/plugins/mock.wasm".into()),
            version: None,
            digest: None,
            since: SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000),
            operations: vec!["reset-password".into()],
            accounts: vec!["*@corp.example".into()],
            last_fault: None,
            candidate: None,
        }
    }

    fn candidate(fault: &str, detail: &str) -> Candidate {
        Candidate {
            digest: Some("c".repeat(64)),
            fault: fault.into(),
            detail: detail.into(),
            since: SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_100),
            asks_for: vec!["portcullis:writeback/ldap@0.1.0".into()],
            exports: vec!["portcullis:writeback/passwords@0.1.0".into()],
        }
    }

    #[test]
    fn a_line_for_each_and_what_needs_a_person_below() {
        let mut running = state("corp-ad", State::Running);
        running.version = Some("1.2.0".into());
        running.digest = Some("a".repeat(64));
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_050);
        running.last_fault = Some(LastFault { code: "directory-unavailable".into(), at, over: true });
        let mut candidates = state("lab", State::Running);
        candidates.digest = Some("b".repeat(64));
        candidates.candidate = Some(candidate("plugin-unusable", "lab.wasm is not WebAssembly"));
        let mut new = state("new", State::NotApproved);
        new.candidate = Some(candidate("plugin-not-approved", "nobody approved it"));
        insta::assert_snapshot!(connectors(&[running, candidates, new, state("old", State::Withdrawn)]), @r#"
        CONNECTOR  STATE                       VERSION  DIGEST        SINCE                 LAST FAULT
        corp-ad    running                     1.2.0    aaaaaaaaaaaa  2023-11-14T22:13:20Z  directory-unavailable 2023-11-14T22:14:10Z, over
        lab        running, candidate refused  -        bbbbbbbbbbbb  2023-11-14T22:13:20Z  -
          candidate    cccccccccccc since 2023-11-14T22:15:00Z
          fault        plugin-unusable: lab.wasm is not WebAssembly
        new        not approved                -        cccccccccccc  2023-11-14T22:13:20Z  -
          fault        plugin-not-approved: nobody approved it
          asks for     portcullis:writeback/ldap@0.1.0
          offers       portcullis:writeback/passwords@0.1.0
        old        withdrawn                   -        -             2023-11-14T22:13:20Z  -
        "#);
    }

    #[test]
    fn the_shape_for_programs_reads_back() {
        let mut both = state("corp-ad", State::NotApproved);
        both.candidate = Some(candidate("plugin-not-approved", "nobody approved it"));
        let text = serde_json::to_string(&both).unwrap();
        assert!(
            text.contains(r#""state":"not-approved""#) && text.contains(r#""since":"2023-11-14T22:13:20Z""#),
            "{text}"
        );
        assert_eq!(serde_json::from_str::<ConnectorState>(&text).unwrap(), both);
    }
}
