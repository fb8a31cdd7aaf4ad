//! portcullis.toml as an operator meets it: `check`, and `token`.

use sha2::{Digest as _, Sha256};

use crate::folder::{ALICE, Folder};

const SERVICE: &str = "portcullis.toml";

/// A token of a run, and its line.
fn made(output: &str) -> (String, String) {
    let word = |prefix: &str| {
        let line =
            output.lines().find_map(|line| line.trim().strip_prefix(prefix).map(|rest| format!("{prefix}{rest}")));
        line.unwrap_or_else(|| panic!("no {prefix}:\n{output}"))
    };
    (word("pct_"), word("token-sha256 = "))
}

fn hexadecimal(token: &str) -> String {
    Sha256::digest(token).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a_token_and_the_line_for_it() {
    let folder = Folder::empty();
    let run = folder.run(&["token"]);
    assert_eq!((run.code, &*run.stderr), (0, ""), "{run}");
    let (token, line) = made(&run.stdout);
    assert_eq!((token.len(), &*line), (47, &*format!("token-sha256 = [\"{}\"]", hexadecimal(&token))));
    run.reads("token");
    let again = folder.run(&["token"]);
    assert_ne!(made(&again.stdout).0, token, "the same token twice");
    let run = folder.run(&["token", "--json"]);
    let json = run.json();
    assert_eq!(json["sha256"].as_str().unwrap(), hexadecimal(json["token"].as_str().unwrap()));
    run.reads("token_json");
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "it has written something: {left:?}");
}

#[test]
fn the_line_is_taken_as_it_was_printed() {
    let folder = Folder::new();
    let (_, line) = made(&folder.run(&["token"]).stdout);
    let caller = "operations = [\"verify-password\"]\naccounts = [\"*@people.example\"]\n";
    folder.write(SERVICE, format!("[callers.portal]\n{line}\n{caller}"));
    let run = folder.run(&["check"]);
    assert_eq!((run.code, &*run.stderr), (0, ""), "{run}");
    run.reads("check_service");
    let run = folder.run(&["check", "--json"]);
    assert_eq!(run.json()["service"]["findings"][1]["text"], "callers: portal");
    let run = folder.run(&["check", "mock"]);
    assert!(!run.stdout.contains("portal"), "one connector was asked for:\n{run}");
}

#[test]
fn mistakes_of_the_service_and_of_a_connector_are_told_at_once() {
    let folder = Folder::new();
    folder.write(SERVICE, "[listen]\naddresses = [\"0.0.0.0:8440\"]\n");
    let run = folder.run(&["check"]);
    assert_eq!((run.code, &*run.stdout), (17, ""), "{run}");
    run.reads("check_service_refused");
    let run = folder.refuses_while("connectors/other.toml", "plugin = 7", &["check"]);
    assert!(run.code == 17 && run.stderr.contains("0.0.0.0:8440") && run.stderr.contains("other.toml"), "{run}");
    let run = folder.run(&["status", ALICE]);
    assert_eq!(run.code, 0, "a command needs nothing of the service: {run}");
}

#[test]
fn a_key_that_does_not_fit_is_told() {
    let folder = Folder::new();
    let (one, other) = (pair(), pair());
    folder.write("server.pem", &one.0);
    folder.write(SERVICE, "[tls]\ncertificate = \"server.pem\"\nkey = { file = \"server.key\" }\n");
    let run = folder.run(&["check"]);
    assert_eq!(run.code, 17, "{run}");
    run.reads("check_service_key_missing");
    for (key, code, name) in [(&other.1, 17, "other"), (&other.0, 17, "none"), (&one.1, 0, "right")] {
        let path = folder.write("server.key", key);
        std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        let run = folder.run(&["check"]);
        assert_eq!(run.code, code, "{run}");
        assert!(!key.lines().any(|line| line.len() > 40 && run.to_string().contains(line)), "it shows the key:\n{run}");
        run.reads(&format!("check_service_key_{name}"));
    }
}

/// A certificate and its key, in PEM.
fn pair() -> (String, String) {
    let made = rcgen::generate_simple_self_signed(vec!["portcullis.corp.example".to_owned()]).unwrap();
    (made.cert.pem(), made.signing_key.serialize_pem())
}
