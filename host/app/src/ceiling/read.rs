//! From the shape of a ceiling to its rules. Goes on after a mistake, so that one run tells all of them.

use std::collections::BTreeMap;

use minisign_verify::PublicKey;
use portcullis_sandbox::Digest;
use toml::Spanned;

use super::file::{self, Values};
use super::rules::{LdapRules, PluginRules, Rules, SettingRule, Signer};
use super::servers::ServerPattern;
use crate::config::check::Check;
use crate::config::file::{Reveal, Text};
use crate::config::{MinTls, Places, Revealed};

const NOTHING_RUNS: &str = "no connector could start";

impl Check<'_> {
    /// The rules; without a meaning if there are findings that are errors.
    pub(super) fn ceiling(&mut self, file: file::File) -> Option<Rules> {
        let accounts = file.accounts.map(|all| self.accounts(Some(all), &["accounts"], 0..0, NOTHING_RUNS));
        let operations = file.operations.map(|all| self.operations(Some(all), &["operations"], 0..0, NOTHING_RUNS));
        let signers = self.signers(file.signers);
        let plugins = self.plugin_rules(&file.plugins.0, &signers);
        let ldap = self.ldap_rules(file.ldap.0);
        let log = file.log.map(|log| self.log(log.0));
        let config = file.config.map(|settings| self.settings(settings));
        let reveal = file.reveal.map_or_else(Vec::new, |reveal| self.revealed(&reveal.0));
        let limits = self.limits(&file.limits.0);
        Some(Rules {
            accounts: accounts.map_or(Some(Vec::new()), |all| all)?,
            operations: operations.map_or(Some(Vec::new()), |all| all)?,
            plugins,
            signers,
            ldap: ldap?,
            log: log.map_or(Some(None), |log| log.map(Some))?,
            config,
            reveal,
            limits: limits?,
            places: Places::of(self.path, self.text),
            digest: Digest::of(self.text.as_bytes()),
            warnings: Vec::new(),
        })
    }

    fn plugin_rules(&mut self, plugins: &file::Plugins, signers: &[Signer]) -> PluginRules {
        let require_signature = plugins.require_signature.unwrap_or(true);
        if require_signature && signers.is_empty() && !self.findings.has_errors() {
            self.findings.error(
                "no-signer",
                0..0,
                "a signature is required, and nobody is trusted to sign: no plugin could be loaded",
                "required unless `[plugins]` says otherwise",
                "name the vendors' minisign keys in `[signers]`, or write `require-signature = false` in `[plugins]`",
            );
        }
        PluginRules {
            require_signature,
            require_sha256: plugins.require_sha256.unwrap_or(true),
            sockets: plugins.sockets.unwrap_or(false),
        }
    }

    fn signers(&mut self, signers: BTreeMap<Text, Text>) -> Vec<Signer> {
        let mut known: Vec<Signer> = Vec::new();
        for (name, key) in signers {
            let help = "copy the second line of the vendor's minisign.pub: 56 characters that begin with RW";
            let readable = !name.get_ref().is_empty() && !name.get_ref().chars().any(char::is_control);
            let Some(parsed) = PublicKey::from_base64(key.get_ref()).ok().filter(|_| readable) else {
                let message = "this is not a signer's name and minisign public key";
                self.findings.error("bad-key", key.span(), message, "not a public key", help);
                continue;
            };
            if known.iter().any(|signer| signer.key == parsed) {
                let message = "this key is there twice: who signed could not be told";
                self.findings.error("duplicate-key", key.span(), message, "again", "keep one of the two");
            }
            known.push(Signer { name: name.into_inner(), key: parsed, written: key.into_inner() });
        }
        known
    }

    fn ldap_rules(&mut self, mut ldap: file::Ldap) -> Option<LdapRules> {
        let urls = ldap.urls.iter().filter_map(|url| self.server_pattern(url)).collect();
        let min_tls = ldap.min_tls.as_ref().map_or(Some(MinTls::default()), |version| self.min_tls(version));
        let locate = ldap.locate.0.bases.iter().filter_map(|base| self.dn(base)).collect();
        let write = self.write(std::mem::take(&mut ldap.write));
        let read = self.read(&ldap.read.0, &write);
        Some(LdapRules {
            urls,
            embedded: ldap.embedded,
            min_tls: min_tls?,
            locate,
            require_exclude: ldap.locate.0.require_exclude.unwrap_or(true),
            read,
            search: self.search(ldap.search.take()),
            write,
            allow: self.allow(ldap.allow.0),
        })
    }

    fn server_pattern(&mut self, url: &Text) -> Option<ServerPattern> {
        match ServerPattern::parse(url.get_ref()) {
            Ok(pattern) => Some(pattern),
            Err(problem) => {
                let help = "write ldaps://dc1.corp.example, ldaps://*.corp.example, ldap://host:3389 (StartTLS), or \
                            ldapi://%2Fpath%2Fto%2Fsocket; `*` stands for any characters of a host's name";
                let message = format!("this server {problem}");
                self.findings.error("bad-url", url.span(), message, "not a server", help);
                None
            }
        }
    }

    fn settings(&mut self, settings: BTreeMap<String, Spanned<Values>>) -> BTreeMap<String, SettingRule> {
        let mut rules = BTreeMap::new();
        for (name, values) in settings {
            let span = values.span();
            let rule = match values.into_inner() {
                Values::List(values) => SettingRule::Values(values.into_iter().map(|value| value.0).collect()),
                Values::Word(word) if word == "any" => SettingRule::Any,
                Values::Word(word) => {
                    let word = word.escape_debug();
                    let message = format!("`{word}` is not what a setting may be");
                    let help = format!("to allow this value alone, write a list: [\"{word}\"]; \"any\" allows all");
                    self.findings.error("unknown-value", span, message, "neither a list nor \"any\"", help);
                    continue;
                }
            };
            rules.insert(name, rule);
        }
        rules
    }

    fn revealed(&mut self, reveal: &Reveal) -> Vec<Revealed> {
        let words = [("new", Revealed::New), ("old", Revealed::Old), ("candidate", Revealed::Candidate)];
        reveal.passwords.iter().filter_map(|word| self.word(word, "a password of an operation", &words)).collect()
    }
}
