//! The page docs/audit-report.md: its commands are typed as they are written, and its lists are whole.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};

use portcullis::audit::findings::Code;
use portcullis_tests::plugins::{plugin, root};

fn page() -> String {
    fs::read_to_string(root().join("docs/audit-report.md")).unwrap()
}

#[test]
fn every_command_of_the_page_works_as_written() {
    let page = page();
    let blocks = page.split("```sh\n").skip(1).map(|rest| rest.split_once("```").unwrap().0);
    let script: String = blocks.collect();
    assert!(script.matches("portcullis audit").count() >= 5, "the blocks were not found:\n{script}");
    let folder = tempfile::tempdir().unwrap();
    let plugins = folder.path().join("target/plugins");
    fs::create_dir_all(&plugins).unwrap();
    fs::copy(plugin("mock").unwrap_or_else(|missing| panic!("{missing}")), plugins.join("mock.wasm")).unwrap();
    symlink(root().join("examples"), folder.path().join("examples")).unwrap();
    let debug = std::path::Path::new(env!("CARGO_BIN_EXE_portcullis")).parent().unwrap();
    symlink(debug, folder.path().join("target/debug")).unwrap();
    let output = Command::new("bash")
        .args(["-euo", "pipefail", "-c", &script])
        .current_dir(folder.path())
        .env("PORTCULLIS_CACHE", root().join("target/test-cache"))
        .env_remove("STATE_DIRECTORY")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{}\n{out}\n{err}", output.status);
    for said in ["Proved by the binary", "unpinned", "findings: 23"] {
        assert!(out.contains(said), "{said} is not in:\n{out}\n{err}");
    }
    let html = fs::read_to_string(folder.path().join("target/try/report.html")).unwrap();
    assert!(html.contains("</html>"), "{html}");
}

#[test]
fn every_code_and_every_field_is_described() {
    let page = page();
    for code in Code::ALL {
        let line = format!("| `{}` | {} |", code.name(), code.severity().word());
        assert!(page.contains(&line), "{line} is missing");
    }
    let (report, _) = super::report(&crate::folder::Folder::new(), &[]);
    let mut fields = std::collections::BTreeSet::new();
    collect(&report, &mut fields);
    let missing: Vec<_> = fields.iter().filter(|field| !page.contains(&format!("`{field}`"))).collect();
    assert!(missing.is_empty(), "not described: {missing:?}");
}

fn collect(value: &serde_json::Value, fields: &mut std::collections::BTreeSet<String>) {
    match value {
        serde_json::Value::Object(object) => {
            for (name, value) in object {
                fields.insert(name.clone());
                collect(value, fields);
            }
        }
        serde_json::Value::Array(all) => all.iter().for_each(|value| collect(value, fields)),
        _ => {}
    }
}
