//! Real directory servers: each is made and started by its script in `tests/servers`.

use std::{
    collections::BTreeMap,
    fs, io,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    process::Command,
    thread,
};

use clap::{Subcommand, ValueEnum};

use crate::{
    install, interrupt,
    run::{self, Result, note, root, step},
};

/// Directory softwares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// OpenLDAP.
    Openldap,
    /// A Samba domain controller.
    Samba,
    /// 389 Directory Server.
    Ds389,
}

impl Kind {
    pub(crate) const ALL: [Self; 3] = [Self::Openldap, Self::Samba, Self::Ds389];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Openldap => "openldap",
            Self::Samba => "samba",
            Self::Ds389 => "ds389",
        }
    }

    /// The variable by which the fixture learns of a server that runs already.
    pub(crate) const fn variable(self) -> &'static str {
        match self {
            Self::Openldap => "PORTCULLIS_OPENLDAP_ENV",
            Self::Samba => "PORTCULLIS_SAMBA_ENV",
            Self::Ds389 => "PORTCULLIS_DS389_ENV",
        }
    }

    fn script(self) -> Command {
        Command::new(root().join("tests/servers").join(self.name()).with_extension("sh"))
    }
}

/// What came of starting a server.
#[derive(Debug)]
pub(crate) enum Started {
    /// It runs; the file tells what a client has to know.
    Running(PathBuf),
    /// This machine lacks something.
    Missing(String),
}

/// The exit code by which a script says that the machine lacks something.
const EX_UNAVAILABLE: i32 = 69;

/// Starts a server below `folder`.
pub(crate) fn start(kind: Kind, folder: &Path) -> Result<Started> {
    // What provisioning a Samba domain makes is kept: it takes ten times as long as starting one.
    let output = kind.script().arg("start").arg(folder).env("SNAPSHOTS", root().join("target/servers")).output()?;
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    match output.status.code() {
        Some(0) => Ok(Started::Running(folder.join("env"))),
        Some(EX_UNAVAILABLE) => Ok(Started::Missing(said)),
        _ => Err(format!("{} does not start: {said}", kind.name()).into()),
    }
}

/// A folder for servers, whose servers are ended and which is deleted when this value is dropped.
#[derive(Debug)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// Below the folder for temporary files and not in `target`: the path of a Unix socket has 108 bytes at most.
    pub(crate) fn new() -> Result<Self> {
        sweep_orphans();
        let path = std::env::temp_dir().join(format!("{PREFIX}{}", std::process::id()));
        fs::DirBuilder::new().mode(0o700).create(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        interrupt::folder(&path);
        Ok(Self(path))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Starts servers side by side.
    pub(crate) fn start_all(&self, kinds: &[Kind]) -> Result<Vec<(Kind, Started)>> {
        thread::scope(|scope| {
            let start = |kind: Kind| scope.spawn(move || Ok((kind, start(kind, &self.0.join(kind.name()))?)));
            let starting: Vec<_> = kinds.iter().copied().map(start).collect();
            starting.into_iter().map(|server| server.join().map_err(|_| "a thread panicked")?).collect()
        })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        sweep(&self.0);
        interrupt::forget(&self.0);
    }
}

const PREFIX: &str = "portcullis-xtask-";

/// Ends every server below a folder, those of tests that were killed included, and deletes the folder.
pub(crate) fn sweep(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.path().join("pid").exists() {
            end(&entry.path(), "kill");
        }
    }
    if let Err(error) = fs::remove_dir_all(folder)
        && error.kind() != io::ErrorKind::NotFound
    {
        note(&format!("{} cannot be deleted: {error}", folder.display()));
    }
}

/// Folders of runs that were killed before they could sweep.
fn sweep_orphans() {
    for entry in fs::read_dir(std::env::temp_dir()).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let owner = name.strip_prefix(PREFIX).filter(|id| id.parse::<u32>().is_ok());
        if owner.is_some_and(|id| !Path::new("/proc").join(id).exists()) {
            sweep(&entry.path());
        }
    }
}

/// Any script will do: they end the process that `pid` names.
fn end(folder: &Path, how: &str) {
    if let Err(error) = run::output(Kind::Openldap.script().arg(how).arg(folder)) {
        note(&error.to_string());
    }
}

/// The facts in a file that a script wrote: lines `NAME='value'`.
pub(crate) fn facts(file: &Path) -> Result<BTreeMap<String, String>> {
    let text = fs::read_to_string(file).map_err(|e| format!("{}: {e}", file.display()))?;
    let fact = |line: &str| {
        let (name, value) = line.split_once('=')?;
        Some((name.to_owned(), value.strip_prefix('\'')?.strip_suffix('\'')?.to_owned()))
    };
    Ok(text.lines().filter_map(fact).collect())
}

/// `cargo xtask servers`
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Start servers and leave them running; all of them unless some are named.
    Start {
        kinds: Vec<Kind>,
        /// Do not install packages.
        #[arg(long)]
        no_install: bool,
    },
    /// Stop the servers that `start` started, and delete their data.
    Stop,
}

pub(crate) fn by_hand(arguments: &Arguments) -> Result {
    let folder = std::env::temp_dir().join("portcullis-servers");
    match &arguments.action {
        Action::Stop => sweep(&folder),
        Action::Start { kinds, no_install } => {
            let kinds = if kinds.is_empty() { &Kind::ALL[..] } else { kinds };
            if !no_install {
                install::for_servers(kinds)?;
            }
            fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
            for kind in kinds {
                step(&format!("starting {}", kind.name()));
                match start(*kind, &folder.join(kind.name()))? {
                    Started::Missing(reason) => note(&format!("not available: {reason}")),
                    Started::Running(file) => {
                        facts(&file)?.iter().for_each(|(name, value)| note(&format!("{name}={value}")));
                    }
                }
            }
            note("end them with `cargo xtask servers stop`");
        }
    }
    Ok(())
}
