//! Step 2: each server by itself. Can it be reached, does TLS protect the connection, whose certificate is it and until
//! when, does the service account get in, and what does the server's clock say?

mod certificate;
mod clock;
mod sign_in;

use std::time::{Duration, SystemTime};

use portcullis_directory::ldap::{Channel, LdapDirectory, Probe, Trouble, probe};
use portcullis_directory::{Directory, Entry};

use super::step::{Finding, Step, StepName};
use crate::config::{ConnectorFile, DirectorySource, Servers};
use crate::connector;
use crate::show::ExitCode;

/// The directory, as far as it could be reached.
#[derive(Debug)]
pub(super) enum Reached {
    /// The connector has none.
    Nothing,
    /// It is in the host's memory: there are no servers.
    Embedded,
    /// Servers.
    Servers(Vec<Server>),
}

/// One server.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) url: String,
    /// With this server alone, and what its root DSE says; nothing if the service account did not get in.
    pub(super) usable: Option<(LdapDirectory, Entry)>,
}

impl Server {
    pub(super) fn directory(&self) -> Option<&dyn Directory> {
        self.usable.as_ref().map(|(directory, _)| directory as &dyn Directory)
    }
}

impl Reached {
    /// The first server that can be used.
    pub(super) fn first(&self) -> Option<&(LdapDirectory, Entry)> {
        match self {
            Self::Servers(servers) => servers.iter().find_map(|server| server.usable.as_ref()),
            Self::Nothing | Self::Embedded => None,
        }
    }
}

/// Nothing was looked at: the connector is above the ceiling.
pub(super) fn forbidden() -> (Step, Reached) {
    (Step::skipped(StepName::Connectivity, "the connector is above the ceiling, see step 1"), Reached::Nothing)
}

pub(super) async fn look(file: &ConnectorFile) -> (Step, Reached) {
    let skipped = |why: &str| Step::skipped(StepName::Connectivity, why);
    let servers = match file.ldap.as_ref().map(|ldap| &ldap.source) {
        None => return (skipped("the connector has no directory"), Reached::Nothing),
        Some(DirectorySource::Embedded(_)) => {
            let text = "the directory is in the host's memory: there is nothing to connect to";
            return (skipped(text), Reached::Embedded);
        }
        Some(DirectorySource::Servers(servers)) => servers,
    };
    // Without the secret everything up to the sign-in can still be looked at.
    let anonymous = || connector::settings(&Servers { bind: None, ..servers.clone() });
    let (settings, secret) = match connector::settings(servers).map(|settings| (settings, true)) {
        Ok(both) => both,
        Err(_) => match anonymous() {
            Ok(settings) => (settings, false),
            Err(fault) => return (Step::new(StepName::Connectivity).with(Finding::fault(&fault)), Reached::Nothing),
        },
    };
    let probes = match probe(&settings).await {
        Ok(probes) => probes,
        Err(error) => {
            let finding =
                Finding::failed(ExitCode::Configuration, error.to_string(), "correct [ldap] in the connector's file");
            return (Step::new(StepName::Connectivity).with(finding), Reached::Nothing);
        }
    };
    let mut step = Step::new(StepName::Connectivity);
    let mut servers = Vec::new();
    // A second refusal of the service account tells nothing new, and counts toward locking it.
    let mut refused = None;
    for probe in &probes {
        protection(probe, &mut step);
        let usable = match (&probe.trouble, &refused) {
            (Some(_), _) => None,
            (None, Some(by)) => {
                let text = format!("the service account was not tried here: {by} refused it");
                step.add(Finding::skipped(text).at(&probe.url));
                None
            }
            (None, None) if !secret => {
                let text = "the service account was not tried: its password cannot be read, see step 1";
                step.add(Finding::skipped(text).at(&probe.url));
                None
            }
            (None, None) => sign_in::sign_in(&settings, &probe.url, &mut step, &mut refused).await,
        };
        servers.push(Server { url: probe.url.clone(), usable });
    }
    (step, Reached::Servers(servers))
}

/// What was seen before anybody signed in.
fn protection(probe: &Probe, step: &mut Step) {
    let at = |finding: Finding| finding.at(&probe.url);
    if let Some(trouble) = &probe.trouble {
        let (exit, remedy) = remedy(trouble);
        step.add(at(Finding::failed(exit, trouble.words(), remedy)));
    } else {
        let took = |time: Option<Duration>| time.map_or_else(String::new, |time| format!(" in {}", ms(time)));
        let text = match (probe.channel, probe.version) {
            (Channel::LocalSocket, _) => "a socket of this machine".to_owned(),
            (Channel::Open, _) => format!("connected{}, without TLS", took(probe.connected)),
            (Channel::StartTls, version) => {
                format!(
                    "connected{}, {} after StartTLS{}",
                    took(probe.connected),
                    version.unwrap_or("TLS"),
                    took(probe.secured)
                )
            }
            (Channel::Tls, version) => {
                format!("connected{}, {}{}", took(probe.connected), version.unwrap_or("TLS"), took(probe.secured))
            }
        };
        let mut finding = match probe.channel {
            Channel::Open => {
                Finding::warning(text, "write ldaps://, or set `start-tls = true`: no password is sent without")
            }
            _ => Finding::ok(text),
        };
        for (name, time) in [("connect-ms", probe.connected), ("tls-ms", probe.secured)] {
            if let Some(time) = time {
                finding = finding.took(name, time);
            }
        }
        step.add(at(finding.fact("tls", probe.version)));
    }
    let verified = probe.trouble.is_none();
    certificate::look(&probe.certificates, verified, SystemTime::now())
        .into_iter()
        .for_each(|finding| step.add(at(finding)));
}

fn remedy(trouble: &Trouble) -> (ExitCode, &'static str) {
    let unreachable = ExitCode::DirectoryUnreachable;
    match trouble {
        Trouble::Unreachable(_) => {
            (unreachable, "look whether the server runs, and whether a firewall lets this host through to its port")
        }
        Trouble::UntrustedIssuer(_) => {
            (ExitCode::Configuration, "write the CA certificate that issued it into the file that `ca-file` names")
        }
        Trouble::Expired(_) => (unreachable, "renew the server's certificate"),
        Trouble::NotYetValid(_) => {
            (unreachable, "compare the clock of this host with the server's, and let both follow a time server")
        }
        Trouble::OtherName(_) => (
            ExitCode::Configuration,
            "write one of the certificate's names into `urls`, or have the certificate issued for this name as well",
        ),
        Trouble::Tls(_) => {
            (unreachable, "look whether the port speaks TLS; for StartTLS write ldap:// and `start-tls = true`")
        }
    }
}

/// For people: the first digits.
pub(super) fn ms(time: Duration) -> String {
    let ms = time.as_secs_f64() * 1000.0;
    if ms < 10.0 { format!("{ms:.1} ms") } else { format!("{ms:.0} ms") }
}
