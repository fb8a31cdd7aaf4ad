//! `cargo xtask demo`: one password reset, from a clean clone, with everything that the connector asked for and got.

mod folder;
mod proof;

use std::{
    fs,
    io::{Read as _, Write as _},
    path::Path,
    process::{Command, Stdio},
};

use clap::ValueEnum;

use crate::{
    install, interrupt, plugins,
    run::{self, Result, cargo, root, step},
    servers::{self, Folder, Kind, Started},
};

/// `cargo xtask demo`
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Which directory the password is reset in.
    #[arg(long, value_enum, default_value = "mock")]
    directory: Chosen,
    /// Do not install packages.
    #[arg(long)]
    no_install: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Chosen {
    /// In the host's memory; needs nothing.
    Mock,
    /// A real OpenLDAP, started on loopback.
    Openldap,
    /// A real Active Directory domain controller (Samba), started on loopback.
    ActiveDirectory,
}

pub(crate) fn demo(arguments: &Arguments) -> Result {
    plugins::project()?;
    step("building the host (the first time this takes minutes: it holds a compiler for plugins)");
    // A development build: optimising the host would take twice as long, and one operation does not feel it.
    run::run(cargo().args(["build", "--package", "portcullis", "--bin", "portcullis"]))?;
    match arguments.directory {
        Chosen::Mock => mock(),
        Chosen::Openldap => real(Kind::Openldap, arguments),
        Chosen::ActiveDirectory => real(Kind::Samba, arguments),
    }
}

fn mock() -> Result {
    let config = folder::mock()?;
    run::run(&mut portcullis(&config, "alice@example.org", "--generate"))
}

fn real(kind: Kind, arguments: &Arguments) -> Result {
    if !arguments.no_install {
        install::for_servers(&[kind])?;
    }
    step(&format!("starting a real {} on loopback", kind.name()));
    let servers = Folder::new()?;
    let file = match servers::start(kind, &servers.path().join(kind.name()))? {
        Started::Running(file) => file,
        Started::Missing(reason) => return Err(format!("{} is not available: {reason}", kind.name()).into()),
    };
    let facts = servers::facts(&file)?;
    let config = folder::real(kind, &facts)?;
    let person = proof::Person::alice(kind, &facts)?;
    proof::expect(&person, "before", &[("the present password", person.password(), true)])?;

    let new = new_password()?;
    let mut command = portcullis(&config, person.login(), "--password-stdin");
    let mut child = command.stdin(Stdio::piped()).spawn()?;
    let _running = interrupt::child(child.id());
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(new.as_bytes())?;
    }
    let status = child.wait()?;
    if !status.success() {
        return Err(format!("the reset ended with {status}").into());
    }
    proof::expect(&person, "after", &[("the old password", person.password(), false), ("the new password", &new, true)])
}

fn portcullis(config: &Path, account: &str, password: &str) -> Command {
    step(&format!("portcullis --config {} reset {account} {password} --trace", config.display()));
    let mut command = Command::new(root().join("target/debug/portcullis"));
    command.current_dir(root()).arg("--config").arg(config).args(["reset", account, password, "--trace"]);
    command
}

/// For an account that lives as long as this command: it is never printed, and not erased either.
fn new_password() -> Result<String> {
    let mut bytes = [0_u8; 10];
    fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("Demo-{hex}-1"))
}

/// Writes a file that nobody else may read.
fn write_secret(path: &Path, text: &str) -> Result {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    Ok(file.write_all(text.as_bytes())?)
}
