//! The directory: which servers, how protected, as whom.

use std::ops::Range;
use std::path::PathBuf;

use toml::Spanned;
use url::Url;

use crate::config::connector::{Bind, Dialect, DirectorySource, Embedded, Ldap, MinTls, Servers};
use crate::config::file::{self, Secret, Section, Text};
use crate::config::pattern::Pattern;
use crate::config::secret::SecretSource;

use super::{Check, scalars};

impl Check<'_> {
    pub(super) fn ldap(&mut self, ldap: Spanned<Section<file::Ldap>>, accounts: &[Pattern]) -> Option<Ldap> {
        let header = self.header(ldap.span());
        let mut ldap = ldap.into_inner().0;
        let locate = self.locate(ldap.locate.take(), header.clone(), accounts);
        let first_grant = ldap.write.keys().map(Spanned::span).min_by_key(|span| span.start);
        let write = self.write(std::mem::take(&mut ldap.write));
        let read = self.read(&ldap.read.0, &write);
        let search = self.search(ldap.search.take());
        let allow = self.allow(std::mem::take(&mut ldap.allow.0));
        let confirm = self.confirm(ldap.confirm.take(), &read);
        if let (Some(grant), Some(None)) = (first_grant, locate.as_ref().map(|locate| locate.exclude.as_ref())) {
            self.findings.warning(
                "no-exclude",
                grant,
                "no entry is excluded: the connector may write to every account that the filter finds",
                "written without exclusions",
                "protect privileged accounts in `[ldap.locate]`, for example: exclude = \"(adminCount=1)\"",
            );
        }
        let source = match (ldap.urls.take(), ldap.embedded.take()) {
            (None, None) => {
                let help = format!("add for example: {}", self.example(&["ldap", "urls"]));
                let message = "`[ldap]` names no directory: neither `urls` nor `[ldap.embedded]`";
                self.findings.error("no-directory", header, message, "which directory?", help);
                None
            }
            (Some(urls), Some(embedded)) => {
                let message = "`urls` and `[ldap.embedded]` exclude each other";
                let help = "keep `urls` for real servers, or `[ldap.embedded]` for the directory in the host's memory";
                let at = self.header(embedded.span());
                self.findings.error("two-directories", at, message, "a second directory", help);
                self.servers(urls, ldap, header);
                None
            }
            (Some(urls), None) => self.servers(urls, ldap, header).map(DirectorySource::Servers),
            (None, Some(embedded)) => {
                self.only_for_servers(&ldap);
                self.embedded(embedded).map(DirectorySource::Embedded)
            }
        };
        Some(Ldap { source: source?, locate: locate?, read, search, write, allow, confirm: confirm? })
    }

    fn servers(&mut self, urls: Spanned<Vec<Text>>, ldap: file::Ldap, header: Range<usize>) -> Option<Servers> {
        let start_tls = ldap.start_tls.as_ref().is_some_and(|start_tls| *start_tls.get_ref());
        if urls.get_ref().is_empty() {
            let help = self.example(&["ldap", "urls"]);
            self.findings.error("empty-list", urls.span(), "`urls` is empty", "no server", help);
        }
        for url in urls.get_ref() {
            self.url(url, start_tls);
        }
        let ca_file = match ldap.ca_file {
            Some(ca_file) => Some(self.ca_file(&ca_file)?),
            None => None,
        };
        let bind = self.bind(ldap.bind_dn, ldap.bind_password, header);
        let min_tls = ldap.min_tls.map_or(Some(MinTls::default()), |version| self.min_tls(&version));
        let connections = self.number(ldap.connections.as_ref(), &scalars::CONNECTIONS);
        let connect_timeout = self.duration(ldap.connect_timeout.as_ref(), &scalars::CONNECT_TIMEOUT);
        let request_timeout = self.duration(ldap.request_timeout.as_ref(), &scalars::REQUEST_TIMEOUT);
        Some(Servers {
            urls: urls.into_inner().into_iter().map(Spanned::into_inner).collect(),
            start_tls,
            min_tls: min_tls?,
            ca_file,
            bind,
            connections: usize::try_from(connections?).ok()?,
            connect_timeout: connect_timeout?,
            request_timeout: request_timeout?,
        })
    }

    /// The oldest version of TLS that is taken.
    pub(crate) fn min_tls(&mut self, version: &Text) -> Option<MinTls> {
        self.word(version, "a version of TLS", &MinTls::ALL.map(|version| (version.name(), version)))
    }

    fn url(&mut self, url: &Text, start_tls: bool) {
        let form = "write ldaps://host or ldaps://host:port, ldap://host with start-tls = true, or ldapi://%2Fpath%2Fto%2Fsocket";
        // A URL may hold a password before the `@`: messages never repeat it.
        let Ok(parsed) = Url::parse(url.get_ref()) else {
            self.findings.error("bad-url", url.span(), "this is not the URL of a server", "not a URL", form);
            return;
        };
        if !parsed.username().is_empty() || parsed.password().is_some() {
            let message = "a user or a password does not belong in a URL";
            let help = "name the service account by `bind-dn` and `bind-password`";
            self.findings.error("secret-in-file", url.span(), message, "holds a user", help);
            return;
        }
        let problem = match parsed.scheme() {
            "ldaps" | "ldap" | "ldapi" if parsed.host_str().unwrap_or_default().is_empty() => "names no host",
            "ldapi" if !parsed.host_str().is_some_and(|path| path.to_ascii_lowercase().starts_with("%2f")) => {
                "does not name a socket by its absolute path, with %2F for each slash"
            }
            "ldaps" | "ldap" | "ldapi"
                if !matches!(parsed.path(), "" | "/") || parsed.query().is_some() || parsed.fragment().is_some() =>
            {
                "holds more than a host and a port"
            }
            "ldaps" | "ldapi" if start_tls => {
                let message = format!("`start-tls` is for ldap:// only; {}:// is protected already", parsed.scheme());
                let help = "take `start-tls = true` away, or write ldap:// for every server";
                self.findings.error("start-tls-with-ldaps", url.span(), message, "protected already", help);
                return;
            }
            "ldap" if !start_tls => {
                self.findings.error(
                    "clear-text",
                    url.span(),
                    "over ldap:// passwords and the service account's bind would travel in the clear",
                    "not protected",
                    "write ldaps:// (port 636), or keep ldap:// and add: start-tls = true",
                );
                return;
            }
            "ldaps" | "ldap" | "ldapi" => return,
            _ => "is not one of ldaps, ldap and ldapi",
        };
        let subject = if problem.starts_with("is not one") { "the scheme of this URL" } else { "this URL" };
        self.findings.error("bad-url", url.span(), format!("{subject} {problem}"), "not a server", form);
    }

    fn ca_file(&mut self, ca_file: &Text) -> Option<PathBuf> {
        let help =
            "a relative path starts at the folder of this file; without `ca-file` the system's authorities are trusted";
        self.certificates(ca_file, "the file of the certificate authorities", help)
    }

    /// A file with certificates; `help` is for one that is not there.
    pub(in crate::config) fn certificates(&mut self, file: &Text, what: &str, help: &str) -> Option<PathBuf> {
        let path = self.existing(file, what, help)?;
        let pem = std::fs::read(&path).unwrap_or_default();
        let marker = b"-----BEGIN CERTIFICATE-----";
        if !pem.windows(marker.len()).any(|window| window == marker) {
            self.findings.error(
                "no-certificate",
                file.span(),
                format!("{} holds no certificate in PEM", path.display()),
                "no certificate",
                "PEM begins with -----BEGIN CERTIFICATE-----; convert DER by `openssl x509 -inform der -in FILE -out FILE.pem`",
            );
            return None;
        }
        Some(path)
    }

    fn bind(&mut self, dn: Option<Text>, password: Option<Spanned<Secret>>, header: Range<usize>) -> Option<Bind> {
        let at = password.as_ref().map(Spanned::span);
        let password = password.map(|password| self.secret(password));
        match (dn, password) {
            (Some(dn), Some(password)) => {
                if dn.get_ref().trim().is_empty() {
                    let message = "with an empty `bind-dn` the bind would be anonymous, whatever the password";
                    let help = self.example(&["ldap", "bind-dn"]);
                    self.findings.error("bad-dn", dn.span(), message, "empty", help);
                }
                Some(Bind { dn: dn.into_inner(), password: password? })
            }
            (Some(dn), None) => {
                self.required::<()>(None, &["ldap", "bind-password"], dn.span());
                None
            }
            (None, Some(_)) => {
                self.required::<()>(None, &["ldap", "bind-dn"], at.unwrap_or(header));
                None
            }
            (None, None) => {
                let help = format!("add for example: {}", self.example(&["ldap", "bind-dn"]));
                self.findings.warning(
                    "anonymous",
                    header,
                    "without `bind-dn` and `bind-password` the host is anonymous in the directory",
                    "no service account",
                    help,
                );
                None
            }
        }
    }

    /// Where a secret is.
    pub(in crate::config) fn secret(&mut self, secret: Spanned<Secret>) -> Option<SecretSource> {
        let form = "write { file = \"/path\" }, { env = \"NAME\" } or { credential = \"name\" } (systemd)";
        let at = secret.span();
        let Secret::At(place) = secret.into_inner() else {
            self.findings.error(
                "secret-in-file",
                at,
                "a secret does not belong in this file, where backups and reviews carry it on",
                "a secret in the clear",
                format!("{form}, and change the secret: it has been written down"),
            );
            return None;
        };
        match (place.file, place.env, place.credential) {
            (Some(file), None, None) => Some(SecretSource::File(self.relative(file.get_ref()))),
            (None, Some(env), None) => {
                if env.get_ref().is_empty() || env.get_ref().contains(['=', '\0']) {
                    self.findings.error(
                        "bad-secret",
                        env.span(),
                        "no environment variable has this name",
                        "not a name",
                        form,
                    );
                }
                Some(SecretSource::Env(env.into_inner()))
            }
            (None, None, Some(credential)) => {
                let name = credential.get_ref();
                if name.is_empty() || name.contains(['/', '\0']) || name == "." || name == ".." {
                    let message = "a credential is named without a path: systemd knows the folder";
                    self.findings.error("bad-secret", credential.span(), message, "not a name", form);
                }
                Some(SecretSource::Credential(credential.into_inner()))
            }
            (None, None, None) => {
                self.findings.error("bad-secret", at, "this names no place of a secret", "no place", form);
                None
            }
            _ => {
                self.findings.error("bad-secret", at, "this names more than one place of a secret", "which one?", form);
                None
            }
        }
    }

    fn only_for_servers(&mut self, ldap: &file::Ldap) {
        let keys = [
            ("start-tls", ldap.start_tls.as_ref().map(Spanned::span)),
            ("min-tls", ldap.min_tls.as_ref().map(Spanned::span)),
            ("ca-file", ldap.ca_file.as_ref().map(Spanned::span)),
            ("bind-dn", ldap.bind_dn.as_ref().map(Spanned::span)),
            ("bind-password", ldap.bind_password.as_ref().map(Spanned::span)),
            ("connections", ldap.connections.as_ref().map(Spanned::span)),
            ("connect-timeout", ldap.connect_timeout.as_ref().map(Spanned::span)),
            ("request-timeout", ldap.request_timeout.as_ref().map(Spanned::span)),
        ];
        for (key, at) in keys {
            if let Some(at) = at {
                let message = format!("`{key}` is for servers, and the embedded directory is none");
                self.findings.error("not-for-embedded", at, message, "has no effect", "take the line away");
            }
        }
    }

    fn embedded(&mut self, embedded: Spanned<Section<file::Embedded>>) -> Option<Embedded> {
        const DIALECTS: [(&str, Dialect); 3] = [
            ("plain", Dialect::Plain),
            ("openldap", Dialect::OpenLdap),
            ("active-directory", Dialect::ActiveDirectory),
        ];
        let header = self.header(embedded.span());
        let embedded = embedded.into_inner().0;
        let seed = self.required(embedded.seed, &["ldap", "embedded", "seed"], header);
        let seed =
            seed.and_then(|seed| self.existing(&seed, "the LDIF", "a relative path starts at the folder of this file"));
        let dialect = embedded.dialect.map_or(Some(Dialect::Plain), |word| self.word(&word, "a dialect", &DIALECTS));
        let min_length = self.number(embedded.min_length.as_ref(), &scalars::MIN_LENGTH);
        let history = self.number(embedded.history.as_ref(), &scalars::HISTORY);
        let max_failures = self.number(embedded.max_failures.as_ref(), &scalars::MAX_FAILURES);
        let min_age = self.duration(embedded.min_age.as_ref(), &scalars::MIN_AGE);
        Some(Embedded {
            seed: seed?,
            state: embedded.state.map(|state| self.relative(state.get_ref())),
            dialect: dialect?,
            min_length: usize::try_from(min_length?).ok()?,
            history: usize::try_from(history?).ok()?,
            max_failures: u32::try_from(max_failures?).ok()?,
            min_age: min_age?,
        })
    }
}
