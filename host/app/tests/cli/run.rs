//! One run of the binary: how it ended, what it wrote where, and that no password of its input is in it.

use std::fmt;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{self, Stdio};

use portcullis_tests::plugins::root;
use serde_json::Value;

use crate::secrets::find;

/// A run that has not begun.
pub(crate) struct Command {
    pub(crate) command: process::Command,
    folder: PathBuf,
    shown: String,
}

/// A run that has ended.
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) shown: String,
}

impl Command {
    /// With an environment of its own, so that nothing of the machine's shows.
    pub(crate) fn new(folder: &Path, arguments: &[&str]) -> Self {
        let mut command = process::Command::new(env!("CARGO_BIN_EXE_portcullis"));
        // One cache for all tests and runs: compiling a plugin takes longer than everything else.
        let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compiled-plugins");
        command
            .env_clear()
            .env("HOME", folder)
            .env("LANG", "C.UTF-8")
            .env("PORTCULLIS_CACHE", cache)
            .env("STATE_DIRECTORY", folder.join("kept"));
        command.env("PORTCULLIS_CONFIG", folder).args(arguments);
        let quoted = arguments.iter().map(|word| {
            let plain = !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.@/=".contains(&b));
            if plain { (*word).to_owned() } else { format!("'{}'", word.escape_debug()) }
        });
        let shown = format!("portcullis {}", quoted.collect::<Vec<_>>().join(" "));
        Self { command, folder: folder.to_owned(), shown }
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self.shown = format!("{name}={value} {}", self.shown);
        self
    }

    pub(crate) fn run(self, input: &str) -> Run {
        self.run_bytes(input.as_bytes())
    }

    pub(crate) fn run_bytes(mut self, input: &[u8]) -> Run {
        self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().unwrap();
        // A command that is refused earlier does not read it.
        let _ = child.stdin.take().unwrap().write_all(input);
        let output = child.wait_with_output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let (folder, project) = (self.folder.display().to_string(), root().display().to_string());
        let plain = |text: &str| text.replace(&folder, "DIR").replace(&project, "PROJECT");
        let (stdout, stderr) = (text(output.stdout), text(output.stderr));
        for secret in input.split(|byte| *byte == b'\n').filter_map(|line| str::from_utf8(line).ok()) {
            for (stream, written) in [("output", &stdout), ("error", &stderr)] {
                let found = find(secret, written.as_bytes());
                assert!(found.is_empty(), "{}: standard {stream} holds a password as {found:?}", self.shown);
            }
        }
        Run {
            code: output.status.code().unwrap_or(-1),
            stdout: plain(&stdout),
            stderr: plain(&stderr),
            shown: plain(&self.shown),
        }
    }
}

impl Run {
    /// The one JSON object on standard output; nothing is on standard error.
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.stderr, "", "{self}");
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}:\n{self}"))
    }

    /// The stable name of the fault, whether people or a program asked.
    pub(crate) fn fault(&self) -> String {
        if self.stdout.starts_with('{') {
            return self.json()["fault"]["code"].as_str().unwrap_or_default().to_owned();
        }
        let line = self.stderr.lines().find_map(|line| line.trim_start().strip_prefix("code "));
        line.and_then(|line| line.split_whitespace().next()).unwrap_or_default().to_owned()
    }

    /// The password that was made, as people read it.
    pub(crate) fn generated(&self) -> String {
        let line = self.stdout.lines().find_map(|line| line.trim_start().strip_prefix("password "));
        line.unwrap_or_else(|| panic!("no password:\n{self}")).trim().to_owned()
    }

    /// Compares everything with the snapshot of this name: what differs from run to run has a name in brackets.
    #[track_caller]
    pub(crate) fn reads(&self, name: &str) {
        let mut settings = insta::Settings::clone_current();
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        for (pattern, word) in [
            (r"\b[0-9a-f]{64}\b", "[sha256]"),
            (r"\bpct_[0-9A-Za-z_-]{43}", "[token]"),
            (r"\b[0-9a-f]{32}\b", "[id]"),
            (r"(version that )\S+( approved)", "$1[user]$2"),
            (r#""by": ".*""#, r#""by": "[user]""#),
            (r"\b\d+(\.\d)? ms\b", "[time]"),
            (r#""(total|locate|connector|directory|confirm)": [0-9.]+"#, r#""$1": [time]"#),
            (r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "[date]"),
            (r#""password_set": \d+"#, r#""password_set": [date]"#),
            (r"(?m)^(  password     )\S{20}$", "$1[generated]"),
            (r#""password": "\S{20}""#, r#""password": "[generated]""#),
            (r"(size +)\d+ bytes(, was \d+ bytes)?", "$1[bytes]"),
            (r"(made with +)\S.*", "$1[tools]"),
            (r#""producers": \[[^\]]+\]"#, r#""producers": [tools]"#),
            (r#""size": \d+"#, r#""size": [bytes]"#),
        ] {
            settings.add_filter(pattern, word);
        }
        settings.bind(|| insta::assert_snapshot!(name, self.to_string()));
    }
}

/// As in a terminal, with the two streams apart.
impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "$ {}\nexit code {}", self.shown, self.code)?;
        for (stream, text) in [("output", &self.stdout), ("error", &self.stderr)] {
            if !text.is_empty() {
                write!(f, "--- standard {stream}\n{text}")?;
            }
        }
        Ok(())
    }
}
