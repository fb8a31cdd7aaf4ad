//! The page "Run it as a service" is typed as it is written.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};

use portcullis_tests::plugins::{plugin, root};

/// What stands in the blocks for the shell before the second part.
fn typed(page: &str) -> String {
    let (first, _) = page.split_once("\n## On a server").unwrap();
    let blocks = first.split("```sh\n").skip(1).map(|rest| rest.split_once("```").unwrap().0);
    blocks.map(|block| format!("echo '$ next block'\n{block}")).collect()
}

#[test]
fn every_command_of_the_page_works_as_written() {
    let page = fs::read_to_string(root().join("docs/run-as-a-service.md")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let plugins = folder.path().join("target/plugins");
    fs::create_dir_all(&plugins).unwrap();
    fs::copy(plugin("mock").unwrap_or_else(|missing| panic!("{missing}")), plugins.join("mock.wasm")).unwrap();
    symlink(root().join("examples"), folder.path().join("examples")).unwrap();
    let debug = std::path::Path::new(env!("CARGO_BIN_EXE_portcullis")).parent().unwrap();
    symlink(debug, folder.path().join("target/debug")).unwrap();
    // Another service may have the port of the page.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let script = typed(&page).replace("8440", &port.to_string());
    assert!(script.matches("portcullis ").count() > 12, "the blocks were not found:\n{script}");
    let clean = "trap 'test -z \"${SERVICE:-}\" || kill $SERVICE 2>/dev/null || true' EXIT\n";
    let output = Command::new("bash")
        .args(["-euo", "pipefail", "-c", &format!("{clean}{script}")])
        .current_dir(folder.path())
        .env("PORTCULLIS_CACHE", root().join("target/test-cache"))
        .env_remove("STATE_DIRECTORY")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let log = fs::read_to_string(folder.path().join("target/try/log.txt")).unwrap_or_default();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{}\n{out}\n{err}\nlog:\n{log}", output.status);
    // The one that does not wait may have ended by then, too.
    assert!(out.matches("\"state\":\"done\"").count() >= 2, "a reset and a sealed one were done:\n{out}");
    for said in ["\"status\":\"ready\"", "HTTP/1.1 20", "current", "operations are back"] {
        assert!(out.contains(said), "{said} is not in:\n{out}\n{err}");
    }
    for secret in ["staple of the horse", "another fine password", "pct_"] {
        assert!(!log.contains(secret) && !out.contains(secret), "{secret} was told:\n{out}\n{log}");
    }
}
