//! Everything that comes out of the host, after operations that are done, refused and unknown on a directory that repeats
//! the passwords: log, answers, metrics, traces, what commands print, every file of the state folder byte by byte, and what
//! anybody may read of the process. The memory is searched after each operation as well.

use std::fs;
use std::path::Path;

use hyper::Version;
use serde_json::{Value, json};

use super::client::Client;
use super::collector::Collector;
use super::forms::Forms;
use super::{add_openldap, canary, echo, left};
use crate::process::Serve;
use crate::tls;
use crate::world::{SERVICE, World, change, reset, reset_sealed};

/// What came out, and whence.
#[derive(Default)]
struct Outputs(Vec<(String, Vec<u8>)>);

impl Outputs {
    fn add(&mut self, whence: impl Into<String>, what: impl Into<Vec<u8>>) {
        self.0.push((whence.into(), what.into()));
    }

    /// Every file below a folder.
    fn add_files(&mut self, folder: &Path) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                self.add_files(&path);
            } else if let Ok(bytes) = fs::read(&path) {
                // A socket is no file.
                self.add(path.display().to_string(), bytes);
            }
        }
    }

    fn hold_none_of(&self, secrets: &[String]) {
        let forms = Forms::of_all(secrets);
        for (whence, what) in &self.0 {
            let found = forms.find(what);
            assert!(found.is_empty(), "in {whence}: {found:?}\n{}", String::from_utf8_lossy(what));
        }
    }

    fn hold(&self, whence: &str, words: &str) {
        let holds = |what: &[u8]| String::from_utf8_lossy(what).contains(words);
        assert!(
            self.0.iter().any(|(name, what)| name.contains(whence) && holds(what)),
            "{words:?} is nowhere in {whence}: what is said of it would prove nothing"
        );
    }
}

/// Passwords that were used, and everything that came out.
struct Scene {
    world: World,
    serve: Serve,
    client: Client,
    secrets: Vec<String>,
    /// For so many of them the memory was searched.
    searched: usize,
    outputs: Outputs,
}

impl Scene {
    fn new(more: &str) -> Self {
        let authority = tls::Authority::new();
        let world = tls::world(&authority.issue("localhost"), "", more);
        add_openldap(&world, &echo::start(&world));
        world.edit(
            SERVICE,
            "\"reset-password\", \"unlock",
            "\"verify-password\", \"change-password\", \"reset-password\", \"unlock",
        );
        let serve = world.serve();
        let client = Client::connect(&serve, &tls::client(&authority, None), Version::HTTP_11);
        Self { world, serve, client, secrets: Vec::new(), searched: 0, outputs: Outputs::default() }
    }

    fn secret(&mut self, what: &str) -> String {
        self.secrets.push(canary(what));
        canary(what)
    }

    /// Asks, and looks at everything that can be asked about it afterwards.
    fn asks(&mut self, what: &str, body: &Value, expected: (u16, &str)) {
        let (status, answer) = self.client.post(body);
        let ended = answer["state"].as_str().or_else(|| answer["code"].as_str()).unwrap_or_default();
        assert_eq!((status, ended), expected, "{what}: {answer}");
        let id = answer["id"].as_str().or_else(|| answer["operation"].as_str()).unwrap_or_else(|| panic!("{answer}"));
        let read = self.world.run(&["operations", "show", id, "--json"]);
        self.outputs.add(format!("the answer: {what}"), answer.to_string());
        self.outputs.add(format!("operations show: {what}"), format!("{read:?}"));
        self.outputs.add_files(&self.world.state());
        for secret in &self.secrets[self.searched..] {
            let Some(found) = left(&self.serve, secret) else { return };
            assert!(found.is_empty(), "{what}: {found:#?}");
        }
        self.searched = self.secrets.len();
    }

    /// One of each, in clear and sealed.
    fn everything(&mut self) {
        for (name, expected) in
            [("done", (201, "done")), ("refused", (422, "password-rejected")), ("unknown", (504, "outcome-unknown"))]
        {
            let account = format!("{name}@echo.example");
            let clear = self.secret(&format!("clear {name}"));
            self.asks(&format!("clear {name}"), &reset(&account, &clear), expected);
            let sealed = self.secret(&format!("sealed {name}"));
            let envelope = self.world.seal(&account, "desk", &[], &sealed);
            self.asks(&format!("sealed {name}"), &reset_sealed(&account, &envelope), expected);
        }
        let (old, new) = (self.secret("old"), self.secret("new"));
        self.asks("change done", &change("done@echo.example", &old, &new), (201, "done"));
        let (old, new) = (self.secret("old refused"), self.secret("new refused"));
        self.asks("change refused", &change("refused@echo.example", &old, &new), (422, "wrong-password"));
        for name in ["done", "refused"] {
            let candidate = self.secret(&format!("candidate {name}"));
            let body = json!({ "kind": "verify-password", "account": format!("{name}@echo.example"),
                "candidate": { "clear": candidate } });
            self.asks(&format!("verify {name}"), &body, (201, "done"));
        }
    }

    /// What is there while the service runs, and after it.
    fn end(mut self, collector: Option<&Collector>) -> (Outputs, Vec<String>) {
        for path in ["/metrics", "/v1/operations?limit=500", "/v1/connectors"] {
            self.outputs.add(path, format!("{:?}", self.serve.operator("GET", path)));
        }
        for name in ["cmdline", "environ", "comm", "status"] {
            self.outputs.add(name, fs::read(format!("/proc/{}/{name}", self.serve.id())).unwrap());
        }
        self.outputs.add_files(&self.world.state());
        let log = self.serve.stop();
        self.outputs.add("the log", log);
        self.outputs.add_files(&self.world.state());
        for command in [&["operations", "list", "--json"][..], &["doctor", "--json"], &["audit", "verify"]] {
            self.outputs.add(command.join(" "), format!("{:?}", self.world.run(command)));
        }
        for (name, json) in [("done", true), ("refused", false), ("unknown", true)] {
            let secret = self.secret(&format!("command {name}"));
            let account = format!("{name}@echo.example");
            let arguments = ["--log", "trace", "reset", &account, "--password-stdin", "--trace", "--json"];
            let run = self.world.run_with(&arguments[..if json { 7 } else { 6 }], &format!("{secret}\n"));
            assert_eq!(run.code == Some(0), name == "done", "{run:?}");
            self.outputs.add(format!("reset {name}"), format!("{}{}", run.stdout, run.stderr));
        }
        self.outputs.add_files(&self.world.state());
        if let Some(collector) = collector {
            self.outputs.add("the traces", collector.received());
        }
        (self.outputs, self.secrets)
    }
}

/// The words of the directory came so far, and no further.
fn hold_what_they_should(outputs: &Outputs) {
    for whence in ["operations show: clear refused", "operations show: change refused", "reset refused", "journal.db"] {
        outputs.hold(whence, "withheld");
    }
    outputs.hold("the log", "password-rejected");
    outputs.hold("audit-0000000000000001.jsonl", "password-rejected");
    outputs.hold("/metrics", "portcullis_operations");
    outputs.hold("environ", "PORTCULLIS_STATE");
}

#[test]
fn a_directory_that_repeats_passwords_gets_none_of_them_anywhere() {
    let collector = Collector::start();
    let more = format!("[observe]\nlog-format = \"json\"\notlp = \"http://127.0.0.1:{}\"\n", collector.port());
    let mut scene = Scene::new(&more);
    scene.everything();
    let (outputs, secrets) = scene.end(Some(&collector));
    outputs.hold_none_of(&secrets);
    hold_what_they_should(&outputs);
    outputs.hold("the traces", "reset-password");
}

#[test]
fn nor_into_a_log_for_people() {
    let mut scene = Scene::new("");
    scene.everything();
    let (outputs, secrets) = scene.end(None);
    outputs.hold_none_of(&secrets);
    hold_what_they_should(&outputs);
}
