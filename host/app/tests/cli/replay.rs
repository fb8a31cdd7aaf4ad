//! Recording and replaying as an operator types it: the file, what is in it and what is not, and how each command ends.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use portcullis_tests::plugins::{plugin, root};

use crate::folder::{ALICE, ALICES, BOB, Folder};
use crate::run::Run;
use crate::secrets::find;
use crate::typed::Typed;

const NEW: &str = "Gr\u{fc}ne-Tinte \"42\"";
const NEWER: &str = "Blaue Tinte\\43";

impl Folder {
    /// Does every kind of operation, also such as are refused, and records them.
    fn recorded(&self) -> String {
        let file = self.path().join("recording.jsonl").display().to_string();
        let run = |arguments: &[&str], input: &str| {
            let passwords: &[&str] = if input.is_empty() { &[] } else { &["--password-stdin"] };
            self.run_with(&[arguments, passwords, &["--record", &file]].concat(), input).code
        };
        assert_eq!(run(&["reset", ALICE, "--unlock", "--must-change"], NEW), 0);
        assert_eq!(run(&["verify", ALICE], NEW), 0);
        assert_eq!(run(&["change", ALICE], &format!("{NEW}\n{NEWER}\n")), 0);
        assert_eq!(run(&["change", ALICE], &format!("{NEW}\n{NEWER}\n")), 16, "wrong old password");
        assert_eq!(run(&["reset", ALICE], "T1nte!"), 10, "too short");
        assert_eq!(run(&["verify", ALICE], NEW), 20);
        assert_eq!(run(&["status", ALICE], ""), 0);
        assert_eq!(run(&["unlock", BOB], ""), 0);
        assert_eq!(run(&["reset", "root@people.example"], NEW), 11);
        file
    }

    fn grants(&self, changes: &[(&str, &str)]) -> String {
        let text = crate::folder::with(&self.read(crate::folder::MOCK), changes);
        self.write("people.ldif", self.read("connectors/people.ldif"));
        self.write("new.toml", text).display().to_string()
    }
}

fn ends(run: &Run, code: i32, fault: &str) {
    assert_eq!((run.code, run.fault().as_str()), (code, fault), "{run}");
}

#[test]
fn a_recording_holds_no_password_and_is_its_owners_alone() {
    let folder = Folder::new();
    let file = folder.recorded();
    let mode = fs::metadata(&file).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    let recorded = fs::read(&file).unwrap();
    for secret in [NEW, NEWER, ALICES, "T1nte!"] {
        assert_eq!(find(secret, &recorded), Vec::<&str>::new(), "{secret}");
    }
    let lines: Vec<serde_json::Value> = recorded
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 9);
    // The whole outline of one; the fields are described in docs/replay.md.
    let page = fs::read_to_string(root().join("docs/replay.md")).unwrap();
    let mut fields = Vec::new();
    lines.iter().for_each(|line| names(line, &mut fields));
    for field in fields {
        assert!(page.contains(&format!("`{field}`")), "docs/replay.md does not describe `{field}`");
    }
}

/// Every name of a field, but for those of events, which README.md describes.
fn names(value: &serde_json::Value, found: &mut Vec<String>) {
    match value {
        serde_json::Value::Object(fields) => {
            for (name, field) in fields {
                found.push(name.clone());
                if name != "events" {
                    names(field, found);
                }
            }
        }
        serde_json::Value::Array(all) => all.iter().for_each(|one| names(one, found)),
        _ => {}
    }
}

#[test]
fn as_it_is_and_with_other_grants() {
    let folder = Folder::new();
    let file = folder.recorded();
    let run = folder.run(&["replay", &file]);
    assert_eq!((run.code, &*run.stderr), (0, ""), "{run}");
    assert_eq!(run.stdout, "9 replayed: 9 as recorded, 0 another way, 0 cannot be told\n");
    let grants = folder.grants(&[
        ("pwdReset = [\"TRUE\"]", ""),
        ("try-bind = true", ""),
        ("[\"*@people.example\"]", "[\"alice@people.example\"]"),
    ]);
    let run = folder.run(&["replay", &file, "--grants", &grants]);
    assert_eq!((run.code, &*run.stderr), (24, ""), "{run}");
    run.reads("replay");
    let json = folder.run(&["replay", &file, "--grants", &grants, "--json"]);
    assert_eq!(json.code, 24, "{json}");
    let json = json.json();
    assert_eq!(json["result"], "diverges");
    assert_eq!(json["counts"]["same"], 4, "{json:#}");
    let first = &json["operations"][0]["divergences"][0];
    assert_eq!(first["divergence"], "denied");
    assert_eq!(
        first["wanted"],
        serde_json::json!({ "grant": "write", "attribute": "pwdreset", "value": { "granted": "TRUE" } })
    );
    assert_eq!(first["add"], "[ldap.write] pwdreset = [\"TRUE\"]");
    // Nothing of it was done.
    assert_eq!(folder.verify(ALICE, NEWER), 0);
}

#[test]
fn with_another_plugin() {
    let folder = Folder::new();
    let file = folder.recorded();
    let same = folder.path().join("plugins/mock.wasm").display().to_string();
    assert_eq!(folder.run(&["replay", &file, "--plugin", &same]).code, 0);
    let other = plugin("openldap").unwrap().display().to_string();
    let run = folder.run(&["replay", &file, "--plugin", &other, "--json"]);
    let json = run.json();
    assert_eq!((run.code, &json["operations"][0]["divergences"][0]["divergence"]), (24, &"plugin-not-granted".into()));
    ends(&folder.run(&["replay", &file, "--plugin", &file, "--json"]), 18, "plugin-unusable");
}

#[test]
fn what_cannot_be_replayed() {
    let folder = Folder::new();
    let file = folder.recorded();
    let replay = |arguments: &[&str]| folder.run(&[&["replay", "--json"], arguments].concat());
    ends(&replay(&["nowhere.jsonl"]), 2, "file-unusable");
    ends(&replay(&[&file, "--connector", "another"]), 2, "unknown-connector");
    let broken = folder.write("broken.jsonl", &folder.read("recording.jsonl")[..900]).display().to_string();
    ends(&replay(&[&broken]), 2, "recording-unusable");
    let changed = folder.read("recording.jsonl").replace("\"must-change\":true", "\"must-change\":false");
    let changed = folder.write("changed.jsonl", changed).display().to_string();
    let run = replay(&[&changed]);
    ends(&run, 2, "recording-unusable");
    assert!(
        run.json()["fault"]["detail"].as_str().unwrap().contains("changed.jsonl:1: its digest does not fit"),
        "{run}"
    );
    ends(&replay(&[&file, "--grants", "nowhere.toml"]), 17, "misconfigured");
    let grants = folder.grants(&[("plugin = \"mock.wasm\"", "plugin = \"another.wasm\"")]);
    assert_eq!(replay(&[&file, "--grants", &grants]).code, 17);
}

#[test]
fn a_file_that_cannot_be_written_is_found_before_anything_is_done() {
    let folder = Folder::new();
    let run =
        folder.refuses(&["reset", ALICE, "--password-stdin", "--record", "/nowhere/recording.jsonl", "--json"], NEW);
    ends(&run, 2, "file-unusable");
    let run = folder.run(&["record", "--connector", "mock", "--to", "/nowhere/recording.jsonl", "--json"]);
    ends(&run, 2, "file-unusable");
    let to = folder.path().join("recording.jsonl").display().to_string();
    let state = folder.path().join("state").display().to_string();
    let run = folder.run(&["record", "--connector", "mock", "--to", &to, "--json", "--state", &state]);
    ends(&run, 2, "service-not-running");
    assert!(!fs::exists(&to).unwrap(), "nothing was recorded, so there is no file");
}

#[test]
fn every_command_of_the_page_works_as_written() {
    let page = fs::read_to_string(root().join("docs/replay.md")).unwrap();
    let typed = Typed::as_written(&page, Some("8441"), ("portcullis ", 6));
    let denied = "denied             ldap.modify pwdreset: not granted";
    typed.says(&["1 operation is in", "2 replayed: 2 as recorded", denied]);
    assert!(!typed.out.contains("staple of the horse"), "{}", typed.out);
}
