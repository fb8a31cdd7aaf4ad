//! The checks of `[callers.NAME]`: who they are, and that none of them is two.

use std::collections::BTreeMap;
use std::ops::Range;

use portcullis_model::OperationKind;
use rustls::pki_types::DnsName;
use toml::Spanned;

use super::super::check::Check;
use super::super::file::{Section, Text};
use super::super::pattern::Pattern;
use super::super::values::sha256;
use super::data::{CallerConfig, ClientCertificate, Listen, Rate, See, Tls};
use super::file;

/// How the operator on the control socket is called in the journal and in the log.
const OPERATOR: &str = "operator";
const UNUSED: &str = "the caller could ask for nothing";
const MAKE_TOKEN: &str = "`portcullis token` makes a token and the line for this file";
const FINGERPRINT: &str = "`openssl x509 -in FILE -noout -fingerprint -sha256` shows it";

/// What a caller may not touch, and where that is written.
struct Excepts<'c> {
    at: Option<Range<usize>>,
    except: &'c [Pattern],
    exclude: &'c Option<Option<String>>,
}

/// What has been seen of the callers before.
#[derive(Default)]
struct Seen(BTreeMap<Credential, String>);

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Credential {
    Token([u8; 32]),
    Dns(String),
    Certificate([u8; 32]),
    Uid(u32),
}

impl Check<'_> {
    /// Every caller. `listen` and `tls` are missing where they hold mistakes of their own.
    pub(super) fn callers(
        &mut self,
        callers: BTreeMap<Text, Spanned<Section<file::Caller>>>,
        listen: Option<&Listen>,
        tls: Option<Option<&Tls>>,
        connectors: &[String],
    ) -> Option<Vec<CallerConfig>> {
        let mut seen = Seen::default();
        let mut all = Vec::new();
        for (name, caller) in callers {
            let at = self.caller_name(&name);
            let header = self.header(caller.span());
            let caller = caller.into_inner().0;
            if let (Some(uid), Some(None)) = (&caller.uid, listen.map(|listen| listen.socket.as_ref())) {
                let message = "a caller is known by `uid` on a unix socket only, and there is none";
                let help = format!("add to `[listen]` for example: {}", self.example(&["listen", "socket"]));
                self.findings.error("socket-missing", uid.span(), message, "needs a socket", help);
            }
            if let (Some(certificate), Some(false)) =
                (&caller.certificate, tls.map(|tls| tls.is_some_and(|tls| tls.client_ca.is_some())))
            {
                let message = "client certificates are not asked for: `[tls]` names no authority of them";
                let help = format!("add to `[tls]` for example: {}", self.example(&["tls", "client-ca"]));
                let at = self.header(certificate.span());
                self.findings.error("client-ca-missing", at, message, "needs `client-ca`", help);
            }
            let caller = self.caller(name.get_ref(), caller, header, &mut seen, connectors);
            all.extend(at.and(caller));
        }
        Some(all)
    }

    /// The name stands in every log line and in the journal.
    fn caller_name(&mut self, name: &Text) -> Option<()> {
        let text = name.get_ref();
        let fits = text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text.len() <= 64
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
        if !fits {
            let message = "this is not a name for a caller";
            let help = "up to 64 letters, digits, `-`, `_` and `.`, for example [callers.portal]";
            self.findings.error("bad-name", name.span(), message, "not a name", help);
        } else if text.eq_ignore_ascii_case(OPERATOR) {
            let message = "`operator` is who uses the control socket: no other caller is called so";
            self.findings.error("bad-name", name.span(), message, "taken", "choose another name");
        } else {
            return Some(());
        }
        None
    }

    fn caller(
        &mut self,
        name: &str,
        caller: file::Caller,
        header: Range<usize>,
        seen: &mut Seen,
        connectors: &[String],
    ) -> Option<CallerConfig> {
        if caller.token_sha256.is_none() && caller.certificate.is_none() && caller.uid.is_none() {
            let message = format!("nobody can be `{name}`: it has no `token-sha256`, no `certificate` and no `uid`");
            self.findings.error("no-credential", header.clone(), message, "how is it known?", MAKE_TOKEN);
        }
        let tokens = caller.token_sha256.map_or_else(|| Some(Vec::new()), |list| self.tokens(&list, name, seen));
        let certificate = match caller.certificate {
            Some(certificate) => self.client_certificate(certificate, name, seen).map(Some),
            None => Some(None),
        };
        let uid = match caller.uid {
            Some(uid) => self.uid(&uid, name, seen).map(Some),
            None => Some(None),
        };
        let of = |key| ["callers", "*", key];
        let operations = self.operations(caller.operations, &of("operations"), header.clone(), UNUSED);
        let accounts = self.accounts(caller.accounts, &of("accounts"), header.clone(), UNUSED);
        let except = self.patterns(&caller.except);
        let exclude = match caller.exclude {
            Some(filter) => self.exclude(filter, &of("exclude")).map(Some),
            None => Some(None),
        };
        let excepts = Excepts { at: caller.except.first().map(Spanned::span), except: &except, exclude: &exclude };
        self.privileged(name, header, operations.as_deref(), accounts.as_deref(), &excepts);
        let connectors = caller.connectors.map(|list| self.connectors_of(&list, connectors));
        let rate = self.rate(caller.rate.as_ref(), Rate::CALLER, &of("rate"));
        let words = [("own", See::Own), ("all", See::All)];
        let see = caller.see.map_or(Some(See::Own), |see| self.word(&see, "what a caller may see", &words));
        Some(CallerConfig {
            name: name.to_owned(),
            tokens: tokens?,
            certificate: certificate?,
            uid: uid?,
            operations: operations?,
            accounts: accounts?,
            except,
            exclude: exclude?,
            connectors,
            rate: rate?,
            see: see?,
            manage: caller.manage,
        })
    }

    /// Tells where a caller may take an administrator's account over, and where a spelling gets past `except`.
    fn privileged(
        &mut self,
        name: &str,
        header: Range<usize>,
        operations: Option<&[OperationKind]>,
        accounts: Option<&[Pattern]>,
        excepts: &Excepts<'_>,
    ) {
        let (Some(operations), Some(accounts)) = (operations, accounts) else { return };
        let resets = operations.contains(&OperationKind::ResetPassword);
        if resets && excepts.except.is_empty() && matches!(excepts.exclude, Some(None)) {
            self.findings.warning(
                "no-exclude",
                header,
                format!("`{name}` may reset every account that `accounts` means, administrators too"),
                "neither `except` nor `exclude`",
                format!("protect privileged accounts, for example: {}", self.example(&["callers", "*", "exclude"])),
            );
        }
        let any_domain = accounts.iter().find(|pattern| !pattern.fixes_domain());
        // Without an `@` in `accounts`, also the bare name is taken, which a pattern with one does not mean.
        let bare = any_domain.is_some_and(|pattern| !pattern.to_string().contains('@'));
        let asks_for_one = |pattern: &&Pattern| pattern.to_string().contains('@') && (bare || pattern.fixes_domain());
        let fixed = excepts.except.iter().find(asks_for_one);
        if let (Some(any), Some(fixed), Some(at)) = (any_domain, fixed, excepts.at.clone()) {
            self.findings.warning(
                "domain-not-fixed",
                at,
                format!("`except` asks for a domain (\"{fixed}\"), and `accounts` takes any (\"{any}\")"),
                "the same account without its domain gets past",
                "name the domain in `accounts` as well, or leave it out in `except`: \"*-adm*\"",
            );
        }
    }

    fn tokens(&mut self, list: &Spanned<Vec<Text>>, name: &str, seen: &mut Seen) -> Option<Vec<[u8; 32]>> {
        if list.get_ref().is_empty() {
            let message = "`token-sha256` is empty: no token would be taken";
            self.findings.error("empty-list", list.span(), message, "no token", MAKE_TOKEN);
        }
        let mut tokens = Vec::new();
        for text in list.get_ref() {
            if text.get_ref().starts_with("pct_") {
                let message = "this is a token, and only its SHA-256 belongs in this file";
                let help = format!("make a new one, because this one has been written down: {MAKE_TOKEN}");
                self.findings.error("secret-in-file", text.span(), message, "a token in the clear", help);
                continue;
            }
            let Some(hash) = self.sha256(text, MAKE_TOKEN) else { continue };
            self.only_one(seen, Credential::Token(hash), text.span(), name, "token");
            tokens.push(hash);
        }
        Some(tokens)
    }

    fn client_certificate(
        &mut self,
        certificate: Spanned<Section<file::Certificate>>,
        name: &str,
        seen: &mut Seen,
    ) -> Option<ClientCertificate> {
        let header = self.header(certificate.span());
        let certificate = certificate.into_inner().0;
        match (certificate.dns, certificate.sha256) {
            (Some(dns), None) => {
                let known = dns.get_ref().to_ascii_lowercase();
                if known.contains('*') || known.ends_with('.') || DnsName::try_from(known.as_str()).is_err() {
                    let message = "this is not one DNS name: a caller is one name, without wildcards";
                    let help = format!("write for example: {}", self.example(&["callers", "*", "certificate"]));
                    self.findings.error("bad-name", dns.span(), message, "not a DNS name", help);
                    return None;
                }
                self.only_one(seen, Credential::Dns(known.clone()), dns.span(), name, "certificate");
                Some(ClientCertificate::Dns(known))
            }
            (None, Some(text)) => {
                // openssl puts a colon between the bytes.
                let Some(hash) = sha256(&text.get_ref().replace(':', "")) else {
                    return self.sha256(&text, FINGERPRINT).map(ClientCertificate::Sha256);
                };
                self.only_one(seen, Credential::Certificate(hash), text.span(), name, "certificate");
                Some(ClientCertificate::Sha256(hash))
            }
            (dns, _) => {
                let message = "a certificate is known by one of `dns` and `sha256`";
                let label = if dns.is_some() { "which one?" } else { "neither is there" };
                let help = format!("write for example: {}", self.example(&["callers", "*", "certificate"]));
                self.findings.error("bad-certificate", header, message, label, help);
                None
            }
        }
    }

    fn uid(&mut self, uid: &Spanned<i64>, name: &str, seen: &mut Seen) -> Option<u32> {
        // The last one means "no user" to the system.
        let Some(known) = u32::try_from(*uid.get_ref()).ok().filter(|uid| *uid != u32::MAX) else {
            let message = "`uid` is the number of a user: 0 to 4294967294";
            let help = "`id -u NAME` shows it";
            self.findings.error("out-of-range", uid.span(), message, "no user", help);
            return None;
        };
        self.only_one(seen, Credential::Uid(known), uid.span(), name, "uid");
        Some(known)
    }

    /// One credential is one caller: otherwise the order in the file would decide what somebody may do.
    fn only_one(&mut self, seen: &mut Seen, credential: Credential, at: Range<usize>, name: &str, what: &str) {
        if let Some(other) = seen.0.insert(credential, name.to_owned()) {
            let message = format!("this {what} is that of the caller `{other}` already");
            let help = "give each caller a credential of its own, so that the journal says who asked";
            self.findings.error("duplicate-credential", at, message, "the same again", help);
        }
    }

    fn connectors_of(&mut self, list: &Spanned<Vec<Text>>, connectors: &[String]) -> Vec<String> {
        if list.get_ref().is_empty() {
            let message = format!("`connectors` is empty: {UNUSED}");
            let help = "take the line away to allow every connector";
            self.findings.error("empty-list", list.span(), message, "no connector", help);
        }
        for name in list.get_ref() {
            self.connector(name, connectors);
        }
        list.get_ref().iter().map(|name| name.get_ref().clone()).collect()
    }
}
