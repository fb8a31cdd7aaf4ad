//! Connectors under test: from a file as an operator writes it, over the host's own path of an operation, to a receipt.
//!
//! The files are those of `examples/connectors-toml`, with another directory and another service account in them, so
//! that the grants which the examples show are the ones that are tried. What became of an account is looked at with
//! [`crate::servers`] alone.
//!
//! ```no_run
//! use portcullis_tests::{harness::Draft, or_skip, servers::OpenLdap};
//!
//! # async fn test() -> portcullis_tests::Result<()> {
//! let Some(server) = or_skip(OpenLdap.shared()) else { return Ok(()) };
//! let account = server.new_account("reset").await?;
//! let before = server.entry(&account.dn).await?;
//! let connector = Draft::of(&server).set("ldap.allow.set-password", false).start();
//! connector.reset(&account.login, "A-New-Passw0rd").await.refused("not-granted", 12);
//! assert_eq!(server.entry(&account.dn).await?, before);
//! # Ok(())
//! # }
//! ```
#![expect(clippy::panic, clippy::expect_used, reason = "called by tests alone, which fail by panicking")]

mod report;
mod running;

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use portcullis::ceiling::Ceiling;
use portcullis::config::{self, ConnectorFile, Problems};
use portcullis::connector::Connector;
use portcullis_model::Fault;
use tempfile::TempDir;
use toml::{Table, Value};

pub use report::Report;
pub use running::{Running, sandbox};

use crate::plugins::{plugin, root};
use crate::proxy::Proxy;
use crate::servers::{Facts, Kind, Server};

/// A connector's file that is not finished yet.
#[derive(Debug)]
pub struct Draft {
    file: Table,
    folder: TempDir,
}

impl Draft {
    /// The example for this kind of directory, about this server.
    ///
    /// # Panics
    /// As [`Draft::example`].
    #[must_use]
    pub fn of(server: &Server) -> Self {
        let name = match server.kind() {
            Kind::OpenLdap => "openldap",
            Kind::Ds389 => "389ds",
            Kind::Samba => "active-directory",
        };
        let draft = Self::example(name).about(server.facts());
        match server.kind() {
            // In the examples a group or a role protects people, in the fixture an attribute of their own.
            Kind::OpenLdap | Kind::Ds389 => draft.set("ldap.locate.exclude", "(employeeType=admin)"),
            Kind::Samba => draft,
        }
    }

    /// A file of `examples/connectors-toml`, as it is.
    ///
    /// # Panics
    /// If there is no such file, or if it is not TOML.
    #[must_use]
    pub fn example(name: &str) -> Self {
        let path = root().join("examples/connectors-toml").join(name).with_extension("toml");
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let file = text.parse().unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self { file, folder: tempfile::tempdir().expect("a temporary folder") }
    }

    /// A file as a test wrote it.
    ///
    /// # Panics
    /// If it is not TOML.
    #[must_use]
    pub fn written(text: &str) -> Self {
        let file = text.parse().unwrap_or_else(|error| panic!("{error}: {text}"));
        Self { file, folder: tempfile::tempdir().expect("a temporary folder") }
    }

    /// With another directory in it: URL, CA, base, accounts and service account. What is granted stays.
    #[must_use]
    pub fn about(self, facts: &Facts) -> Self {
        let plain = self.text("ldap.urls").contains("ldap://");
        self.set("accounts", vec![format!("*@{}", facts.domain)])
            .set("ldap.urls", vec![if plain { &*facts.ldap_url } else { &*facts.ldaps_url }])
            .set("ldap.ca-file", facts.ca_file.display().to_string())
            .set("ldap.locate.base", &*facts.people_dn)
            .bind(&facts.svc_dn, &facts.svc_pw)
    }

    /// Over TLS through something in between.
    #[must_use]
    pub fn through(self, proxy: &Proxy) -> Self {
        let Facts { ldaps_url, ca_file, .. } = proxy.facts();
        self.urls(&[ldaps_url]).set("ldap.ca-file", ca_file.display().to_string())
    }

    /// With another service account.
    ///
    /// # Panics
    /// If the file for its password cannot be written.
    #[must_use]
    pub fn bind(self, dn: &str, password: &str) -> Self {
        let path = self.folder.path().join("bind-password");
        fs::write(&path, password).expect("the file for a secret");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("the file for a secret");
        let source: Table = [("file".to_owned(), path.display().to_string().into())].into_iter().collect();
        self.set("ldap.bind-dn", dn).set("ldap.bind-password", source)
    }

    /// Over these URLs. StartTLS is for `ldap://` alone, and is taken away for others.
    #[must_use]
    pub fn urls(self, urls: &[&str]) -> Self {
        let start_tls = urls.iter().all(|url| url.starts_with("ldap://"));
        let draft = self.set("ldap.urls", urls.to_vec());
        if start_tls { draft.set("ldap.start-tls", true) } else { draft.unset("ldap.start-tls") }
    }

    /// With another value for a key, for example `ldap.locate.base`.
    ///
    /// # Panics
    /// If a part of the key but the last is no section.
    #[must_use]
    pub fn set(mut self, key: &str, value: impl Into<Value>) -> Self {
        let (table, last) = self.section(key);
        table.insert(last, value.into());
        self
    }

    /// Without a key or a section.
    ///
    /// # Panics
    /// As [`Draft::set`].
    #[must_use]
    pub fn unset(mut self, key: &str) -> Self {
        let (table, last) = self.section(key);
        table.remove(&last);
        self
    }

    /// What the host says of the file: the connector's description, or what is wrong with it.
    ///
    /// # Errors
    /// The mistakes in the file.
    ///
    /// # Panics
    /// If the plugin was not built.
    pub fn load(&self) -> Result<ConnectorFile, Problems> {
        let path = self.write();
        config::load_file(&path, &plugins(&self.text("plugin")))
    }

    /// What the host says of the connector before it is asked for anything.
    ///
    /// # Errors
    /// The fault that keeps it from starting.
    ///
    /// # Panics
    /// For mistakes in the file, and if the plugin was not built.
    pub fn try_start(self) -> Result<Running, Fault> {
        let file = self.load().unwrap_or_else(|problems| panic!("the draft cannot be used: {:#?}", problems.all()));
        Ok(Running::new(Connector::start(file, running::sandbox(), &Ceiling::none())?, self.folder))
    }

    /// A connector that is ready, of what the host made of the file and the test made of that: what no file can say.
    ///
    /// # Panics
    /// As [`Draft::start`].
    #[must_use]
    pub fn start_with(self, change: impl FnOnce(&mut ConnectorFile)) -> Running {
        let mut file = self.load().unwrap_or_else(|problems| panic!("the draft cannot be used: {:#?}", problems.all()));
        change(&mut file);
        let connector = Connector::start(file, running::sandbox(), &Ceiling::none());
        Running::new(connector.unwrap_or_else(|fault| panic!("the connector does not start: {fault:?}")), self.folder)
    }

    /// A connector that is ready.
    ///
    /// # Panics
    /// As [`Draft::try_start`], and if the connector does not start.
    #[must_use]
    pub fn start(self) -> Running {
        self.try_start().unwrap_or_else(|fault| panic!("the connector does not start: {fault:?}"))
    }

    /// Writes the file where a service will read it. The file for its password goes with this value.
    ///
    /// # Panics
    /// If it cannot be written.
    pub fn write_to(&self, path: &Path) {
        let text = toml::to_string(&self.file).expect("a table is TOML");
        fs::write(path, text).expect("the connector's file");
    }

    fn write(&self) -> PathBuf {
        let path = self.folder.path().join("under-test.toml");
        self.write_to(&path);
        path
    }

    fn section(&mut self, key: &str) -> (&mut Table, String) {
        let mut table = &mut self.file;
        let mut parts = key.split('.').peekable();
        while let Some(part) = parts.next() {
            if parts.peek().is_none() {
                return (table, part.to_owned());
            }
            let next = table.entry(part).or_insert_with(|| Table::new().into());
            table = next.as_table_mut().unwrap_or_else(|| panic!("{part} in {key} is no section"));
        }
        panic!("a key has a name")
    }

    pub(crate) fn text(&self, key: &str) -> String {
        let found = key.split('.').try_fold(None, |at: Option<&Value>, part| {
            Some(Some(match at {
                None => self.file.get(part)?,
                Some(value) => value.get(part)?,
            }))
        });
        match found.flatten() {
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
            None => String::new(),
        }
    }
}

/// The folder of the plugins that were built, once it is certain that this one is there.
pub(crate) fn plugins(file: &str) -> PathBuf {
    let path = plugin(file.trim_end_matches(".wasm")).unwrap_or_else(|missing| panic!("{missing}"));
    path.parent().map(PathBuf::from).unwrap_or_default()
}
