//! What the shape of a file cannot say: whether the values make sense, alone and together.
//!
//! Every check goes on after a mistake, so that one run tells all of them; what a check returns after a mistake is never
//! used. Nothing here opens a connection or reads a secret.

mod grants;
mod ldap;
mod locate;
mod names;
pub(super) mod scalars;

use std::ops::Range;
use std::path::{Path, PathBuf};

use portcullis_model::OperationKind;
use toml::Spanned;

use super::connector::{ConnectorFile, Limits, LogLevel, Revealed};
use super::diagnostic::{Findings, did_you_mean};
use super::file::{self, Section, Text};
use super::keys::Keys;
use super::pattern::Pattern;
use super::places::Places;
use super::values::sha256;

const UNUSED: &str = "the connector would never be used";
const PIN: &str = "copy the output of `sha256sum` for the component, or take the line away to accept any component";

/// Checks one file.
pub(crate) struct Check<'f> {
    pub(crate) findings: &'f mut Findings,
    /// The text of the file, to find places inside a value.
    pub(crate) text: &'f str,
    /// The file.
    pub(crate) path: &'f Path,
    /// What a file of this kind may hold.
    pub(crate) keys: &'static Keys,
}

impl Check<'_> {
    /// The connector; without a meaning if there are findings that are errors.
    pub(crate) fn file(&mut self, name: &str, file: file::File, plugins: &Path) -> Option<ConnectorFile> {
        let plugin = self.plugin(file.plugin, plugins);
        let sha256 = file.sha256.and_then(|pin| self.sha256(&pin, PIN));
        let accounts = self.accounts(file.accounts, &["accounts"], 0..0, UNUSED);
        let operations = self.operations(file.operations, &["operations"], 0..0, UNUSED);
        let ldap = file.ldap.map(|ldap| self.ldap(ldap, accounts.as_deref().unwrap_or_default()));
        let log = file.log.map(|log| self.log(log.0));
        let reveal = file.reveal.map(|reveal| self.reveal(reveal));
        let limits = self.limits(&file.limits.0);
        Some(ConnectorFile {
            name: name.to_owned(),
            path: self.path.to_owned(),
            plugin: plugin?,
            sha256,
            accounts: accounts?,
            operations: operations?,
            ldap: match ldap {
                Some(ldap) => Some(ldap?),
                None => None,
            },
            log: match log {
                Some(log) => Some(log?),
                None => None,
            },
            config: file.config.map(|settings| settings.into_iter().map(|(name, value)| (name, value.0)).collect()),
            reveal,
            limits: limits?,
            places: Places::of(self.path, self.text),
            warnings: Vec::new(),
        })
    }

    fn plugin(&mut self, plugin: Option<Text>, plugins: &Path) -> Option<PathBuf> {
        let plugin = self.required(plugin, &["plugin"], 0..0)?;
        let named = plugin.get_ref();
        let path = if named.contains('/') { self.relative(named) } else { plugins.join(named) };
        if let Err(problem) = readable(&path) {
            let there = components(plugins);
            let help = match did_you_mean(named, there.iter().map(String::as_str)) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => {
                    "put the component there, or correct the name; a name without a slash is looked for in the folder \
                         of the plugins, one with a slash from the folder of this file"
                        .to_owned()
                }
            };
            let message = format!("there is no plugin {}: {problem}", path.display());
            self.findings.error("plugin-missing", plugin.span(), message, "not there", help);
            return None;
        }
        Some(path)
    }

    /// The digest that a text writes down; `help` says what to write.
    pub(crate) fn sha256(&mut self, pin: &Text, help: &str) -> Option<[u8; 32]> {
        let read = sha256(pin.get_ref());
        if read.is_none() {
            self.findings.error(
                "bad-sha256",
                pin.span(),
                format!("a SHA-256 is 64 hexadecimal digits, and this is {} characters", pin.get_ref().chars().count()),
                "not a SHA-256",
                help,
            );
        }
        read
    }

    /// The accounts that a section is for; `unused` says what comes of an empty list.
    pub(crate) fn accounts(
        &mut self,
        accounts: Option<Spanned<Vec<Text>>>,
        path: &[&str],
        section: Range<usize>,
        unused: &str,
    ) -> Option<Vec<Pattern>> {
        let accounts = self.required(accounts, path, section)?;
        if accounts.get_ref().is_empty() {
            let (message, help) = (format!("`accounts` is empty: {unused}"), self.example(path));
            self.findings.error("empty-list", accounts.span(), message, "no account", help);
            return None;
        }
        Some(self.patterns(accounts.get_ref()))
    }

    /// Patterns for accounts.
    pub(crate) fn patterns(&mut self, accounts: &[Text]) -> Vec<Pattern> {
        let mut patterns = Vec::new();
        for account in accounts {
            match Pattern::new(account.get_ref()) {
                Some(pattern) => patterns.push(pattern),
                None => self.findings.error(
                    "bad-pattern",
                    account.span(),
                    "a pattern for accounts is neither empty nor holds a control character",
                    "no account has such a name",
                    "`*` stands for any characters: \"*@corp.example\", \"svc-*\", or \"*\" for every account",
                ),
            }
        }
        patterns
    }

    /// The operations that a section is for; `unused` says what comes of an empty list.
    pub(crate) fn operations(
        &mut self,
        operations: Option<Spanned<Vec<Text>>>,
        path: &[&str],
        section: Range<usize>,
        unused: &str,
    ) -> Option<Vec<OperationKind>> {
        let operations = self.required(operations, path, section)?;
        if operations.get_ref().is_empty() {
            let (message, help) = (format!("`operations` is empty: {unused}"), self.example(path));
            self.findings.error("empty-list", operations.span(), message, "no operation", help);
            return None;
        }
        let mut kinds = Vec::new();
        for operation in operations.get_ref() {
            let kind = self.word(operation, "an operation", &OperationKind::ALL.map(|kind| (kind.name(), kind)));
            kinds.extend(kind.filter(|kind| !kinds.contains(kind)));
        }
        Some(kinds)
    }

    pub(crate) fn log(&mut self, log: file::Log) -> Option<LogLevel> {
        const LEVELS: [(&str, LogLevel); 4] = [
            ("debug", LogLevel::Debug),
            ("info", LogLevel::Info),
            ("warn", LogLevel::Warn),
            ("error", LogLevel::Error),
        ];
        log.level.map_or(Some(LogLevel::Info), |level| self.word(&level, "a level", &LEVELS))
    }

    fn reveal(&mut self, reveal: Spanned<Section<file::Reveal>>) -> Vec<Revealed> {
        const PASSWORDS: [(&str, Revealed); 3] =
            [("new", Revealed::New), ("old", Revealed::Old), ("candidate", Revealed::Candidate)];
        let span = self.header(reveal.span());
        let words = reveal.into_inner().0.passwords;
        if words.is_empty() {
            let message = "`[reveal]` names no password";
            let help =
                "name the passwords that the connector may read, `passwords = [\"new\"]`, or take the section away";
            self.findings.error("empty-list", span, message, "reveals nothing", help);
            return Vec::new();
        }
        let names: Vec<&str> = words.iter().map(|word| word.get_ref().as_str()).collect();
        self.findings.warning(
            "reveal",
            span,
            format!("this connector can read passwords: {}", names.join(", ")),
            "gives the text of passwords to the connector",
            "most connectors only place passwords and need no `[reveal]`: take it away unless the plugin imports `reveal`",
        );
        let mut passwords = Vec::new();
        for word in &words {
            let password = self.word(word, "a password of an operation", &PASSWORDS);
            passwords.extend(password.filter(|password| !passwords.contains(password)));
        }
        passwords
    }

    pub(crate) fn limits(&mut self, limits: &file::Limits) -> Option<Limits> {
        let time = self.duration(limits.time.as_ref(), &scalars::TIME);
        let memory = self.size(limits.memory.as_ref(), &scalars::MEMORY);
        let concurrency = self.number(limits.concurrency.as_ref(), &scalars::CONCURRENCY);
        let host_calls = self.number(limits.host_calls.as_ref(), &scalars::HOST_CALLS);
        let log = self.size(limits.log.as_ref(), &scalars::LOG);
        Some(Limits {
            time: time?,
            memory: memory?,
            concurrency: usize::try_from(concurrency?).ok()?,
            host_calls: u32::try_from(host_calls?).ok()?,
            log: log?,
        })
    }

    /// A line that could stand for the key of this path.
    pub(crate) fn example(&self, path: &[&str]) -> &'static str {
        self.keys.example(path).unwrap_or_default()
    }

    /// A key that must be there; `section` is where it is missed.
    pub(crate) fn required<T>(&mut self, value: Option<T>, path: &[&str], section: Range<usize>) -> Option<T> {
        if value.is_none() {
            let key = path.last().copied().unwrap_or_default();
            let message = format!("`{key}` is missing");
            let label = format!("needs `{key}`");
            let help = format!("add for example: {}", self.example(path));
            self.findings.error("missing-key", section, message, label, help);
        }
        value
    }

    /// A word out of a list.
    pub(crate) fn word<T: Copy>(&mut self, word: &Text, what: &str, words: &[(&str, T)]) -> Option<T> {
        let found = words.iter().find(|(known, _)| known == word.get_ref());
        if found.is_none() {
            let known = || words.iter().map(|(known, _)| *known);
            let help = match did_you_mean(word.get_ref(), known()) {
                Some(meant) => format!("did you mean \"{meant}\"?"),
                None => format!("write {}", super::diagnostic::one_of(known())),
            };
            let message = format!("`{}` is not {what}", word.get_ref().escape_debug());
            self.findings.error("unknown-value", word.span(), message, "not known here", help);
        }
        found.map(|(_, value)| *value)
    }

    /// A path as the file means it: from the folder that the file is in.
    pub(crate) fn relative(&self, path: &str) -> PathBuf {
        self.path.parent().unwrap_or(Path::new("")).join(path)
    }

    /// A file that must be there.
    pub(crate) fn existing(&mut self, path: &Text, what: &str, help: &str) -> Option<PathBuf> {
        let full = self.relative(path.get_ref());
        if let Err(problem) = readable(&full) {
            let message = format!("{what} {} cannot be read: {problem}", full.display());
            self.findings.error("file-missing", path.span(), message, "cannot be read", help);
            return None;
        }
        Some(full)
    }

    /// The first line of a range: what is wrong with a section is shown at its header.
    pub(crate) fn header(&self, section: Range<usize>) -> Range<usize> {
        let text = self.text.get(section.clone()).unwrap_or_default();
        section.start..section.start + text.lines().next().map_or(0, str::len)
    }

    /// The place of a byte inside a text value, if the text stands in the file as it is.
    fn inside(&self, value: &Text, at: Option<usize>) -> Range<usize> {
        let span = value.span();
        let quoted = span.start + 1..span.end.saturating_sub(1);
        let verbatim = self.text.get(quoted.clone()) == Some(value.get_ref());
        match at {
            Some(at) if verbatim && at < value.get_ref().len() => quoted.start + at..quoted.start + at + 1,
            _ => span,
        }
    }
}

/// Opens a file, because rights are known only then.
fn readable(path: &Path) -> Result<(), String> {
    match std::fs::metadata(path) {
        Ok(metadata) if !metadata.is_file() => Err("it is not a file".to_owned()),
        Ok(_) => std::fs::File::open(path).map(drop).map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    }
}

/// The names of the components in a folder, for a suggestion.
fn components(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.retain(|name| name.ends_with(".wasm"));
    names.sort();
    names
}
