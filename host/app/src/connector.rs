//! A connector that is ready: its file checked, its plugin loaded and linked with what it was granted, its directory
//! known. Nothing of it was run and nothing was connected yet.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use portcullis_capabilities::ldap::{AttributeName, LdapGrant, RootDseCache, WriteGrant};
use portcullis_capabilities::log::{Level, LogGrant};
use portcullis_capabilities::reveal::RevealGrant;
use portcullis_capabilities::secrets::Label;
use portcullis_capabilities::{Context, Exports, Grants, OperationState, link, missing};
use portcullis_directory::dn::Dn;
use portcullis_directory::ldap::{LdapDirectory, Settings};
use portcullis_directory::{Directory, memory};
use portcullis_model::{Fault, FaultCode, OperationKind};
use portcullis_sandbox::{Limits, LoadError, Plugin, Prepared, Sandbox};

use crate::ceiling::{Ceiling, Excesses};
use crate::config::{self, ConnectorFile, DirectorySource, LogLevel, Revealed};
use crate::operation::Locator;

/// How long a connection to a server may lie idle before it is given up: servers and firewalls drop idle ones without
/// a word, some after a minute.
const IDLE: Duration = Duration::from_secs(45);

/// A connector that is ready.
#[derive(Debug)]
pub struct Connector {
    /// What the operator wrote.
    pub file: ConnectorFile,
    /// The loaded plugin.
    pub plugin: Plugin,
    /// What can be asked of it.
    pub exports: Exports,
    /// It, linked with its grants.
    pub prepared: Prepared<OperationState>,
    /// What its operations share.
    pub context: Arc<Context>,
    /// How accounts are found.
    pub locator: Option<Locator>,
}

/// Why a connector was not made.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum NotStarted {
    /// It grants more than the ceiling allows.
    #[error(transparent)]
    Above(Excesses),
    /// Anything else.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl NotStarted {
    /// What is above the ceiling, if that is the reason.
    #[must_use]
    pub fn excesses(&self) -> Option<&Excesses> {
        match self {
            Self::Above(excesses) => Some(excesses),
            Self::Fault(_) => None,
        }
    }
}

impl From<NotStarted> for Fault {
    fn from(not_started: NotStarted) -> Self {
        match not_started {
            NotStarted::Above(excesses) => excesses.fault(),
            NotStarted::Fault(fault) => fault,
        }
    }
}

impl Connector {
    /// Makes a connector ready.
    ///
    /// # Errors
    /// A [`Fault`] of the operator's or the plugin's that says what is wrong with the file, the plugin, a secret or a
    /// grant, and where the file is above the ceiling, each line.
    pub fn start(file: ConnectorFile, sandbox: &Sandbox, ceiling: &Ceiling) -> Result<Self, NotStarted> {
        let plugin = ceiling.load(sandbox, &file.plugin)?;
        Self::of_plugin(file, plugin, None, sandbox, ceiling)
    }

    /// Makes a connector ready whose plugin was loaded before: several connectors may share one.
    ///
    /// With `directory` it goes on with the connections of another connector, which must have been made of the same
    /// section `[ldap]` and the same secret.
    ///
    /// # Errors
    /// As [`Connector::start`].
    pub fn of_plugin(
        file: ConnectorFile,
        plugin: Plugin,
        directory: Option<Arc<dyn Directory>>,
        sandbox: &Sandbox,
        ceiling: &Ceiling,
    ) -> Result<Self, NotStarted> {
        pinned(&file, &plugin)?;
        if let Some(fault) = ceiling.mistrusts(&plugin, &file.plugin) {
            return Err(fault.into());
        }
        // Before anything is opened: no secret is read and no directory is reached for a connector above the ceiling.
        if let Some(excesses) = Excesses::of(&file.name, ceiling.check(&file, plugin.surface())) {
            return Err(NotStarted::Above(excesses));
        }
        let grants = grants(&file)?;
        let lacking = missing(plugin.surface(), &grants);
        if !lacking.is_empty() {
            let list: Vec<String> = lacking.iter().map(ToString::to_string).collect();
            let text = format!(
                "{} imports what {} does not grant: {}",
                file.plugin.display(),
                file.path.display(),
                list.join("; ")
            );
            return Err(Fault::new(FaultCode::PluginNotGranted, text).into());
        }
        let directory = match (directory, &file.ldap) {
            (Some(shared), Some(_)) => Some(shared),
            (None, Some(ldap)) => Some(open(&file.name, &ldap.source)?),
            (_, None) => None,
        };
        let locator = file.ldap.as_ref().map(Locator::new).transpose()?;
        let limits = limits(&file.limits);
        let unusable = |why: String| Fault::new(FaultCode::PluginUnusable, format!("{}: {why}", file.plugin.display()));
        let linker =
            link(sandbox.engine(), plugin.surface(), &grants).map_err(|error| unusable(format!("{error:#}")))?;
        let prepared =
            sandbox.prepare(&plugin, &linker, limits.clone()).map_err(|error| unusable(format!("{error:#}")))?;
        let exports = Exports::of(prepared.instance_pre());
        let connector: Arc<str> = file.name.as_str().into();
        let context = Arc::new(Context { connector, grants, directory, limits, root_dse: RootDseCache::default() });
        Ok(Self { file, plugin, exports, prepared, context, locator })
    }

    /// Whether this kind of operation was granted, and whether the plugin can do it.
    ///
    /// # Errors
    /// The operator's fault or the plugin's.
    pub fn may(&self, kind: OperationKind) -> Result<(), Fault> {
        if !self.file.operations.contains(&kind) {
            let text = format!("{} does not list `{kind}` in `operations`", self.file.path.display());
            return Err(Fault::new(FaultCode::OperationNotGranted, text));
        }
        if !self.exports.offers(kind) {
            let text = format!("{} does not export the interface for `{kind}`", self.file.plugin.display());
            return Err(Fault::new(FaultCode::OperationNotOffered, text));
        }
        Ok(())
    }
}

/// Why a plugin is not loaded: what lies at the path is the operator's business, what it holds its maker's.
pub(crate) fn unloadable(error: &LoadError) -> Fault {
    let code = match error {
        LoadError::Unreadable { .. } | LoadError::NotAFile(_) | LoadError::TooLarge(_) => FaultCode::PluginUnreadable,
        LoadError::NotWasm(_) | LoadError::CoreModule(_) | LoadError::Precompiled(_) | LoadError::Invalid { .. } => {
            FaultCode::PluginUnusable
        }
    };
    Fault::new(code, error.to_string())
}

/// Whether these are the bytes that the connector's file pins, if it pins any.
///
/// # Errors
/// The operator's fault `plugin-changed`.
pub(crate) fn pinned(file: &ConnectorFile, plugin: &Plugin) -> Result<(), Fault> {
    let found = plugin.digest().to_string();
    let Some(pin) = &file.sha256 else { return Ok(()) };
    let pin: String = pin.iter().map(|byte| format!("{byte:02x}")).collect();
    if pin == found {
        return Ok(());
    }
    let text = format!("{} has the digest {found}, and {} pins {pin}", file.plugin.display(), file.path.display());
    Err(Fault::new(FaultCode::PluginChanged, text))
}

/// What the operator granted, from the file alone.
///
/// # Errors
/// The operator's fault for a name or a base that cannot be read; the file's own check finds those first.
pub(crate) fn grants(file: &ConnectorFile) -> Result<Grants, Fault> {
    let level = |level| match level {
        LogLevel::Debug => Level::Debug,
        LogLevel::Info => Level::Info,
        LogLevel::Warn => Level::Warn,
        LogLevel::Error => Level::Error,
    };
    let label = |revealed: &Revealed| match revealed {
        Revealed::New => Label::New,
        Revealed::Old => Label::Old,
        Revealed::Candidate => Label::Candidate,
    };
    Ok(Grants {
        ldap: file.ldap.as_ref().map(|ldap| ldap_grant(file, ldap)).transpose()?,
        log: file.log.map(|l| LogGrant { level: level(l) }),
        config: file.config.clone(),
        reveal: file.reveal.as_ref().map(|names| RevealGrant { passwords: names.iter().map(label).collect() }),
    })
}

fn ldap_grant(file: &ConnectorFile, ldap: &config::Ldap) -> Result<LdapGrant, Fault> {
    let wrong = |what: &str, why: String| {
        Fault::new(FaultCode::Misconfigured, format!("{}: {what}: {why}", file.path.display()))
    };
    let name = |name: &String| AttributeName::parse(name).map_err(|bad| wrong(name, bad.to_string()));
    let write = |(attribute, grant): (&String, &config::WriteGrant)| {
        let grant = match grant {
            config::WriteGrant::Password => WriteGrant::Password,
            config::WriteGrant::Values { values, remove } => {
                WriteGrant::Values { values: values.clone(), remove: *remove }
            }
        };
        Ok((name(attribute)?, grant))
    };
    Ok(LdapGrant {
        read: ldap.read.iter().map(name).collect::<Result<BTreeSet<_>, Fault>>()?,
        search: ldap
            .search
            .iter()
            .map(|base| Dn::parse(base).map_err(|bad| wrong(base, bad.to_string())))
            .collect::<Result<_, _>>()?,
        write: ldap.write.iter().map(write).collect::<Result<_, Fault>>()?,
        controls: ldap.allow.controls.iter().cloned().collect(),
        set_password: ldap.allow.set_password,
        try_bind: ldap.allow.try_bind,
        as_target: ldap.allow.as_target,
    })
}

fn limits(limits: &config::Limits) -> Limits {
    Limits {
        time: limits.time,
        memory: usize::try_from(limits.memory).unwrap_or(Limits::MAX_MEMORY).min(Limits::MAX_MEMORY),
        concurrency: limits.concurrency,
        host_calls: limits.host_calls,
        log_bytes: usize::try_from(limits.log).unwrap_or(usize::MAX),
        ..Limits::default()
    }
}

/// How the servers of a connector are reached, its secret read.
///
/// # Errors
/// The operator's fault for a secret or a CA file that cannot be read.
pub(crate) fn settings(servers: &config::Servers) -> Result<Settings, Fault> {
    let bind = servers.bind.as_ref().map(bind).transpose()?;
    let ca_pem = servers.ca_file.as_ref().map(|path| {
        std::fs::read(path)
            .map_err(|error| Fault::new(FaultCode::Misconfigured, format!("{}: {error}", path.display())))
    });
    Ok(Settings {
        urls: servers.urls.clone(),
        start_tls: servers.start_tls,
        min_tls: servers.min_tls,
        ca_pem: ca_pem.transpose()?,
        bind,
        connections: servers.connections,
        connect_timeout: servers.connect_timeout,
        request_timeout: servers.request_timeout,
        idle_timeout: IDLE,
    })
}

fn open(connector: &str, source: &DirectorySource) -> Result<Arc<dyn Directory>, Fault> {
    match source {
        DirectorySource::Servers(servers) => {
            let directory = LdapDirectory::new(settings(servers)?)
                .map_err(|error| Fault::new(FaultCode::Misconfigured, error.to_string()))?;
            Ok(Arc::new(directory))
        }
        DirectorySource::Embedded(embedded) => {
            let settings = memory::Settings {
                name: connector.to_owned(),
                seed: Some(embedded.seed.clone()),
                state: embedded.state.clone(),
                dialect: match embedded.dialect {
                    config::Dialect::Plain => memory::Dialect::Plain,
                    config::Dialect::OpenLdap => memory::Dialect::OpenLdap,
                    config::Dialect::ActiveDirectory => memory::Dialect::ActiveDirectory,
                },
                policy: memory::Policy {
                    min_length: embedded.min_length,
                    history: embedded.history,
                    min_age: embedded.min_age.as_secs(),
                    max_failures: embedded.max_failures as usize,
                    ..memory::Policy::default()
                },
                ..memory::Settings::default()
            };
            let directory = memory::MemoryDirectory::open(settings)
                .map_err(|error| Fault::new(FaultCode::Misconfigured, error.to_string()))?;
            Ok(Arc::new(directory))
        }
    }
}

fn bind(bind: &config::Bind) -> Result<(String, Arc<portcullis_model::Password>), Fault> {
    let resolved =
        bind.password.resolve().map_err(|problem| Fault::new(FaultCode::SecretUnreadable, problem.to_string()))?;
    for warning in &resolved.warnings {
        tracing::warn!("{warning}");
    }
    Ok((bind.dn.clone(), Arc::new(resolved.password)))
}
