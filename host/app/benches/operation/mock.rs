//! The fixture of the measurements without a server: the connector `mock` on the directory in the host's memory, set up
//! from the files that an operator would write.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use portcullis::audit::perform_audited;
use portcullis::ceiling::Ceiling;
use portcullis::config;
use portcullis::connector::Connector;
use portcullis::operation::{Around, Report, perform};
use portcullis_audit::AuditLog;
use portcullis_capabilities::{Grants, Ledger, OperationState, Target, link};
use portcullis_directory::{Entry, Scope, Search};
use portcullis_model::{Login, Operation, Password, ResetOptions, Trace};
use portcullis_sandbox::{Cache, Prepared, Sandbox, SandboxOptions};

use crate::Result;

/// How many people live in the directory.
pub(crate) const PEOPLE: usize = 64;

/// The file of the connector. It has no state file: what is measured is the path, not the disk.
fn toml(plugin: &Path, confirm: &str) -> String {
    format!(
        r#"plugin = "{}"
accounts = ["*@people.example"]
operations = ["reset-password"]

[ldap.embedded]
seed = "people.ldif"
dialect = "plain"
history = 0

[ldap.locate]
base = "ou=people,dc=people,dc=example"
filter = "(uid={{account.name}})"

[ldap.read]
attributes = ["pwdChangedTime"]

[ldap.write]
userPassword = "password"

[ldap.allow]
controls = ["1.3.6.1.4.1.42.2.27.8.5.1"]

[ldap.confirm]
by = "{confirm}"
"#,
        plugin.display()
    )
}

fn ldif() -> String {
    let mut text = "dn: dc=people,dc=example\nobjectClass: domain\ndc: people\n\n\
        dn: ou=people,dc=people,dc=example\nobjectClass: organizationalUnit\nou: people\n\n"
        .to_owned();
    for n in 0..PEOPLE {
        let person = format!(
            "dn: uid=p{n},ou=people,dc=people,dc=example\nobjectClass: inetOrgPerson\nuid: p{n}\ncn: P {n}\nsn: {n}\n\
             userPassword: First-Passw0rd-{n}\n\n"
        );
        text.push_str(&person);
    }
    text
}

/// A folder as the commands want it, with one connector: `connectors/mock.toml` and its LDIF.
pub(crate) fn folder(confirm: &str) -> Result<tempfile::TempDir> {
    let folder = tempfile::tempdir()?;
    let connectors = folder.path().join("connectors");
    std::fs::create_dir_all(&connectors)?;
    std::fs::create_dir_all(folder.path().join("plugins"))?;
    std::fs::copy(portcullis_tests::plugins::plugin("mock")?, folder.path().join("plugins/mock.wasm"))?;
    std::fs::write(connectors.join("mock.toml"), toml(Path::new("mock.wasm"), confirm))?;
    std::fs::write(connectors.join("people.ldif"), ldif())?;
    Ok(folder)
}

/// The connector, ready, and what its operations are made of.
pub(crate) struct Mock {
    pub(crate) connector: Connector,
    /// One reset for each of the people; each can be done again and again.
    pub(crate) operations: Vec<Operation>,
    /// What `locate` found for each of them.
    pub(crate) targets: Vec<Arc<Target>>,
    empty: Prepared<OperationState>,
    _sandbox: Sandbox,
}

/// A component without anything in it: the preamble alone (component model, binary format).
const EMPTY: &[u8] = b"\0asm\x0d\0\x01\0";

impl Mock {
    /// With this many slots, all of which the connector may use.
    pub(crate) fn start(slots: u32) -> Result<Self> {
        let folder = folder("none")?;
        let cache: PathBuf = folder.path().join("cache");
        let sandbox = Sandbox::new(SandboxOptions { slots }, Some(Cache::open(cache)?)).map_err(|e| e.to_string())?;
        let file = folder.path().join("connectors/mock.toml");
        let mut file = config::load_file(&file, &folder.path().join("plugins")).map_err(|e| format!("{e:?}"))?;
        file.limits.concurrency = slots as usize;
        let connector = Connector::start(file, &sandbox, &Ceiling::none())?;
        let empty = sandbox.load_bytes(Path::new("empty.wasm"), EMPTY)?;
        let linker = link(sandbox.engine(), empty.surface(), &Grants::default()).map_err(|e| e.to_string())?;
        let limits = connector.context.limits.clone();
        let empty = sandbox.prepare(&empty, &linker, limits).map_err(|e| e.to_string())?;
        let operations = (0..PEOPLE).map(operation).collect::<Result<_>>()?;
        let targets = (0..PEOPLE).map(target).collect();
        Ok(Self { connector, operations, targets, empty, _sandbox: sandbox })
    }

    /// The plugin's part alone: a fresh store and instance, the call of `reset`, and the three host calls that it makes.
    pub(crate) async fn in_sandbox(&self, n: usize) -> Result {
        let (operation, connector) = (&self.operations[n % PEOPLE], &self.connector);
        let state = self.state(n);
        let call = async |store: &mut _, instance: &_| connector.exports.call(store, instance, operation).await;
        let returned = connector.prepared.run(state, call).await?;
        returned.map(|_| ()).map_err(|fault| format!("the reset was refused: {}", fault.detail).into())
    }

    /// As [`Mock::in_sandbox`], with a plugin that has nothing in it and a call that does nothing: what is the sandbox's
    /// own, whatever the plugin.
    pub(crate) async fn nothing(&self, n: usize) -> Result {
        Ok(self.empty.run(self.state(n), async |_, _| Ok(())).await?)
    }

    fn state(&self, n: usize) -> OperationState {
        let (context, target) = (Arc::clone(&self.connector.context), Arc::clone(&self.targets[n % PEOPLE]));
        OperationState::new(context, &self.operations[n % PEOPLE], target, Trace::default(), Ledger::default())
    }

    /// The whole path: locate, instance, receipt.
    pub(crate) async fn perform(&self, n: usize) -> Result {
        done(&perform(&self.connector, &self.operations[n % PEOPLE]).await)
    }

    /// As [`Mock::perform`], with every fact in the audit log before anybody is told.
    pub(crate) async fn perform_audited(&self, log: &AuditLog, n: usize) -> Result {
        let (caller, around) = ("user:bench".to_owned(), Around::default());
        let performed = perform_audited(log, caller, &self.connector, &self.operations[n % PEOPLE], around);
        let (report, kept) = performed.await;
        kept?;
        done(&report)
    }
}

fn done(report: &Report) -> Result {
    match report.outcome.fault() {
        None => Ok(()),
        Some(fault) => Err(format!("the reset was not done: {}", fault.detail).into()),
    }
}

fn operation(n: usize) -> Result<Operation> {
    let login = Login::new(format!("p{n}@people.example"))?;
    let password = Password::new(format!("Second-Passw0rd-{n}"))?;
    Ok(Operation::reset(login, password, ResetOptions::default())?)
}

fn target(n: usize) -> Arc<Target> {
    let dn = format!("uid=p{n},ou=people,dc=people,dc=example");
    Arc::new(Target { entry: Entry { dn, attributes: Vec::new() }, server: "embedded:mock".to_owned() })
}

/// The search for the one entry, as `locate` sends it.
pub(crate) fn search(n: usize) -> Search {
    Search {
        base: "ou=people,dc=people,dc=example".to_owned(),
        scope: Scope::Subtree,
        filter: format!("(uid=p{})", n % PEOPLE),
        attributes: vec!["pwdChangedTime".to_owned()],
        limit: 2,
    }
}
