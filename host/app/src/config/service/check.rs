//! The checks of portcullis.toml outside of its callers.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;
use std::time::Duration;

use portcullis_model::Login;
use toml::Spanned;
use url::Url;

use super::super::check::Check;
use super::super::check::scalars::{MINUTE, SECOND, Scalar, scalar};
use super::super::diagnostic::did_you_mean;
use super::super::file::{Section, Text};
use super::data::{
    Delivery, Listen, LogFormat, Observe, Per, Rate, Retention, SealKeys, ServiceConfig, ServiceLimits, Tls,
};
use super::file;

const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

const WAIT: Scalar = scalar(&["delivery", "wait"], 20 * SECOND, 0..=10 * MINUTE);
const DEADLINE: Scalar = scalar(&["delivery", "deadline"], HOUR, SECOND..=30 * DAY);
const RETRY_FIRST: Scalar = scalar(&["delivery", "retry-first"], 2 * SECOND, 10..=HOUR);
const RETRY_LONGEST: Scalar = scalar(&["delivery", "retry-longest"], 2 * MINUTE, 10..=DAY);
const BREAKER_FAILURES: Scalar = scalar(&["delivery", "breaker-failures"], 5, 1..=1_000);
const BREAKER_PAUSE: Scalar = scalar(&["delivery", "breaker-pause"], 10 * SECOND, 10..=HOUR);
/// Idempotency keys are remembered with their operations, and callers may count on a day.
const KEEP: Scalar = scalar(&["journal", "keep"], 90 * DAY, DAY..=3_650 * DAY);
const KEEP_UNKNOWN: Scalar = scalar(&["journal", "keep-unknown"], 7 * DAY, HOUR..=90 * DAY);
const OVERLAP: Scalar = scalar(&["keys", "overlap"], 7 * DAY, MINUTE..=365 * DAY);
/// More than anybody asks, and few enough for a limiter to count in nanoseconds.
const MOST: u32 = 1_000_000;

impl Check<'_> {
    /// The service; without a meaning if there are findings that are errors. `connectors` are the names that are known.
    pub(super) fn service(&mut self, file: file::File, connectors: &[String]) -> Option<ServiceConfig> {
        let has_tls = file.tls.is_some();
        let listen = file.listen.map_or_else(|| Some(Listen::default()), |listen| self.listen(listen, has_tls));
        let tls = match file.tls {
            Some(tls) => self.tls(tls).map(Some),
            None => Some(None),
        };
        let callers = self.callers(file.callers, listen.as_ref(), tls.as_ref().map(Option::as_ref), connectors);
        let account_rate = self.rate(file.limits.0.account_rate.as_ref(), Rate::ACCOUNT, &["limits", "account-rate"]);
        let delivery = self.delivery(&file.delivery.0);
        let journal = self.retention(&file.journal.0);
        let overlap = self.duration(file.keys.0.overlap.as_ref(), &OVERLAP);
        let alarms = self.alarms(&file.alarms.0);
        let forward = self.forward(&file.audit.0);
        let observe = self.observe(file.observe.0);
        let test_accounts = self.test_accounts(file.connectors, connectors);
        Some(ServiceConfig {
            listen: listen?,
            tls: tls?,
            callers: callers?,
            limits: ServiceLimits { account_rate: account_rate? },
            delivery: delivery?,
            journal: journal?,
            keys: SealKeys { overlap: overlap? },
            alarms: alarms?,
            forward: forward?,
            observe: observe?,
            test_accounts,
            warnings: Vec::new(),
        })
    }

    fn listen(&mut self, listen: Spanned<Section<file::Listen>>, has_tls: bool) -> Option<Listen> {
        let header = self.header(listen.span());
        let listen = listen.into_inner().0;
        let mut addresses: Vec<SocketAddr> = Vec::new();
        match &listen.addresses {
            None => addresses = Listen::default().addresses,
            Some(list) => {
                for text in list.get_ref() {
                    let Some(address) = self.address(text, has_tls) else { continue };
                    if addresses.contains(&address) {
                        let message = format!("{address} is there twice");
                        self.findings.error("duplicate-address", text.span(), message, "again", "keep one of the two");
                    }
                    addresses.push(address);
                }
            }
        }
        let socket = match &listen.socket {
            Some(socket) => Some(self.socket(socket)?),
            None => None,
        };
        let nowhere = listen.addresses.as_ref().is_some_and(|list| list.get_ref().is_empty()) && socket.is_none();
        if nowhere {
            let message = "the service would listen nowhere: `addresses` is empty and there is no `socket`";
            let help = format!("add for example: {}", self.example(&["listen", "addresses"]));
            self.findings.error("empty-list", header, message, "no address, no socket", help);
        }
        Some(Listen { addresses, socket })
    }

    fn address(&mut self, text: &Text, has_tls: bool) -> Option<SocketAddr> {
        let Ok(address) = text.get_ref().parse::<SocketAddr>() else {
            self.findings.error(
                "bad-address",
                text.span(),
                format!("`{}` is not an address with a port", text.get_ref().escape_debug()),
                "not an address",
                "write numbers, not a name: \"127.0.0.1:8440\", \"[::1]:8440\", or \"0.0.0.0:8440\" for every interface",
            );
            return None;
        };
        if !has_tls && !is_loopback(address.ip()) {
            self.findings.error(
                "clear-text",
                text.span(),
                format!("on {address} tokens and passwords would travel in the clear: there is no `[tls]`"),
                "not a loopback address",
                "add `[tls]` with `certificate` and `key`, or listen on 127.0.0.1 or [::1] only",
            );
            return None;
        }
        Some(address)
    }

    fn socket(&mut self, socket: &Text) -> Option<PathBuf> {
        let path = self.relative(socket.get_ref());
        let length = path.as_os_str().as_bytes().len();
        if socket.get_ref().is_empty() || socket.get_ref().contains('\0') {
            let help = format!("write for example: {}", self.example(&["listen", "socket"]));
            self.findings.error("bad-socket", socket.span(), "this is not the path of a socket", "not a path", help);
            return None;
        }
        if length > Listen::MAX_SOCKET_BYTES {
            self.findings.error(
                "bad-socket",
                socket.span(),
                format!(
                    "the path of a unix socket has at most {} bytes, and this has {length}",
                    Listen::MAX_SOCKET_BYTES
                ),
                "too long",
                format!("choose a shorter path: {}", self.example(&["listen", "socket"])),
            );
            return None;
        }
        Some(path)
    }

    fn tls(&mut self, tls: Spanned<Section<file::Tls>>) -> Option<Tls> {
        let header = self.header(tls.span());
        let tls = tls.into_inner().0;
        let relative = "a relative path starts at the folder of this file";
        let certificate = self.required(tls.certificate, &["tls", "certificate"], header.clone());
        let certificate = certificate.and_then(|file| self.certificates(&file, "the server's certificate", relative));
        let key = self.required(tls.key, &["tls", "key"], header).and_then(|key| self.secret(key));
        let require = tls.require.as_ref().is_some_and(|require| *require.get_ref());
        if let (Some(at), None) = (tls.require.filter(|require| *require.get_ref()), &tls.client_ca) {
            let message = "`require` asks for client certificates, and no authority of them is named";
            let help = format!("add for example: {}", self.example(&["tls", "client-ca"]));
            self.findings.error("client-ca-missing", at.span(), message, "needs `client-ca`", help);
        }
        let client_ca = match tls.client_ca {
            Some(file) => Some(self.certificates(&file, "the authorities of client certificates", relative)?),
            None => None,
        };
        Some(Tls { certificate: certificate?, key: key?, client_ca, require })
    }

    /// `N/s`, `N/m` or `N/h`.
    pub(super) fn rate(&mut self, text: Option<&Text>, default: Rate, path: &[&str]) -> Option<Rate> {
        let Some(text) = text else { return Some(default) };
        let read = rate(text.get_ref());
        if read.is_none() {
            self.findings.error(
                "bad-rate",
                text.span(),
                format!("`{}` is not a rate", text.get_ref().escape_debug()),
                "not a rate",
                format!("write a number from 1 to {MOST} and /s, /m or /h: {}", self.example(path)),
            );
        }
        read
    }

    fn delivery(&mut self, delivery: &file::Delivery) -> Option<Delivery> {
        let wait = self.duration(delivery.wait.as_ref(), &WAIT);
        let deadline = self.duration(delivery.deadline.as_ref(), &DEADLINE);
        let first = self.duration(delivery.retry_first.as_ref(), &RETRY_FIRST);
        let longest = self.duration(delivery.retry_longest.as_ref(), &RETRY_LONGEST);
        self.in_order(("wait", delivery.wait.as_ref(), wait), ("deadline", delivery.deadline.as_ref(), deadline));
        self.in_order(
            ("retry-first", delivery.retry_first.as_ref(), first),
            ("retry-longest", delivery.retry_longest.as_ref(), longest),
        );
        let failures = self.number(delivery.breaker_failures.as_ref(), &BREAKER_FAILURES);
        let pause = self.duration(delivery.breaker_pause.as_ref(), &BREAKER_PAUSE);
        Some(Delivery {
            wait: wait?,
            deadline: deadline?,
            retry_first: first?,
            retry_longest: longest?,
            breaker_failures: u32::try_from(failures?).ok()?,
            breaker_pause: pause?,
        })
    }

    /// The first duration must not be longer than the second one. Shown where either was written.
    fn in_order(&mut self, less: Named<'_>, more: Named<'_>) {
        let (Some(short), Some(long)) = (less.2, more.2) else { return };
        let Some(at) = less.1.or(more.1) else { return };
        if short > long {
            let message = format!("`{}` is longer than `{}`", less.0, more.0);
            let show = super::super::values::show_duration;
            let help = format!("`{}` is {}; `{}` is {}", less.0, show(short), more.0, show(long));
            self.findings.error("out-of-order", at.span(), message, "does not fit the other", help);
        }
    }

    fn retention(&mut self, journal: &file::Journal) -> Option<Retention> {
        let keep = self.duration(journal.keep.as_ref(), &KEEP);
        let unknown = self.duration(journal.keep_unknown.as_ref(), &KEEP_UNKNOWN);
        // Who only shortens `keep` did not ask for a longer life of what is unknown.
        let unknown = if journal.keep_unknown.is_none() { keep.min(unknown).or(unknown) } else { unknown };
        self.in_order(("keep-unknown", journal.keep_unknown.as_ref(), unknown), ("keep", journal.keep.as_ref(), keep));
        Some(Retention { keep: keep?, keep_unknown: unknown? })
    }

    fn observe(&mut self, observe: file::Observe) -> Option<Observe> {
        let formats = [("text", LogFormat::Text), ("json", LogFormat::Json)];
        let log_format =
            observe.log_format.map_or(Some(LogFormat::Text), |word| self.word(&word, "a form of the log", &formats));
        let otlp = match observe.otlp {
            Some(url) => Some(self.collector(&url, &["observe", "otlp"])?),
            None => None,
        };
        let ca_file = match &observe.ca_file {
            Some(file) => {
                if otlp.as_ref().is_none_or(|url| url.scheme() != "https") {
                    self.unused_ca_file(file);
                }
                let relative = "a relative path starts at the folder of this file";
                Some(self.certificates(file, "the authorities of the collector", relative)?)
            }
            None => None,
        };
        Some(Observe { log_format: log_format?, otlp, ca_file })
    }

    /// The URL of an OpenTelemetry collector.
    pub(super) fn collector(&mut self, url: &Text, path: &[&str]) -> Option<Url> {
        let parsed = Url::parse(url.get_ref()).ok();
        // A URL may hold a password before the `@`: messages never repeat it.
        if parsed.as_ref().is_some_and(|url| !url.username().is_empty() || url.password().is_some()) {
            let message = "a user or a password does not belong in a URL";
            let help = "let a collector on this machine add what the distant one asks for";
            self.findings.error("secret-in-file", url.span(), message, "holds a user", help);
            return None;
        }
        // Its path is appended to, and a query may hold a token.
        let plain = |url: &Url| url.has_host() && url.query().is_none() && url.fragment().is_none();
        let fits = parsed.filter(|url| matches!(url.scheme(), "http" | "https") && plain(url));
        if fits.is_none() {
            let help = format!("write for example: {}", self.example(path));
            self.findings.error(
                "bad-url",
                url.span(),
                "this is not the URL of a collector",
                "not http://HOST or https://HOST",
                help,
            );
        }
        fits
    }

    fn test_accounts(
        &mut self,
        named: BTreeMap<Text, Section<file::Connector>>,
        connectors: &[String],
    ) -> BTreeMap<String, Login> {
        let mut accounts = BTreeMap::new();
        for (name, connector) in named {
            self.connector(&name, connectors);
            let Some(account) = connector.0.test_account else { continue };
            let header = self.header(account.span());
            let path = ["connectors", "*", "test-account", "login"];
            let Some(login) = self.required(account.into_inner().0.login, &path, header) else { continue };
            match Login::new(login.get_ref().clone()) {
                Ok(account) => drop(accounts.insert(name.into_inner(), account)),
                Err(error) => {
                    let help = format!("write for example: {}", self.example(&path));
                    self.findings.error("bad-account", login.span(), error.to_string(), "no account", help);
                }
            }
        }
        accounts
    }

    /// A connector's name. One that is not there may come later, and is told all the same.
    pub(super) fn connector(&mut self, name: &Text, connectors: &[String]) {
        if connectors.contains(name.get_ref()) {
            return;
        }
        let help = match did_you_mean(name.get_ref(), connectors.iter().map(String::as_str)) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => "a connector is called like its file in `connectors/`, without .toml".to_owned(),
        };
        let message = format!("there is no connector `{}`", name.get_ref().escape_debug());
        self.findings.warning("unknown-connector", name.span(), message, "not in `connectors/`", help);
    }
}

/// The name of a duration, where it was written, and what it is.
type Named<'t> = (&'static str, Option<&'t Text>, Option<Duration>);

/// Reads `600/m`.
pub(super) fn rate(text: &str) -> Option<Rate> {
    let (count, unit) = text.split_once('/')?;
    let per = match unit {
        "s" => Per::Second,
        "m" => Per::Minute,
        "h" => Per::Hour,
        _ => return None,
    };
    let digits = count.bytes().all(|b| b.is_ascii_digit());
    let count = count.parse::<NonZeroU32>().ok().filter(|count| digits && count.get() <= MOST)?;
    Some(Rate { count, per })
}

/// Whether only processes of this machine reach an address.
fn is_loopback(ip: IpAddr) -> bool {
    ip.to_canonical().is_loopback()
}
