//! A folder with connectors and plugins, as an operator would set it up.

use std::fs;
use std::path::{Path, PathBuf};

use portcullis_tests::plugins::{plugin, root};
use tempfile::TempDir;

use crate::run::{Command, Run};

/// An account of the examples, and its password.
pub(crate) const ALICE: &str = "alice@people.example";
pub(crate) const ALICES: &str = "correct horse battery";

/// Another one.
pub(crate) const BOB: &str = "bob@people.example";
pub(crate) const BOBS: &str = "staple the horse";

pub(crate) const MOCK: &str = "connectors/mock.toml";
const STATE: &str = "connectors/people.state.ldif";

/// The configuration of one test; gone afterwards.
pub(crate) struct Folder(TempDir);

impl Folder {
    /// The mock connector of `examples/connectors-toml`, which keeps what was changed.
    pub(crate) fn new() -> Self {
        let this = Self::empty();
        let example = |name: &str| fs::read_to_string(root().join("examples/connectors-toml").join(name)).unwrap();
        this.write(MOCK, with(&example("mock.toml"), &[("# state =", "state =")]));
        this.write("connectors/people.ldif", example("people.ldif"));
        this.plugin("mock");
        assert_eq!(this.run(&["status", ALICE]).code, 0, "the first command makes the state");
        this
    }

    /// Nothing but the two folders.
    pub(crate) fn empty() -> Self {
        let this = Self(tempfile::tempdir().unwrap());
        for part in ["connectors", "plugins"] {
            fs::create_dir(this.path().join(part)).unwrap();
        }
        this
    }

    /// With other lines in the connector's file; each must be there.
    pub(crate) fn with(self, changes: &[(&str, &str)]) -> Self {
        self.edit(MOCK, changes);
        self
    }

    /// With another plugin of the project.
    pub(crate) fn plugin(&self, name: &str) {
        let file = plugin(name).unwrap_or_else(|missing| panic!("{missing}"));
        fs::copy(&file, self.path().join("plugins").join(file.file_name().unwrap())).unwrap();
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        fs::write(&path, content).unwrap();
        path
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path().join(name)).unwrap()
    }

    pub(crate) fn edit(&self, name: &str, changes: &[(&str, &str)]) {
        self.write(name, with(&self.read(name), changes));
    }

    /// Runs a command with nothing to read.
    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        self.command(arguments).run("")
    }

    /// Runs a command that reads passwords from standard input.
    pub(crate) fn run_with(&self, arguments: &[&str], input: &str) -> Run {
        self.command(arguments).run(input)
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        Command::new(self.path(), arguments)
    }

    /// Runs a command that must change nothing. The state is the same to the byte, Alice's password still works, and so
    /// does the next operation.
    pub(crate) fn refuses(&self, arguments: &[&str], input: &str) -> Run {
        self.unchanged(|| self.run_with(arguments, input))
    }

    /// The same while a file has another content, or is there at all.
    pub(crate) fn refuses_while(&self, name: &str, content: impl AsRef<[u8]>, arguments: &[&str]) -> Run {
        self.unchanged(|| {
            let path = self.path().join(name);
            let before = fs::read(&path).ok();
            self.write(name, content);
            let run = self.run_with(arguments, "A-New-Passw0rd\n");
            match before {
                Some(before) => fs::write(&path, before).unwrap(),
                None => fs::remove_file(&path).unwrap(),
            }
            run
        })
    }

    /// Something that must leave everything as it is.
    pub(crate) fn unchanged(&self, act: impl FnOnce() -> Run) -> Run {
        let before = self.read(STATE);
        let run = act();
        assert_ne!(run.code, 0, "it was not refused:\n{run}");
        assert!(self.read(STATE) == before, "the state has changed, although:\n{run}");
        let next = self.verify(ALICE, ALICES);
        assert_eq!(next, 0, "the old password does not work any more, after:\n{run}");
        run
    }

    /// How `verify` ends.
    pub(crate) fn verify(&self, account: &str, password: &str) -> i32 {
        self.run_with(&["verify", account, "--password-stdin"], password).code
    }
}

/// A text with replacements, each of which must apply.
pub(crate) fn with(text: &str, changes: &[(&str, &str)]) -> String {
    changes.iter().fold(text.to_owned(), |text, (old, new)| {
        assert!(text.contains(old), "{old} is not in:\n{text}");
        text.replace(old, new)
    })
}
