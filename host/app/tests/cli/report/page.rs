//! The page docs/audit-report.md: its commands are typed as they are written, and its lists are whole.

use std::fs;

use portcullis::audit::findings::Code;
use portcullis_tests::plugins::root;

use crate::typed::Typed;

fn page() -> String {
    fs::read_to_string(root().join("docs/audit-report.md")).unwrap()
}

#[test]
fn every_command_of_the_page_works_as_written() {
    let typed = Typed::as_written(&page(), None, ("portcullis audit", 5));
    typed.says(&["Proved by the binary", "unpinned", "findings: 23"]);
    let html = fs::read_to_string(typed.folder.path().join("target/try/report.html")).unwrap();
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
