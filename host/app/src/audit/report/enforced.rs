//! The second tier: what the host enforces at run time, because a connector's file says so or because the host does it
//! for every connector. It holds as long as the host does its work; the binary proves none of it.

use serde::Serialize;

use super::place::{Place, place};
use crate::config::{Confirm, ConnectorFile, DirectorySource, Ldap, LocateScope, WriteGrant};

use super::Text;

/// One statement that the host enforces.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Enforced {
    /// A stable name.
    pub code: &'static str,
    /// For people.
    pub text: Text,
    /// The key that says so; none for what the host does for every connector.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
}

/// Everything that the host enforces for a connector.
#[must_use]
pub fn enforced(file: &ConnectorFile) -> Vec<Enforced> {
    let mut all = Vec::new();
    let mut says = |code, text: String, path: &[&str]| {
        let place = (!path.is_empty()).then(|| place(file, path));
        all.push(Enforced { code, text: text.into(), place });
    };
    let kinds: Vec<&str> = file.operations.iter().map(|kind| kind.name()).collect();
    says("only-operations", format!("is asked for nothing but {}", kinds.join(", ")), &["operations"]);
    let accounts: Vec<String> = file.accounts.iter().map(|pattern| format!("\"{pattern}\"")).collect();
    says("only-accounts", format!("is asked only about accounts like {}", accounts.join(", ")), &["accounts"]);
    match &file.ldap {
        Some(ldap) => of_ldap(ldap, &mut says),
        None => says("no-directory", "reaches no directory: no `[ldap]` is granted".into(), &[]),
    }
    match &file.reveal {
        Some(_) => says(
            "reveal",
            "is given the text of the passwords that `[reveal]` names, if its plugin asks".into(),
            &["reveal"],
        ),
        None => says(
            "no-reveal",
            "is given no password to read: it holds a handle, and says with it where the password goes".into(),
            &[],
        ),
    }
    let wasi =
        "finds no sockets, files, environment or arguments: what a standard library asks a machine for is empty here";
    says("inert-wasi", wasi.into(), &[]);
    says("fresh", "remembers nothing: each operation begins with a fresh instance".into(), &[]);
    let limits = &file.limits;
    let text = format!(
        "takes at most {} s, {} MiB of memory, {} calls into the host and {} KiB of log for an operation; {} run at once",
        limits.time.as_secs_f64(),
        limits.memory.div_ceil(1 << 20),
        limits.host_calls,
        limits.log.div_ceil(1 << 10),
        limits.concurrency
    );
    says("limits", text, &["limits"]);
    all
}

fn of_ldap(ldap: &Ldap, says: &mut impl FnMut(&'static str, String, &[&str])) {
    match &ldap.source {
        DirectorySource::Servers(servers) => {
            let text = format!("reaches no server but {}", servers.urls.join(", "));
            says("only-servers", text, &["ldap", "urls"]);
            if !servers.urls.iter().all(|url| url.to_ascii_lowercase().starts_with("ldapi:")) {
                let how = if servers.start_tls { "StartTLS before anything else" } else { "TLS from the first byte" };
                let whom = if servers.ca_file.is_some() { "`ca-file`" } else { "the system's authorities" };
                let text = format!(
                    "speaks with servers by {how}, TLS 1.2 or later, and verifies certificates against {whom}; that \
                     cannot be turned off"
                );
                let key = if servers.ca_file.is_some() { "ca-file" } else { "urls" };
                says("tls", text, &["ldap", key]);
            }
        }
        DirectorySource::Embedded(_) => {
            says("embedded", "reaches no server: its directory is in the host's memory".into(), &["ldap", "embedded"]);
        }
    }
    let locate = &ldap.locate;
    let scope = match locate.scope {
        LocateScope::One => "directly below",
        LocateScope::Subtree => "below",
    };
    let text = format!(
        "touches one entry for each operation, the one that the host finds {scope} {} by {}",
        locate.base, locate.filter
    );
    says("only-target", text, &["ldap", "locate", "filter"]);
    if let Some(exclude) = &locate.exclude {
        let text = format!("never touches entries that match {exclude}");
        says("excluded", text, &["ldap", "locate", "exclude"]);
    }
    let read = match ldap.read.as_slice() {
        [] => "reads no attribute".to_owned(),
        names => format!("reads no attributes but {}", names.join(", ")),
    };
    says("only-reads", read, &["ldap", "read"]);
    match ldap.search.as_slice() {
        [] => says("no-search", "searches nowhere".into(), &[]),
        bases => says("only-searches", format!("searches nowhere but below {}", bases.join("; ")), &["ldap", "search"]),
    }
    if ldap.write.is_empty() && !ldap.allow.set_password {
        says("no-writes", "writes nothing".into(), &[]);
    }
    for (name, grant) in &ldap.write {
        let what = match grant {
            WriteGrant::Password => format!("writes into {name} the password in hand and nothing else"),
            WriteGrant::Values { values, remove: true } if values.is_empty() => {
                format!("empties {name} and writes nothing into it")
            }
            WriteGrant::Values { values, remove } => {
                let values: Vec<String> = values.iter().map(|value| format!("\"{value}\"")).collect();
                let or = if *remove { ", or empties it" } else { "" };
                format!("writes into {name} nothing but {}{or}", values.join(" or "))
            }
        };
        says("only-writes", what, &["ldap", "write", name]);
    }
    let writes = match ldap.write.len() {
        0 => "writes no attribute by name",
        _ => "writes into no other attribute",
    };
    says("no-other-writes", writes.into(), &["ldap", "write"]);
    let allow = &ldap.allow;
    let flags = [
        (allow.set_password, "set-password", "set the target's password by the password modify operation (RFC 3062)"),
        (allow.try_bind, "try-bind", "try the password in hand by a bind as the target"),
        (allow.as_target, "as-target", "write as the target, bound with its old password"),
    ];
    for (_, name, text) in flags.into_iter().filter(|(granted, ..)| *granted) {
        says("may-also", format!("may {text}"), &["ldap", "allow", name]);
    }
    match allow.controls.as_slice() {
        [] => says("no-controls", "sends no controls".into(), &[]),
        oids => {
            says("only-controls", format!("sends no controls but {}", oids.join(", ")), &["ldap", "allow", "controls"])
        }
    }
    let confirm = match &ldap.confirm {
        Confirm::Bind => "is not taken at its word: the host looks by a bind whether a password took effect".to_owned(),
        Confirm::ReadBack { attribute } => {
            format!("is not taken at its word: the host reads {attribute} to see whether a password took effect")
        }
        Confirm::None => "is taken at its word: nobody looks whether a password took effect".to_owned(),
    };
    says("confirm", confirm, &["ldap", "confirm"]);
}
