//! The linker of one connector: what it was granted, and nothing else.

use portcullis_sandbox::Surface;
use wasmtime::Engine;
use wasmtime::component::{HasSelf, Linker};

use crate::bindings::portcullis::writeback as wit;
use crate::{Grants, OperationState, wasi};

const PACKAGE: &str = "portcullis:writeback/";
const VERSION: &str = "@0.1.0";

/// How the host stands to an interface that a plugin imports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offer {
    /// Harmless: types, and handles that do nothing by themselves.
    Always,
    /// Given when the operator writes this section.
    Section(&'static str),
    /// WASI, served without anything behind it.
    Inert,
    /// Not given to anybody.
    Never,
}

impl Offer {
    /// How the host stands to this interface.
    #[must_use]
    pub fn of(interface: &str) -> Self {
        match interface.strip_prefix(PACKAGE).and_then(|rest| rest.strip_suffix(VERSION)) {
            Some("types" | "secrets") => Self::Always,
            Some("ldap") => Self::Section("ldap"),
            Some("log") => Self::Section("log"),
            Some("config") => Self::Section("config"),
            Some("reveal") => Self::Section("reveal"),
            Some(_) => Self::Never,
            None if wasi::is_inert(interface) => Self::Inert,
            None => Self::Never,
        }
    }
}

/// What an interface lets a plugin do, for people.
#[must_use]
pub fn what_it_is(interface: &str) -> &'static str {
    match interface.strip_prefix(PACKAGE).and_then(|rest| rest.strip_suffix(VERSION)) {
        Some("types") => "shapes of data; does nothing",
        Some("secrets") => "holds passwords as handles; cannot read them",
        Some("ldap") => "reads and writes the target in the connector's directory, within its grants",
        Some("log") => "writes lines into the host's log",
        Some("config") => "reads its own settings",
        Some("reveal") => "READS PASSWORDS",
        Some("passwords") => "resets, changes and verifies passwords",
        Some("accounts") => "tells the state of accounts and unlocks them",
        Some("lifecycle") => "checks its directory and settings",
        _ if wasi::is_inert(interface) => "part of WASI, served inert: no files, environment, arguments or sockets",
        _ => "unknown to this host",
    }
}

/// An import that the plugin was not granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingGrant {
    /// The interface.
    pub interface: String,
    /// The section that would grant it; none if the host offers it to nobody.
    pub section: Option<&'static str>,
}

impl std::fmt::Display for MissingGrant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.section {
            Some("reveal") => {
                write!(f, "{} (granted by a section [reveal]): it would read the text of passwords", self.interface)
            }
            Some(section) => write!(f, "{} (granted by a section [{section}])", self.interface),
            None => write!(f, "{} (this host offers it to no connector)", self.interface),
        }
    }
}

/// Everything that the plugin imports and was not granted.
#[must_use]
pub fn missing(surface: &Surface, grants: &Grants) -> Vec<MissingGrant> {
    let granted = |section: &str| match section {
        "ldap" => grants.ldap.is_some(),
        "log" => grants.log.is_some(),
        "config" => grants.config.is_some(),
        "reveal" => grants.reveal.is_some(),
        _ => false,
    };
    let lacks = |interface: &String| match Offer::of(interface) {
        Offer::Always | Offer::Inert => None,
        Offer::Section(section) if granted(section) => None,
        Offer::Section(section) => Some(MissingGrant { interface: interface.clone(), section: Some(section) }),
        Offer::Never => Some(MissingGrant { interface: interface.clone(), section: None }),
    };
    surface.imports.iter().filter_map(|import| lacks(&import.interface)).collect()
}

/// Makes the linker of a connector.
///
/// # Errors
/// The engine's, if an interface is defined twice: a bug of the host.
pub fn link(engine: &Engine, surface: &Surface, grants: &Grants) -> wasmtime::Result<Linker<OperationState>> {
    type Own = HasSelf<OperationState>;
    let mut linker = Linker::new(engine);
    wit::types::add_to_linker::<_, Own>(&mut linker, |s| s)?;
    wit::secrets::add_to_linker::<_, Own>(&mut linker, |s| s)?;
    if grants.ldap.is_some() {
        wit::ldap::add_to_linker::<_, Own>(&mut linker, |s| s)?;
    }
    if grants.log.is_some() {
        wit::log::add_to_linker::<_, Own>(&mut linker, |s| s)?;
    }
    if grants.config.is_some() {
        wit::config::add_to_linker::<_, Own>(&mut linker, |s| s)?;
    }
    if grants.reveal.is_some() {
        wit::reveal::add_to_linker::<_, Own>(&mut linker, |s| s)?;
    }
    if surface.imports.iter().any(|import| Offer::of(&import.interface) == Offer::Inert) {
        wasi::add_to_linker(&mut linker)?;
    }
    Ok(linker)
}
