//! What the root DSE says about the server.

use portcullis_connector::dialect::time;
use portcullis_connector::ldap::{self, Entry, LdapError};
use portcullis_connector::{Fault, FaultCode, Finding};

use crate::history::{History, POLICY_HINTS};

// Capabilities (MS-ADTS section 3.1.1.3.4.3).
const ACTIVE_DIRECTORY: &str = "1.2.840.113556.1.4.800";
const SINCE_2003: &str = "1.2.840.113556.1.4.1670";
const LIGHTWEIGHT: &str = "1.2.840.113556.1.4.1851";
const READ_ONLY: &str = "1.2.840.113556.1.4.1920";

/// What an operation needs of the root DSE.
const NEEDED: [&str; 3] = ["supportedCapabilities", "supportedControl", "currentTime"];

/// What a check looks at.
pub(crate) const CHECKED: [&str; 6] = [
    "supportedCapabilities",
    "supportedControl",
    "vendorName",
    "vendorVersion",
    "dnsHostName",
    "domainControllerFunctionality",
];

/// A server that is a domain controller.
#[derive(Debug)]
pub(crate) struct Server(Entry);

impl Server {
    /// Reads the root DSE. Every operation begins with it.
    pub(crate) fn look() -> Result<Self, Fault> {
        Self::of(ldap::root_dse(&NEEDED)?)
    }

    /// # Errors
    /// `wrong-directory`.
    pub(crate) fn of(root: Entry) -> Result<Self, Fault> {
        let has = |capability| root.lists("supportedCapabilities", capability);
        if has(LIGHTWEIGHT) {
            let text = "the server is AD LDS, which has no accounts of a domain";
            return Err(Fault::new(FaultCode::WrongDirectory, text));
        }
        if !has(ACTIVE_DIRECTORY) && !has(SINCE_2003) {
            let text = format!("the root DSE does not list the capability of Active Directory, {ACTIVE_DIRECTORY}");
            return Err(Fault::new(FaultCode::WrongDirectory, text));
        }
        Ok(Self(root))
    }

    /// Whether the server lists a control.
    pub(crate) fn offers(&self, control: &str) -> bool {
        self.0.lists("supportedControl", control)
    }

    /// The server's clock, in seconds since 1970-01-01 UTC. The host may have read it up to a minute ago.
    pub(crate) fn now(&self) -> Option<u64> {
        time::generalized(self.0.text("currentTime")?)
    }

    fn is_read_only(&self) -> bool {
        self.0.lists("supportedCapabilities", READ_ONLY)
    }

    /// Product and name, as far as the server tells them.
    fn description(&self) -> String {
        let product = match (self.0.text("vendorName"), self.0.text("vendorVersion")) {
            (Some(vendor), Some(version)) => format!("{vendor}, {version}"),
            (Some(vendor), None) => vendor.to_owned(),
            _ => windows(self.0.text("domainControllerFunctionality")).to_owned(),
        };
        match self.0.text("dnsHostName") {
            Some(name) => format!("{name} is a domain controller ({product})"),
            None => format!("the server is a domain controller ({product})"),
        }
    }
}

/// The release behind a functional level (MS-ADTS section 3.1.1.3.2.25).
fn windows(level: Option<&str>) -> &'static str {
    match level {
        Some("10") => "Windows Server 2025",
        Some("7") => "Windows Server 2016, 2019 or 2022",
        Some("6") => "Windows Server 2012 R2",
        Some("5") => "Windows Server 2012",
        Some("4") => "Windows Server 2008 R2",
        _ => "the release is not told",
    }
}

/// What a check found.
pub(crate) fn findings(root: Result<Entry, LdapError>, history: Result<History, Fault>) -> Vec<Finding> {
    let mut findings = Vec::new();
    match root.map_err(Fault::from).and_then(Server::of) {
        Ok(server) => {
            findings.push(Finding::good(server.description()));
            if server.is_read_only() {
                let remedy = "Name a writable domain controller in `urls`.";
                findings.push(Finding::problem("the domain controller is read-only", remedy));
            }
            if let Ok(history) = history {
                findings.push(history_finding(history, &server));
            }
        }
        Err(fault) if fault.code == FaultCode::WrongDirectory => {
            let remedy = "Choose the plugin for this kind of directory, or correct `urls`.";
            findings.push(Finding::problem(fault.detail, remedy));
        }
        Err(fault) => {
            let remedy = "Look at the servers in `urls`, the service account and the certificate.";
            findings.push(Finding::problem(format!("the root DSE could not be read: {}", fault.detail), remedy));
        }
    }
    if let Err(fault) = history {
        findings.push(Finding::problem(fault.detail, "Correct `history` under `[config]`."));
    }
    findings
}

fn history_finding(history: History, server: &Server) -> Finding {
    let offered = POLICY_HINTS.into_iter().find(|oid| server.offers(oid));
    match (history, offered) {
        (History::WhenOffered, Some(oid)) => Finding::good(format!(
            "a reset keeps the password history, by the control {oid}; it needs a grant under `[ldap.allow]`"
        )),
        (History::WhenOffered, None) => Finding::warning(
            "the server offers no control for the password history: a reset may bring back a former password",
            "Nothing on Samba; on Windows install the updates. `history = \"off\"` says that it is wanted so.",
        ),
        (History::Off, _) => Finding::good("a reset may bring back a former password: `history` is `off`"),
    }
}

#[cfg(test)]
mod tests {
    use portcullis_connector::Severity;
    use portcullis_connector::testing::entry;

    use super::*;

    fn root(capabilities: &[&str], controls: &[&str]) -> Entry {
        entry("", &[("supportedCapabilities", capabilities), ("supportedControl", controls)])
    }

    fn severities(root: Result<Entry, LdapError>, history: Result<History, Fault>) -> Vec<Severity> {
        findings(root, history).into_iter().map(|finding| finding.severity).collect()
    }

    #[test]
    fn another_directory_is_refused() {
        for capabilities in [&[][..], &["1.2.840.113556.1.4.1791"], &[SINCE_2003, LIGHTWEIGHT]] {
            let fault = Server::of(root(capabilities, &[])).unwrap_err();
            assert_eq!(fault.code, FaultCode::WrongDirectory, "{capabilities:?}");
        }
    }

    #[test]
    fn a_domain_controller_is_known_by_its_capabilities() {
        assert!(Server::of(root(&[ACTIVE_DIRECTORY], &[])).is_ok());
        assert!(Server::of(root(&[SINCE_2003], &[])).is_ok());
    }

    #[test]
    fn a_check_names_what_is_wrong() {
        use Severity::{Good, Problem, Warning};
        let denied = Err(LdapError::Unavailable("no server".into()));
        assert_eq!(severities(denied, Ok(History::Off)), [Problem]);
        assert_eq!(severities(Ok(root(&[], &[])), Ok(History::Off)), [Problem]);
        let setting = Err(Fault::new(FaultCode::Misconfigured, "history"));
        assert_eq!(severities(Ok(root(&[ACTIVE_DIRECTORY], &[])), setting), [Good, Problem]);
        let samba = root(&[ACTIVE_DIRECTORY], &[]);
        assert_eq!(severities(Ok(samba), Ok(History::WhenOffered)), [Good, Warning]);
        let read_only = root(&[ACTIVE_DIRECTORY, READ_ONLY], &POLICY_HINTS);
        assert_eq!(severities(Ok(read_only), Ok(History::WhenOffered)), [Good, Problem, Good]);
    }

    #[test]
    fn whatever_is_not_good_has_a_remedy() {
        let all = [
            findings(Err(LdapError::NoTarget), Err(Fault::new(FaultCode::Misconfigured, "x"))),
            findings(Ok(root(&[ACTIVE_DIRECTORY, READ_ONLY], &[])), Ok(History::WhenOffered)),
            findings(Ok(root(&[LIGHTWEIGHT], &[])), Ok(History::Off)),
        ];
        for finding in all.into_iter().flatten().filter(|finding| finding.severity != Severity::Good) {
            assert!(!finding.remedy.is_empty(), "{finding:?}");
        }
    }

    #[test]
    fn the_server_is_described_in_its_own_words() {
        let mut samba = root(&[ACTIVE_DIRECTORY], &[]);
        let more: [(&str, &[&str]); 3] =
            [("vendorName", &["Samba Team"]), ("vendorVersion", &["4.17.12"]), ("dnsHostName", &["dc1.corp.example"])];
        samba.attributes.extend(entry("", &more).attributes);
        let text = Server::of(samba).unwrap().description();
        assert_eq!(text, "dc1.corp.example is a domain controller (Samba Team, 4.17.12)");
    }
}
