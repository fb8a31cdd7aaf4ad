//! Whatever the bytes are, there is a configuration or there are problems that can be shown.

use std::path::Path;

use proptest::prelude::*;

use super::super::super::diagnostic::Findings;
use super::super::super::read;
use super::super::super::tests::shown;
use super::super::check::rate;
use super::super::file::File;
use super::super::{keys, load_service_text};
use super::SERVICE;

fn survives(text: &str) {
    match load_service_text(text, Path::new("/nowhere/portcullis.toml"), &[]) {
        Ok(service) => service.warnings.iter().for_each(|warning| drop(shown(warning))),
        Err(problems) => {
            assert!(!problems.all().is_empty());
            drop(shown(&problems));
        }
    }
}

#[test]
fn every_beginning_of_a_file() {
    for end in 0..SERVICE.len() {
        survives(&SERVICE[..end]);
    }
}

/// A key that serde knows and the list of examples does not would leave its mistakes without help.
#[test]
fn the_list_of_keys_is_the_shape() {
    let all = || keys::SERVICE.all().map(|(path, _)| path.rsplit_once('.').unwrap_or(("", path)));
    let mut sections: Vec<&str> = all().map(|(section, _)| section).collect();
    // Any name may stand here.
    sections.retain(|section| !matches!(*section, "callers" | "connectors"));
    sections.sort_unstable();
    sections.dedup();
    assert_eq!(sections.len(), 15);
    for section in sections {
        let header = if section.is_empty() { String::new() } else { format!("[{}]\n", section.replace('*', "x")) };
        let error = toml::from_str::<File>(&format!("{header}zzzzzzzzzzzz = 1")).unwrap_err();
        let (_, known) = error.message().split_once(", expected ").unwrap();
        let mut of_serde: Vec<&str> = known.split('`').skip(1).step_by(2).collect();
        let mut of_the_list: Vec<&str> = all().filter(|(parent, _)| *parent == section).map(|(_, name)| name).collect();
        of_serde.sort_unstable();
        of_the_list.sort_unstable();
        assert_eq!(of_serde, of_the_list, "[{section}]");
    }
}

/// Each example is a line that the shape takes.
#[test]
fn every_example_is_right() {
    for (path, example) in keys::SERVICE.all() {
        let section = match path.rsplit_once('.') {
            _ if example.starts_with('[') => "",
            // These stand in one line with their section.
            Some(("tls.key", _)) => "tls",
            Some(("callers.*.certificate", _)) => "callers.x",
            Some((section, _)) => section,
            None => "",
        };
        let section = section.replace('*', "x");
        let text = if section.is_empty() { example.to_owned() } else { format!("[{section}]\n{example}") };
        let mut findings = Findings::new("example", &text);
        let shape = read::shape::<File>(&text, &keys::SERVICE, &mut findings);
        assert!(shape.is_some(), "{text}\n{}", shown(&findings.finish().unwrap_err()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_bytes_taken_out_of_a_file(holes in prop::collection::vec((0..SERVICE.len(), 0..40_usize), 1..6)) {
        let mut bytes = SERVICE.as_bytes().to_vec();
        for (at, length) in holes {
            let (start, end) = (at.min(bytes.len()), (at + length).min(bytes.len()));
            bytes.drain(start..end);
        }
        survives(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_bytes_put_into_a_file(at in 0..SERVICE.len(), text in "[\\[\\]{}='\"#\\\\\\.,\n\r\té😀a-c0-9*{}()-]{1,12}") {
        survives(&format!("{}{text}{}", &SERVICE[..at], &SERVICE[at..]));
    }

    #[test]
    fn a_rate_is_read_back_as_it_is_shown(text in "[0-9+-]{0,8}[/ ]{0,2}[smhd]?") {
        match rate(&text) {
            Some(rate) => {
                prop_assert!(rate.count.get() <= 1_000_000);
                prop_assert_eq!(self::rate(&rate.to_string()), Some(rate));
                prop_assert!(text.trim_start_matches('0') == rate.to_string());
            }
            None => prop_assert!(!text.ends_with("/s") || !matches!(text[..text.len() - 2].parse(), Ok(1..=1_000_000_u32)) || text.starts_with('+')),
        }
    }

    #[test]
    fn a_key_in_the_file_is_never_shown(at in 0..SERVICE.len(), text in "[\\[\\]{}='\"a-c\n-]{0,6}") {
        let pem = "key = \"\"\"\n-----BEGIN PRIVATE KEY-----\nZq9vKx\nZq9vKy\n-----END PRIVATE KEY-----\n\"\"\"";
        let with_secret = SERVICE.replace("key = { file = \"server.key\" }", pem);
        let line = with_secret.find("key =").unwrap();
        // Somewhere else than in the secret.
        prop_assume!(at < line || at > line + pem.len());
        let broken = format!("{}{text}{}", &with_secret[..at], &with_secret[at..]);
        if let Err(problems) = load_service_text(&broken, Path::new("/nowhere/portcullis.toml"), &[]) {
            prop_assert!(!shown(&problems).contains("Zq9vK"), "{}", shown(&problems));
        }
    }

    #[test]
    fn a_token_in_the_file_is_never_shown(at in 0..SERVICE.len(), text in "[\\[\\]{}='\"a-c\n-]{0,6}") {
        let with_secret = SERVICE.replace(&"1".repeat(64), "pct_Zq9vKxZq9vKxZq9vKxZq9vKxZq9vKxZq9vKxZq9vKxZ");
        let at = at.min(with_secret.len());
        let token = with_secret.find("pct_").unwrap();
        prop_assume!(at <= token || at >= token + 47);
        let broken = format!("{}{text}{}", &with_secret[..at], &with_secret[at..]);
        if let Err(problems) = load_service_text(&broken, Path::new("/nowhere/portcullis.toml"), &[]) {
            prop_assert!(!shown(&problems).contains("Zq9vKxZ"), "{}", shown(&problems));
        }
    }
}
