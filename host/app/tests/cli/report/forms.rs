//! The other forms: SARIF and the page, as they are written into files.

use std::fs;

use serde_json::Value;

use crate::folder::Folder;

fn written(folder: &Folder, format: &str) -> String {
    let path = folder.path().join("report");
    let run = folder.run(&["audit", "--format", format, "--to", path.to_str().unwrap()]);
    assert_eq!((run.code, &*run.stdout, &*run.stderr), (23, "", ""), "{run}");
    fs::read_to_string(path).unwrap()
}

#[test]
fn sarif_names_places_relative_to_the_configuration() {
    let folder = Folder::new();
    let log: Value = serde_json::from_str(&written(&folder, "sarif")).unwrap();
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    let base = run["originalUriBaseIds"]["CONFIGURATION"]["uri"].as_str().unwrap();
    assert_eq!(base, format!("file://{}/", folder.path().display()));
    let unpinned = run["results"].as_array().unwrap().iter().find(|result| result["ruleId"] == "unpinned").unwrap();
    let place = &unpinned["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "connectors/mock.toml");
    assert_eq!(place["region"]["startLine"], 3);
    assert_eq!(unpinned["level"], "warning");
}

#[test]
fn the_page_asks_for_nothing_and_says_the_tiers_apart() {
    let page = written(&Folder::new(), "html");
    assert!(page.starts_with("<!DOCTYPE html>"), "{page}");
    assert!(
        page.contains("content=\"default-src &#39;none&#39;") || page.contains("content=\"default-src 'none'"),
        "{page}"
    );
    for word in ["<script", "<img", "<link", "http://", "https://", " style=", "url(", "@import", "onload"] {
        assert!(!page.contains(word), "{word} in:\n{page}");
    }
    let (first, second) = page.split_once("Enforced at run time, by the host").unwrap();
    assert!(first.contains("It cannot read passwords: does not import <code>reveal</code>."), "{page}");
    assert!(second.contains("It writes into userPassword the password in hand and nothing else."), "{page}");
    assert!(page.contains("<dt><strong>Grant</strong></dt>"), "{page}");
}

#[test]
fn a_file_that_cannot_be_written_is_said() {
    let folder = Folder::new();
    let run = folder.run(&["audit", "--to", folder.path().join("no/report").to_str().unwrap()]);
    assert_eq!(run.code, 17, "{run}");
    assert!(run.stderr.contains("the report cannot be written: DIR/no/report"), "{run}");
}
