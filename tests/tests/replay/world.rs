//! A connector of the examples on a directory in memory, and recordings of what it does.

use std::path::PathBuf;
use std::sync::Arc;

use portcullis::ceiling::Ceiling;
use portcullis::config::ConnectorFile;
use portcullis::connector::Connector;
use portcullis::operation::{Around, Report, perform_within};
use portcullis::recording::{Recorder, Recording, from_line, to_line};
use portcullis::replay::{Against, Divergence};
use portcullis_directory::Directory;
use portcullis_directory::memory::{Dialect, MemoryDirectory, Policy};
use portcullis_model::{Fault, Login, Operation, Password, ResetOptions};
use portcullis_sandbox::Sandbox;
use portcullis_tests::harness::{Draft, sandbox};
use tempfile::TempDir;

pub(crate) const OLD: &str = "correct horse battery";
pub(crate) const NEW: &str = "Tr0ub4dor-And-3";

const PEOPLE: &str = "\
dn: dc=people,dc=example
objectClass: domain
dc: people

dn: ou=people,dc=people,dc=example
objectClass: organizationalUnit
ou: people

dn: uid=alice,ou=people,dc=people,dc=example
objectClass: inetOrgPerson
uid: alice
cn: Alice
sn: Example
description: nobody was granted to read this
userPassword: correct horse battery

dn: uid=root,ou=people,dc=people,dc=example
objectClass: inetOrgPerson
uid: root
cn: Root
sn: Example
employeeType: administrator
userPassword: never to be touched
";

const CORP: &str = "\
dn: DC=corp,DC=example
objectClass: domain
dc: corp

dn: OU=Staff,DC=corp,DC=example
objectClass: organizationalUnit
ou: Staff

dn: CN=Alice,OU=Staff,DC=corp,DC=example
objectClass: user
cn: Alice
sAMAccountName: alice
userPrincipalName: alice@corp.example
userAccountControl: 512
description: nobody was granted to read this
userPassword: correct horse battery

dn: CN=Root,OU=Staff,DC=corp,DC=example
objectClass: user
cn: Root
sAMAccountName: root
userPrincipalName: root@corp.example
userAccountControl: 512
adminCount: 1
userPassword: never to be touched
";

/// A kind of directory with its connector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Mock,
    OpenLdap,
    ActiveDirectory,
}

impl Kind {
    pub(crate) const ALL: [Self; 3] = [Self::Mock, Self::OpenLdap, Self::ActiveDirectory];

    fn parts(self) -> (&'static str, Dialect, &'static str) {
        match self {
            Self::Mock => ("mock", Dialect::Plain, PEOPLE),
            Self::OpenLdap => ("openldap", Dialect::OpenLdap, PEOPLE),
            Self::ActiveDirectory => ("active-directory", Dialect::ActiveDirectory, CORP),
        }
    }

    /// An account of its directory.
    pub(crate) fn account(self, name: &str) -> String {
        format!("{name}@{}", if self == Self::ActiveDirectory { "corp.example" } else { "people.example" })
    }
}

/// One connector, and the folder that its seed is in.
pub(crate) struct World {
    pub(crate) kind: Kind,
    pub(crate) connector: Connector,
    pub(crate) memory: MemoryDirectory,
    seed: PathBuf,
    _folder: TempDir,
}

impl World {
    pub(crate) fn new(kind: Kind) -> Self {
        Self::with(kind, |draft| draft)
    }

    /// With a connector's file of the test's own making.
    pub(crate) fn with(kind: Kind, change: impl FnOnce(Draft) -> Draft) -> Self {
        let (_, dialect, people) = kind.parts();
        let folder = tempfile::tempdir().unwrap();
        let seed = folder.path().join("people.ldif");
        std::fs::write(&seed, people).unwrap();
        let policy = Policy { history: 3, max_failures: 0, min_age: 0, ..Policy::default() };
        let memory = MemoryDirectory::from_ldif(people, policy, dialect).unwrap();
        let mut connector = Connector::start(file(change(draft(kind, &seed))), sandbox(), &Ceiling::none()).unwrap();
        let directory: Arc<dyn Directory> = Arc::new(memory.clone());
        Arc::get_mut(&mut connector.context).unwrap().directory = Some(directory);
        Self { kind, connector, memory, seed, _folder: folder }
    }

    /// Does an operation and records it; the recording was a line in between.
    pub(crate) async fn record(&self, operation: &Operation) -> (Report, Recording) {
        let recorder = Recorder::new(&self.connector, operation);
        let around = recorder.around(&self.connector, Around::default());
        let report = perform_within(&self.connector, operation, around).await;
        let line = to_line(&recorder.finish(operation, &report).unwrap()).unwrap();
        (report, from_line(line.trim_end()).unwrap())
    }

    /// What becomes of a recording with the grants as they are.
    pub(crate) async fn replay(&self, recording: &Recording) -> Vec<Divergence> {
        self.replay_with(recording, |draft| draft).await.unwrap()
    }

    /// What becomes of it with a changed file.
    pub(crate) async fn replay_with(
        &self,
        recording: &Recording,
        change: impl FnOnce(Draft) -> Draft,
    ) -> Result<Vec<Divergence>, Fault> {
        let file = file(change(draft(self.kind, &self.seed)));
        against(file, sandbox())?.replay(recording).await
    }

    pub(crate) fn login(&self, name: &str) -> Login {
        Login::new(self.kind.account(name)).unwrap()
    }

    pub(crate) fn reset(&self, new: &str, options: ResetOptions) -> Operation {
        Operation::reset(self.login("alice"), password(new), options).unwrap()
    }

    pub(crate) fn change(&self, old: &str, new: &str) -> Operation {
        Operation::change(self.login("alice"), password(old), password(new)).unwrap()
    }

    pub(crate) fn verify(&self, candidate: &str) -> Operation {
        Operation::verify(self.login("alice"), password(candidate)).unwrap()
    }

    pub(crate) fn unlock(&self) -> Operation {
        Operation::unlock(self.login("alice")).unwrap()
    }

    pub(crate) fn status(&self, name: &str) -> Operation {
        Operation::status(self.login(name)).unwrap()
    }
}

fn against(file: ConnectorFile, sandbox: &Sandbox) -> Result<Against, Fault> {
    let plugin = sandbox.load(&file.plugin).unwrap();
    Against::start(file, plugin, sandbox, &Ceiling::none())
}

fn file(draft: Draft) -> ConnectorFile {
    draft.load().unwrap_or_else(|problems| panic!("{:#?}", problems.all()))
}

/// The example for this kind of directory, with one in memory in the place of its servers.
fn draft(kind: Kind, seed: &std::path::Path) -> Draft {
    let (name, _, _) = kind.parts();
    let servers = [
        "urls",
        "start-tls",
        "min-tls",
        "ca-file",
        "bind-dn",
        "bind-password",
        "connections",
        "connect-timeout",
        "request-timeout",
    ];
    let draft = servers.iter().fold(Draft::example(name), |draft, key| draft.unset(&format!("ldap.{key}")));
    let dialect = match kind {
        Kind::Mock => "plain",
        Kind::OpenLdap => "openldap",
        Kind::ActiveDirectory => "active-directory",
    };
    let draft = draft
        .set("ldap.embedded.seed", seed.display().to_string())
        .set("ldap.embedded.dialect", dialect)
        .set("ldap.embedded.history", 3);
    match kind {
        Kind::Mock => draft,
        Kind::OpenLdap => draft.set("ldap.locate.exclude", "(employeeType=administrator)"),
        // The embedded directory has no `objectCategory`.
        Kind::ActiveDirectory => {
            draft.set("ldap.locate.filter", "(&(objectClass=user)(userPrincipalName={account.login}))")
        }
    }
}

pub(crate) fn password(text: &str) -> Password {
    Password::new(text.to_owned()).unwrap()
}

/// A divergence as its name, for what a test does not look at more closely.
pub(crate) fn names(divergences: &[Divergence]) -> Vec<&'static str> {
    divergences.iter().map(Divergence::name).collect()
}

/// One line for each, as people read them.
pub(crate) fn lines(divergences: &[Divergence]) -> String {
    divergences.iter().map(|divergence| format!("{}: {divergence}\n", divergence.name())).collect()
}
