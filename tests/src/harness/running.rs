//! A connector that is ready, and what can be asked of it.

use std::sync::OnceLock;

use portcullis::connector::Connector;
use portcullis::operation::perform;
use portcullis_model::{Login, Operation, Password, ResetOptions};
use portcullis_sandbox::{Cache, Sandbox, SandboxOptions};
use tempfile::TempDir;

use super::Report;
use crate::plugins::root;

/// A connector that is ready, as the host has it.
#[derive(Debug)]
pub struct Running {
    /// What the host made of the file.
    pub connector: Connector,
    _folder: TempDir,
}

impl Running {
    pub(super) fn new(connector: Connector, folder: TempDir) -> Self {
        Self { connector, _folder: folder }
    }

    /// A reset and nothing else.
    pub async fn reset(&self, account: &str, new: &str) -> Report {
        self.reset_with(account, new, ResetOptions::default()).await
    }

    /// A reset after which a new password must be chosen.
    pub async fn reset_must_change(&self, account: &str, new: &str) -> Report {
        self.reset_with(account, new, ResetOptions { must_change: true, unlock: false }).await
    }

    /// A reset that unlocks.
    pub async fn reset_unlock(&self, account: &str, new: &str) -> Report {
        self.reset_with(account, new, ResetOptions { must_change: false, unlock: true }).await
    }

    /// A reset.
    pub async fn reset_with(&self, account: &str, new: &str, options: ResetOptions) -> Report {
        self.perform(Operation::reset(login(account), password(new), options)).await
    }

    /// A change.
    pub async fn change(&self, account: &str, old: &str, new: &str) -> Report {
        self.perform(Operation::change(login(account), password(old), password(new))).await
    }

    /// A verification.
    pub async fn verify(&self, account: &str, candidate: &str) -> Report {
        self.perform(Operation::verify(login(account), password(candidate))).await
    }

    /// An unlock.
    pub async fn unlock(&self, account: &str) -> Report {
        self.perform(Operation::unlock(login(account))).await
    }

    /// A question for the state.
    pub async fn status(&self, account: &str) -> Report {
        self.perform(Operation::status(login(account))).await
    }

    async fn perform(&self, operation: Result<Operation, impl std::fmt::Debug>) -> Report {
        let operation = operation.expect("the system gives random bytes");
        let report = Report::from(perform(&self.connector, &operation).await);
        for secret in operation.secrets() {
            report.holds_no(secret);
        }
        report
    }
}

fn login(account: &str) -> Login {
    Login::new(account).unwrap_or_else(|error| panic!("{account:?}: {error}"))
}

fn password(text: &str) -> Password {
    Password::new(text.to_owned()).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

/// One for the process. Plugins are compiled once for all processes.
///
/// # Panics
/// If it cannot be made.
pub fn sandbox() -> &'static Sandbox {
    static SANDBOX: OnceLock<Sandbox> = OnceLock::new();
    SANDBOX.get_or_init(|| {
        let cache = Cache::open(root().join("target/test-cache")).expect("a folder for compiled plugins");
        Sandbox::new(SandboxOptions { slots: 4 }, Some(cache)).expect("a sandbox")
    })
}
