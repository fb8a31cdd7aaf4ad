//! A folder of connectors' files, of which some cannot be used: the others are not theirs to stop.

use std::path::{Path, PathBuf};

use super::{ConnectorFile, Pattern, Problems, files, load_file, name_of, text_of};
use crate::config::keys;

/// Every file of a folder.
#[derive(Debug, Default)]
pub struct Folder {
    /// Those that can be used, in the order of their names.
    pub usable: Vec<ConnectorFile>,
    /// The others, in the same order.
    pub broken: Vec<Broken>,
}

/// A connector's file that cannot be used.
#[derive(Debug)]
pub struct Broken {
    /// The connector's name: the file's, without `.toml`.
    pub name: String,
    /// The file.
    pub path: PathBuf,
    /// Why it cannot be used.
    pub problems: Problems,
    /// Its `accounts`, if they can be read all the same.
    accounts: Option<Vec<Pattern>>,
}

impl Broken {
    fn new(path: PathBuf, problems: Problems) -> Self {
        let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        // A file whose name is none has no connector that could answer.
        let accounts = if name_of(&path).is_err() { Some(Vec::new()) } else { accounts(&path) };
        Self { name, path, problems, accounts }
    }

    /// Whether the connector would answer for an account, or might: nobody knows where its `accounts` cannot be read.
    #[must_use]
    pub fn may_answer(&self, account: &str) -> bool {
        self.accounts.as_ref().is_none_or(|patterns| patterns.iter().any(|pattern| pattern.matches(account)))
    }
}

/// The patterns of a file that is broken elsewhere; nothing if they, or the file as TOML, cannot be read.
fn accounts(path: &Path) -> Option<Vec<Pattern>> {
    let text = text_of(path, keys::CONNECTOR.file).ok()?;
    let table: toml::Table = text.parse().ok()?;
    let patterns = table.get("accounts")?.as_array().filter(|patterns| !patterns.is_empty())?;
    patterns.iter().map(|pattern| Pattern::new(pattern.as_str()?)).collect()
}

impl Folder {
    /// Reads every connector's file: `DIR/connectors/*.toml`, with plugins from `DIR/plugins/`.
    ///
    /// # Errors
    /// [`Problems`] if the folder cannot be read, or holds no connector at all.
    pub fn load(folder: &Path) -> Result<Self, Problems> {
        let mut this = Self::default();
        for path in files(folder)? {
            match load_file(&path, &folder.join("plugins")) {
                Ok(connector) => this.usable.push(connector),
                Err(problems) => this.broken.push(Broken::new(path, problems)),
            }
        }
        Ok(this)
    }

    /// The names of all connectors, those that can be used first.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let usable = self.usable.iter().map(|file| file.name.clone());
        usable.chain(self.broken.iter().map(|broken| broken.name.clone())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(text: &str) -> Broken {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("corp.toml");
        std::fs::write(&path, text).unwrap();
        let problems = load_file(&path, folder.path()).unwrap_err();
        Broken::new(path, problems)
    }

    #[test]
    fn accounts_count_where_they_can_be_read() {
        let one = broken("plugin = \"missing.wasm\"\naccounts = [\"*@corp.example\"]\n");
        assert!(one.may_answer("Alice@CORP.example"));
        assert!(!one.may_answer("alice@people.example"));
        assert_eq!(one.name, "corp");
    }

    #[test]
    fn a_file_whose_accounts_cannot_be_read_may_answer_for_everybody() {
        for text in [
            "accounts = [\"*@corp.example\"]\nnot toml",
            "",
            "accounts = 7",
            "accounts = [7]",
            "accounts = [\"\"]",
            "accounts = []",
        ] {
            assert!(broken(text).may_answer("alice@people.example"), "{text}");
        }
    }
}
