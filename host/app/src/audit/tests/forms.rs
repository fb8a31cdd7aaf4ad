//! The forms: whoever chooses names, attributes, DNs and values cannot make a terminal, a browser or a viewer obey.

use std::path::Path;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::world::{World, done};
use crate::audit::findings::{self, Code, Severity};
use crate::audit::report::{self, Place, Report, Rights};
use crate::audit::show;

/// A report in which every word that somebody else chooses is this one.
fn report(words: &str) -> Report {
    let escaped: String = words.chars().map(|c| format!("\\U{:08X}", u32::from(c))).collect();
    let quoted = format!("\"x{escaped}\"");
    let mut world = World::new(&format!(
        "operations = [\"reset-password\"]\n[ldap]\nurls = [\"ldaps://a.example\"]\nbind-dn = {quoted}\nbind-password = {{ env = \"A\" }}\n\
         [ldap.locate]\nbase = \"ou=a\"\nfilter = \"(uid={{account.login}})\"\n[ldap.write]\ncn = [{quoted}]\n[config]\n{quoted} = {quoted}\n"
    ));
    let denied = |wanted: Value| json!({"fact": "denied", "capability": words, "call": words, "subject": words, "reason": words, "wanted": wanted});
    let facts = [
        denied(json!({"grant": "read", "attribute": words})),
        denied(json!({"grant": "write", "attribute": words, "value": "password"})),
        denied(json!({"grant": "control", "oid": words})),
        denied(Value::Null),
        json!({"fact": "located", "dn": words, "server": words}),
        json!({"fact": "connector-started", "plugin": words, "file": words}),
        json!({"fact": "connector-started", "plugin": "other", "file": words, "at": words}),
    ];
    let uses = json!([{"grant": "setting", "name": words}]);
    world.logs(done(&["reset-password"], 1, &uses).into_iter().chain(facts));
    world.rights = Rights::Seen { target: words.into(), besides: vec![words.into()] };
    world.plugin.signer = Some(words.to_owned());
    if let Some(surface) = &mut world.plugin.surface {
        surface.exports.push(words.to_owned());
        surface.imports.push(portcullis_sandbox::Import {
            interface: "portcullis:writeback/config@0.1.0".into(),
            functions: vec!["get".into()],
        });
        let import = portcullis_sandbox::Import { interface: words.to_owned(), functions: vec![words.to_owned()] };
        surface.imports.push(import);
    }
    world.log.folder = words.into();
    let mut all = findings::of_all(&world.log, None, Place { file: words.into(), line: None, column: None, end: None });
    all.extend(world.findings());
    findings::sort(&mut all);
    Report {
        version: report::VERSION,
        portcullis: "0",
        made: words.into(),
        configuration: words.into(),
        ceiling: Some(report::CeilingFacts {
            file: words.into(),
            sha256: words.into(),
            owner: words.into(),
            not_apart: Some(words.into()),
        }),
        log: world.log.clone(),
        connectors: vec![world.report()],
        findings: all,
    }
}

/// The tags of a page.
fn tags(html: &str) -> Vec<&str> {
    html.split('<').skip(1).map(|rest| rest.split('>').next().unwrap_or_default()).collect()
}

/// Nothing of the words is left but characters that are shown.
fn is_plain(text: &str) -> bool {
    !text.contains(|c: char| c != '\n' && report::misleads(c))
}

fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        ".{1,20}",
        "[<>&\"'`\\[\\](){}\\x1b\\n\\r\\u{202e}\\u{9b}]{1,9}",
        Just("<script>alert(1)</script>".to_owned()),
        Just("</script></style></title></pre>".to_owned()),
        Just("nimda\u{202e}gnissim\u{2066}\r\n# [reveal]".to_owned()),
        Just("\"><img src=https://evil.example onerror=x>".to_owned()),
        Just("\u{1b}]8;;https://evil.example\u{7}click\u{1b}]8;;\u{7}".to_owned()),
        Just("[click](https://evil.example) ![x](https://evil.example/x.png) {0}".to_owned()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_words_are_obeyed(words in hostile()) {
        let (clean, report) = (report("x"), report(&words));
        let text = show::text(&report);
        prop_assert!(is_plain(&text), "{text:?}");
        let html = show::html(&report);
        prop_assert!(is_plain(&html), "{html:?}");
        // The same tags as with harmless words, but for the marks around names, which come in pairs.
        let without = |html: &str| -> Vec<String> {
            let marks = |tag: &&&str| !tag.starts_with("code") && !tag.starts_with("/code") && !tag.starts_with("a href=") && !tag.starts_with("h2 id=");
            tags(html).iter().filter(marks).map(|tag| (*tag).to_owned()).collect()
        };
        let allowed: std::collections::BTreeSet<String> = without(&show::html(&clean)).into_iter().collect();
        for tag in without(&html) {
            prop_assert!(allowed.contains(&tag) || tag == "/pre", "<{tag}> in {html}");
        }
        let codes = |what: &str| html.matches(what).count();
        prop_assert_eq!(codes("<code>"), codes("</code>"));
        let sarif = show::sarif(&report, Path::new("/here"));
        for result in sarif["runs"][0]["results"].as_array().unwrap() {
            let message = result["message"]["text"].as_str().unwrap();
            prop_assert!(!message.contains("](") && is_plain(message), "{message:?}");
            let braces = message.replace("{{", "").replace("}}", "");
            prop_assert!(!braces.contains(['{', '}']), "{message}");
            prop_assert!(result["message"]["markdown"].is_null());
            let uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap();
            prop_assert!(uri.bytes().all(|b| b.is_ascii_graphic() && !b"<>\"{}|\\^`[] ".contains(&b)), "{uri}");
        }
        let json = show::json(&report).unwrap().to_string();
        prop_assert!(is_plain(&json), "{json}");
    }
}

/// What SARIF 2.1.0 demands of the objects that are written here, by the number of its section.
#[test]
fn sarif_has_what_the_standard_demands() {
    let report = report("x");
    let log = show::sarif(&report, Path::new("/here"));
    assert_eq!((&log["version"], log["$schema"].is_string()), (&"2.1.0".into(), true), "3.13");
    let run = &log["runs"][0];
    assert!(run["tool"]["driver"]["name"].is_string(), "3.18, 3.19");
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    assert_eq!(rules.len(), Code::ALL.len());
    let ids: std::collections::BTreeSet<&str> = rules.iter().map(|rule| rule["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), rules.len(), "3.49.3: ids differ");
    for rule in rules {
        assert!(rule["shortDescription"]["text"].as_str().unwrap().ends_with('.'), "3.49.9, 3.11");
        assert!(
            ["note", "warning", "error"].contains(&rule["defaultConfiguration"]["level"].as_str().unwrap()),
            "3.50"
        );
    }
    assert!(run["originalUriBaseIds"]["CONFIGURATION"]["uri"].as_str().unwrap().ends_with('/'), "3.14.14");
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), report.findings.len());
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"], "3.27.6");
        assert!(!result["message"]["text"].as_str().unwrap().is_empty(), "3.27.11");
        let place = &result["locations"][0]["physicalLocation"];
        assert!(place["artifactLocation"]["uri"].is_string(), "3.29.2");
        if let Some(region) = place["region"].as_object() {
            assert!(region["startLine"].as_u64().unwrap() >= 1 && region["startColumn"].as_u64().unwrap() >= 1, "3.30");
        }
        assert!(result["partialFingerprints"]["portcullisFinding/v1"].is_string(), "3.27.17");
    }
}

#[test]
fn codes_are_what_they_were_and_weigh_what_they_weigh() {
    let names: std::collections::BTreeSet<&str> = Code::ALL.iter().map(|code| code.name()).collect();
    assert_eq!(names.len(), Code::ALL.len());
    assert_eq!(Code::PasswordElsewhere.severity(), Severity::Error);
    let report = report("x");
    assert!(report.findings.windows(2).all(|two| two[0].severity >= two[1].severity), "the heaviest first");
}
