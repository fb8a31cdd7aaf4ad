//! SARIF: what is written is valid by the standard's own JSON schema, and holds what code scanning wants besides.
//!
//! The schema lies among the sources of the crate `serde-sarif`, of which nothing is built. Where the sources cannot be
//! had, the tests are skipped by name.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use boon::{Compiler, Schemas};
use portcullis::audit::findings::{Code, Finding};
use portcullis::audit::report::used::{Log, LogState};
use portcullis::audit::report::{Place, Report, VERSION};
use portcullis::audit::show;
use portcullis_tests::signer::Signer;
use portcullis_tests::{NotAvailable, or_skip};
use proptest::prelude::*;
use serde_json::Value;

use super::{connector, operate};
use crate::folder::{Folder, MOCK, with};

/// Where the schema is.
fn schema() -> Result<PathBuf, NotAvailable> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--locked"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .map_err(|error| NotAvailable::Toolchain(format!("cargo: {error}")))?;
    if !output.status.success() {
        let why = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(NotAvailable::Toolchain(format!("the sources of serde-sarif cannot be had: {why}")));
    }
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let sarif = packages.iter().find(|package| package["name"] == "serde-sarif");
    let manifest = sarif.and_then(|package| package["manifest_path"].as_str());
    let path = manifest.map(|path| Path::new(path).with_file_name("src").join("schema.json"));
    path.filter(|path| path.is_file()).ok_or_else(|| NotAvailable::Broken("serde-sarif holds no schema".into()))
}

/// What the schema says of each of these logs; none where there is no schema.
fn validator() -> Option<impl Fn(&Value) -> Result<(), String>> {
    let path = or_skip(schema())?;
    let text: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler.enable_format_assertions();
    compiler.add_resource("sarif.json", text).unwrap();
    let schema = compiler.compile("sarif.json", &mut schemas).unwrap();
    Some(move |log: &Value| schemas.validate(log, schema).map_err(|error| format!("{error}\n{log:#}")))
}

/// What a command writes, run in some folder.
fn written(folder: &Folder, arguments: &[&str], here: &Path) -> Value {
    let path = folder.path().join("report.sarif");
    let to = ["audit", "--format", "sarif", "--to", path.to_str().unwrap()];
    let mut command = folder.command(&[&to, arguments].concat());
    command.command.current_dir(here);
    let run = command.run("");
    assert!([0, 23].contains(&run.code), "{run}");
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn results(log: &Value) -> &Vec<Value> {
    log["runs"][0]["results"].as_array().unwrap()
}

/// What "SARIF support for code scanning" of GitHub marks as required, and needs to tell findings apart.
fn is_fit_for_code_scanning(log: &Value) {
    let said = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty());
    let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    for rule in rules {
        for text in ["/id", "/shortDescription/text", "/fullDescription/text", "/help/text"] {
            assert!(rule.pointer(text).is_some_and(said), "{text} in {rule:#}");
        }
        let most = |text: &str| rule[text]["text"].as_str().unwrap().chars().count() <= 1024;
        assert!(most("shortDescription") && most("fullDescription"), "{rule:#}");
    }
    let mut prints = BTreeSet::new();
    for result in results(log) {
        let rule = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[rule]["id"], result["ruleId"]);
        assert!(said(&result["message"]["text"]) && said(&result["level"]), "{result:#}");
        let place = &result["locations"][0]["physicalLocation"];
        let uri = place["artifactLocation"]["uri"].as_str().unwrap();
        assert!(!uri.is_empty() && !uri.starts_with('/') && !uri.contains(".."), "{uri}");
        // A relative one says to what; an absolute one says so.
        assert_eq!(place["artifactLocation"]["uriBaseId"].is_string(), !uri.starts_with("file:///"), "{result:#}");
        for number in ["startLine", "startColumn", "endLine"] {
            assert!(place["region"][number].as_u64().unwrap() >= 1, "{number} in {result:#}");
        }
        assert!(
            prints.insert(result["partialFingerprints"]["primaryLocationLineHash"].to_string()),
            "twice: {result:#}"
        );
    }
}

#[test]
fn many_findings_are_valid() {
    let Some(valid) = validator() else { return };
    let folder = Folder::new().with(&[
        ("\"pwdReset\"]", "\"pwdReset\", \"telephoneNumber\", \"mail\"]"),
        ("exclude = \"(employeeType=administrator)\"\n", ""),
        ("[ldap.confirm]", "[reveal]\npasswords = [\"new\"]\n\n[config]\n\"</script>\\u202e\\u001b[31m\\n{0}[a](b:c)\" = 1\n\n[ldap.confirm]"),
    ]);
    operate(&folder, "mock", 5, |_| 0);
    folder.write(
        "ceiling.toml",
        "accounts = [\"*@people.example\"]\noperations = [\"account-status\"]\n[plugins]\nrequire-signature = false\n",
    );
    let log = written(&folder, &[], folder.path());
    valid(&log).unwrap_or_else(|why| panic!("{why}"));
    is_fit_for_code_scanning(&log);
    let codes: BTreeSet<&str> = results(&log).iter().map(|result| result["ruleId"].as_str().unwrap()).collect();
    for code in ["wider-than-ceiling", "granted-not-requested", "granted-never-used", "reveal-granted", "unpinned"] {
        assert!(codes.contains(code), "{codes:?}");
    }
}

#[test]
fn no_findings_are_valid() {
    let Some(valid) = validator() else { return };
    let (folder, signer) = (Folder::new(), Signer::new(1));
    let key = format!("vendor = \"{}\"", signer.public_key());
    let example = fs::read_to_string(portcullis_tests::plugins::root().join("examples/ceiling.toml")).unwrap();
    folder.write("ceiling.toml", with(&example, &[("#vendor = \"RW...\"", &*key)]));
    let plugin = fs::read(folder.path().join("plugins/mock.wasm")).unwrap();
    folder.write("plugins/mock.wasm.minisig", signer.sign(&plugin, "mock"));
    let sha256 = connector(&super::report(&folder, &[]).0, "mock")["plugin"]["sha256"].as_str().unwrap().to_owned();
    folder.edit(MOCK, &[("plugin = \"mock.wasm\"", &format!("plugin = \"mock.wasm\"\nsha256 = \"{sha256}\""))]);
    let log = written(&folder, &["--fail-on", "note"], folder.path());
    assert_eq!(results(&log), &Vec::<Value>::new());
    valid(&log).unwrap_or_else(|why| panic!("{why}"));
}

/// Where the configuration is below the folder of the run, which is a repository's in a build, places begin there.
#[test]
fn places_begin_where_the_repository_does() {
    let Some(valid) = validator() else { return };
    let outer = Folder::empty();
    let odd = outer.path().join("de ploy/ünïcode #1 %41?<b>");
    fs::create_dir_all(odd.join("connectors")).unwrap();
    fs::create_dir_all(odd.join("plugins")).unwrap();
    fs::create_dir(outer.path().join("x")).unwrap();
    let inner = Folder::new();
    for name in [MOCK, "connectors/people.ldif", "plugins/mock.wasm"] {
        fs::copy(inner.path().join(name), odd.join(name)).unwrap();
    }
    let expected = "de%20ploy/%C3%BCn%C3%AFcode%20%231%20%2541%3F%3Cb%3E/connectors/mock.toml";
    let config = odd.to_str().unwrap();
    let relative = "./x/../de ploy/ünïcode #1 %41?<b>";
    for (config, here) in [(config, outer.path()), (relative, outer.path())] {
        let log = written(&outer, &["--config", config], here);
        valid(&log).unwrap_or_else(|why| panic!("{why}"));
        is_fit_for_code_scanning(&log);
        let place = &results(&log)[0]["locations"][0]["physicalLocation"]["artifactLocation"];
        assert_eq!((&place["uri"], &place["uriBaseId"]), (&expected.into(), &"%SRCROOT%".into()), "{log:#}");
        let base = &log["runs"][0]["originalUriBaseIds"]["%SRCROOT%"]["uri"];
        assert_eq!(base.as_str(), Some(&*format!("file://{}/", outer.path().display())));
    }
    let log = written(&outer, &["--config", config], Path::new("/usr"));
    valid(&log).unwrap_or_else(|why| panic!("{why}"));
    is_fit_for_code_scanning(&log);
    let place = &results(&log)[0]["locations"][0]["physicalLocation"]["artifactLocation"];
    assert_eq!((&place["uri"], &place["uriBaseId"]), (&"connectors/mock.toml".into(), &"CONFIGURATION".into()));
}

/// A report in which every word that somebody else chooses is this one.
fn made_of(words: &str, line: Option<usize>) -> Report {
    let finding = |code: &Code| Finding {
        code: *code,
        severity: code.severity(),
        connector: Some(words.into()),
        place: Place { file: words.into(), line, column: line, end: line },
        text: words.into(),
        remedy: words.into(),
        about: vec![words.into()],
        paste: vec![words.into()],
    };
    Report {
        version: VERSION,
        portcullis: "0.1.0",
        made: words.into(),
        configuration: words.into(),
        ceiling: None,
        log: Log {
            folder: words.into(),
            state: LogState::None { key_was_given: false },
            since: None,
            begun_anew: Vec::new(),
            lines: 0,
            left_out: 0,
        },
        connectors: Vec::new(),
        // Each twice: the fingerprints differ all the same.
        findings: Code::ALL.iter().chain(Code::ALL).map(finding).collect(),
    }
}

#[test]
fn no_words_make_it_invalid() {
    let Some(valid) = validator() else { return };
    let words = prop_oneof![
        ".{1,20}",
        "[<>&\"'`\\[\\](){}%#?:\\\\ \\x00\\x1b\\n\\r\\u{202e}\\u{9b}]{1,9}",
        Just("</script><script>alert(1)</script>".to_owned()),
        Just("C:\\folder\\a b|*?.toml".to_owned()),
        Just("//host/share".to_owned()),
        Just("..".to_owned()),
    ];
    // Nothing is written down beside the tests: what failed once becomes a case above.
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(words in words, line in prop_oneof![Just(None), (1_usize..9).prop_map(Some)])| {
        let log = show::sarif(&made_of(&words, line), Path::new("/here"));
        let said = valid(&log);
        prop_assert!(said.is_ok(), "{}", said.unwrap_err());
        is_fit_for_code_scanning(&log);
    });
}

/// That the schema says no to what is none, so that its yes means something.
#[test]
fn the_schema_is_one() {
    let Some(valid) = validator() else { return };
    let good = show::sarif(&made_of("x", Some(1)), Path::new("/here"));
    valid(&good).unwrap_or_else(|why| panic!("{why}"));
    for (path, wrong) in [
        ("/version", Value::from("2.0.0")),
        ("/runs/0/results/0/level", "fatal".into()),
        ("/runs/0/results/0/locations/0/physicalLocation/region/startLine", 0.into()),
        ("/runs/0/results/0/locations/0/physicalLocation/artifactLocation/uri", "a b{}".into()),
        ("/runs/0/tool/driver/name", Value::Null),
    ] {
        let mut bad = good.clone();
        *bad.pointer_mut(path).unwrap() = wrong;
        assert!(valid(&bad).is_err(), "{path}");
    }
}
