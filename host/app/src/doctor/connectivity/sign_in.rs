//! The service account signs in to one server and reads its root DSE, once.

use std::time::{Instant, SystemTime};

use portcullis_directory::ldap::{LdapDirectory, Settings};
use portcullis_directory::{Directory as _, Entry, Failure, Scope, Search};
use portcullis_model::FaultCode;

use super::super::step::{Finding, Step};
use super::{clock, ms};
use crate::show::ExitCode;

/// What the root DSE (RFC 4512 section 5.1) tells of a server's kind and clock.
const ROOT_DSE: [&str; 8] = [
    "objectClass",
    "vendorName",
    "supportedCapabilities",
    "supportedControl",
    "currentTime",
    "dnsHostName",
    "defaultNamingContext",
    "tokenGroups",
];

/// The server by itself and its root DSE. If the service account is refused, `refused` says by whom.
pub(super) async fn sign_in(
    settings: &Settings,
    url: &str,
    step: &mut Step,
    refused: &mut Option<String>,
) -> Option<(LdapDirectory, Entry)> {
    let one = Settings { urls: vec![url.to_owned()], connections: 1, ..settings.clone() };
    let directory = match LdapDirectory::new(one) {
        Ok(directory) => directory,
        Err(error) => {
            step.add(
                Finding::failed(ExitCode::Configuration, error.to_string(), "correct [ldap] in the connector's file")
                    .at(url),
            );
            return None;
        }
    };
    let search = Search {
        base: String::new(),
        scope: Scope::Base,
        filter: "(objectClass=*)".to_owned(),
        attributes: ROOT_DSE.map(str::to_owned).to_vec(),
        limit: 1,
    };
    let who = settings.bind.as_ref().map_or("anybody", |(dn, _)| dn.as_str());
    let started = Instant::now();
    // The first request signs in, and the second one alone is timed for the clock.
    if let Err(failure) = directory.search(&search).await {
        let (exit, remedy) = match &failure {
            Failure::ServiceAccount(_) => {
                *refused = Some(url.to_owned());
                (ExitCode::Configuration, FaultCode::ServiceAccountRefused.remedy())
            }
            Failure::Unprotected(_) => (ExitCode::Configuration, FaultCode::ConnectionUnprotected.remedy()),
            _ => (ExitCode::DirectoryUnreachable, FaultCode::DirectoryUnavailable.remedy()),
        };
        step.add(Finding::failed(exit, failure.to_string(), remedy).at(url));
        return None;
    }
    let signed_in = started.elapsed();
    let asked = (SystemTime::now(), Instant::now());
    let root = match directory.search(&search).await.map(|found| found.entries.into_iter().next()) {
        Ok(Some(root)) => root,
        Ok(None) => {
            let remedy = "let the service account read the root DSE";
            step.add(
                Finding::failed(ExitCode::DirectoryRefused, "the server does not show its root DSE", remedy).at(url),
            );
            return None;
        }
        Err(failure) => {
            let remedy = FaultCode::DirectoryUnavailable.remedy();
            step.add(Finding::failed(ExitCode::DirectoryUnreachable, failure.to_string(), remedy).at(url));
            return None;
        }
    };
    let text = format!("{who} signed in in {}", ms(signed_in));
    step.add(Finding::ok(text).at(url).took("sign-in-ms", signed_in));
    let middle = asked.0 + asked.1.elapsed() / 2;
    let told = clock::told(&directory, &root).await;
    step.add(clock::compare(told.as_deref(), middle).at(url));
    Some((directory, root))
}
