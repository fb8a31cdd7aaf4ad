//! One connector in the registry: what runs, and what was offered to take its place.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use portcullis_model::{Fault, FaultCode, OperationKind};
use portcullis_sandbox::{Digest, Plugin};

use super::approval::surface;
use super::scan::Inputs;
use crate::config::{ConnectorFile, Pattern};
use crate::connector::Connector;

/// A connector that runs. Whoever holds it goes on with it, also when another one took its place.
#[derive(Debug)]
pub struct Running {
    /// The connector.
    pub connector: Connector,
    /// Since when it runs.
    pub since: SystemTime,
    /// The registry's generation in which it began.
    pub generation: u64,
    pub(super) inputs: Inputs,
}

/// A slot changes by being replaced as a whole.
#[derive(Debug, Clone)]
pub(super) struct Slot {
    pub(super) path: PathBuf,
    pub(super) running: Option<Arc<Running>>,
    /// What does not run, because it may not or cannot.
    pub(super) refused: Option<Arc<Refused>>,
    /// Since when the slot is as it is, where nothing runs.
    pub(super) since: SystemTime,
    /// Its file was taken away.
    pub(super) withdrawn: bool,
}

/// A connector that is not run, and why.
#[derive(Debug, Clone)]
pub(super) struct Refused {
    pub(super) fault: Fault,
    /// None where its file cannot be read.
    pub(super) file: Option<Box<ConnectorFile>>,
    pub(super) inputs: Option<Inputs>,
    /// None where there is no plugin that can be read.
    pub(super) plugin: Option<Described>,
    /// The reason may go away without any file being changed: it is tried again at each look.
    pub(super) again: bool,
    pub(super) since: SystemTime,
}

/// What is known of a plugin without running it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Described {
    pub(super) digest: Digest,
    pub(super) asks_for: Vec<String>,
    pub(super) exports: Vec<String>,
}

impl Described {
    pub(super) fn of(plugin: &Plugin) -> Self {
        let (asks_for, exports) = surface(plugin);
        Self { digest: plugin.digest(), asks_for, exports }
    }
}

impl Slot {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, running: None, refused: None, since: SystemTime::now(), withdrawn: false }
    }

    /// The file that counts: of what runs, otherwise of what was refused.
    pub(super) fn file(&self) -> Option<&ConnectorFile> {
        let running = self.running.as_ref().map(|running| &running.connector.file);
        running.or_else(|| self.refused.as_ref().and_then(|refused| refused.file.as_deref()))
    }

    pub(super) fn accounts(&self) -> &[Pattern] {
        self.file().map(|file| &*file.accounts).unwrap_or_default()
    }

    pub(super) fn operations(&self) -> &[OperationKind] {
        self.file().map(|file| &*file.operations).unwrap_or_default()
    }

    /// The files of secrets and certificate authorities that count, of what runs and of what was refused.
    pub(super) fn beside(&self) -> impl Iterator<Item = &PathBuf> {
        let running = self.running.as_ref().map(|running| &running.inputs);
        let refused = self.refused.as_ref().and_then(|refused| refused.inputs.as_ref());
        running.into_iter().chain(refused).flat_map(|inputs| inputs.beside.iter().map(|(path, _)| path))
    }

    /// Why nothing runs.
    pub(super) fn fault(&self, name: &str) -> Fault {
        match &self.refused {
            Some(refused) => refused.fault.clone(),
            None => Fault::new(FaultCode::UnknownConnector, format!("{name} was withdrawn: its file is gone")),
        }
    }
}

impl Refused {
    pub(super) fn new(fault: Fault, inputs: Option<Inputs>, plugin: Option<Described>, again: bool) -> Self {
        Self { fault, file: None, inputs, plugin, again, since: SystemTime::now() }
    }
}
