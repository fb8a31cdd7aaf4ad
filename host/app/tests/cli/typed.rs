//! The commands of a documentation page, typed as they stand there.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};

use portcullis_tests::plugins::{plugin, root};
use tempfile::TempDir;

/// What stands in the blocks for the shell.
pub(crate) fn blocks(page: &str) -> impl Iterator<Item = &str> {
    page.split("```sh\n").skip(1).map(|rest| rest.split_once("```").unwrap().0)
}

/// What was typed, with nothing that failed.
pub(crate) struct Typed {
    /// As a checkout in which everything was built.
    pub(crate) folder: TempDir,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Typed {
    /// Types the blocks of a page one after another, with another port in the place of the page's: another service may
    /// have it. `command` stands there at least `times` times.
    pub(crate) fn as_written(page: &str, port: Option<&str>, (command, times): (&str, usize)) -> Self {
        let script: String = blocks(page).map(|block| format!("echo '$ next block'\n{block}")).collect();
        assert!(script.matches(command).count() >= times, "the blocks were not found:\n{script}");
        let script = match port {
            Some(port) => script.replace(port, &free_port().to_string()),
            None => script,
        };
        let folder = checkout();
        let clean = "trap 'test -z \"${SERVICE:-}\" || kill $SERVICE 2>/dev/null || true' EXIT\n";
        let output = Command::new("bash")
            .args(["-euo", "pipefail", "-c", &format!("{clean}{script}")])
            .current_dir(folder.path())
            .env("PORTCULLIS_CACHE", root().join("target/test-cache"))
            .env_remove("STATE_DIRECTORY")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let [out, err] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned());
        let typed = Self { folder, out, err };
        assert!(output.status.success(), "{}\n{}\n{}\nlog:\n{}", output.status, typed.out, typed.err, typed.log());
        typed
    }

    /// What the page's service logged, if it has one.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("target/try/log.txt")).unwrap_or_default()
    }

    #[track_caller]
    pub(crate) fn says(&self, all: &[&str]) {
        for said in all {
            assert!(self.out.contains(said), "{said} is not in:\n{}\n{}", self.out, self.err);
        }
    }
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn checkout() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let plugins = folder.path().join("target/plugins");
    fs::create_dir_all(&plugins).unwrap();
    fs::copy(plugin("mock").unwrap_or_else(|missing| panic!("{missing}")), plugins.join("mock.wasm")).unwrap();
    symlink(root().join("examples"), folder.path().join("examples")).unwrap();
    let debug = Path::new(env!("CARGO_BIN_EXE_portcullis")).parent().unwrap();
    symlink(debug, folder.path().join("target/debug")).unwrap();
    folder
}
