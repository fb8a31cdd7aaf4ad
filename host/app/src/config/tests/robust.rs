//! Whatever the bytes are, there is a connector or there are problems that can be shown.

use std::path::Path;

use proptest::prelude::*;

use super::super::diagnostic::Findings;
use super::super::file::File;
use super::super::keys::CONNECTOR;
use super::super::load_text;
use super::super::read;
use super::{CORP, shown};

fn survives(text: &str) {
    match load_text("corp", text, Path::new("/nowhere/corp.toml"), Path::new("/nowhere")) {
        Ok(file) => file.warnings.iter().for_each(|warning| drop(shown(warning))),
        Err(problems) => {
            assert!(!problems.all().is_empty());
            drop(shown(&problems));
        }
    }
}

#[test]
fn every_beginning_of_a_file() {
    for end in 0..CORP.len() {
        survives(&CORP[..end]);
    }
}

/// A key that serde knows and the list of examples does not would leave its mistakes without help.
#[test]
fn the_list_of_keys_is_the_shape() {
    let mut sections: Vec<&str> = CONNECTOR.all().filter_map(|(path, _)| Some(path.rsplit_once('.')?.0)).collect();
    sections.extend(["", "ldap.bind-password"]);
    sections.retain(|section| !matches!(*section, "config" | "ldap.write"));
    sections.sort_unstable();
    sections.dedup();
    for section in sections {
        let header = if section.is_empty() { String::new() } else { format!("[{}]\n", section.replace('*', "x")) };
        let text = format!("{header}zzzzzzzzzzzz = 1");
        let error = toml::from_str::<File>(&text).unwrap_err();
        let (_, known) = error.message().split_once(", expected ").unwrap();
        let mut of_serde: Vec<&str> = known.split('`').skip(1).step_by(2).collect();
        let mut of_the_list: Vec<&str> = CONNECTOR
            .all()
            .map(|(path, _)| path.rsplit_once('.').unwrap_or(("", path)))
            .filter(|(parent, _)| *parent == section)
            .map(|(_, name)| name)
            .collect();
        of_serde.sort_unstable();
        of_the_list.sort_unstable();
        assert_eq!(of_serde, of_the_list, "[{section}]");
    }
}

/// Each example is a line that the shape takes.
#[test]
fn every_example_is_right() {
    for (path, example) in CONNECTOR.all() {
        let section = match path.rsplit_once('.') {
            _ if example.starts_with('[') => "",
            Some(("ldap.bind-password", _)) => "ldap",
            Some((section, _)) => section.trim_end_matches(".*"),
            None => "",
        };
        let text = if section.is_empty() { example.to_owned() } else { format!("[{section}]\n{example}") };
        let mut findings = Findings::new("example", &text);
        assert!(
            read::shape::<File>(&text, &CONNECTOR, &mut findings).is_some(),
            "{text}\n{}",
            shown(&findings.finish().unwrap_err())
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_bytes_taken_out_of_a_file(holes in prop::collection::vec((0..CORP.len(), 0..40_usize), 1..6)) {
        let mut bytes = CORP.as_bytes().to_vec();
        for (at, length) in holes {
            let (start, end) = (at.min(bytes.len()), (at + length).min(bytes.len()));
            bytes.drain(start..end);
        }
        survives(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_bytes_put_into_a_file(at in 0..CORP.len(), text in "[\\[\\]{}='\"#\\\\\\.,\n\r\té😀a-c0-9*{}()-]{1,12}") {
        survives(&format!("{}{text}{}", &CORP[..at], &CORP[at..]));
    }

    #[test]
    fn any_text(text in "(?s).{0,80}") {
        survives(&text);
    }

    #[test]
    fn a_secret_in_the_file_is_never_shown(at in 0..CORP.len(), text in "[\\[\\]{}='\"a-c\n-]{0,6}") {
        let password = "Zq9vKx";
        let with_secret = CORP.replace("{ file = \"/run/secrets/corp-ad\" }", &format!("\"{password}\""));
        let at = at.min(with_secret.len());
        let line = with_secret.find("bind-password").unwrap();
        // Somewhere else than in the line of the secret.
        prop_assume!(at < line || at > line + 30);
        let broken = format!("{}{text}{}", &with_secret[..at], &with_secret[at..]);
        if let Err(problems) = load_text("corp", &broken, Path::new("/nowhere/corp.toml"), Path::new("/nowhere")) {
            prop_assert!(!shown(&problems).contains(password), "{}", shown(&problems));
        }
    }
}
