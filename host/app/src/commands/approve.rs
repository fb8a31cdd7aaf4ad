//! `portcullis approve`: shows what a plugin asks for and what has changed since the version before, and pins its bytes
//! for the service. Nothing of the plugin runs.

use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;
use portcullis_model::{Fault, FaultCode};
use portcullis_sandbox::Plugin;
use serde_json::{Value, json};

use super::inspect;
use super::setup::Setup;
use crate::config;
use crate::service::registry::approval::{Approval, Approvals, Difference, FILE};
use crate::show::{self, ExitCode};

#[derive(Debug, Args)]
pub(super) struct Approve {
    /// A connector, or a plugin: its file, or its name in `plugins/`.
    #[arg(value_name = "PLUGIN|CONNECTOR")]
    what: String,

    /// Approve without being asked, for scripts.
    #[arg(long)]
    yes: bool,
}

impl Approve {
    pub(super) fn run(&self, setup: &Setup) -> ExitCode {
        let sandbox = match setup.sandbox() {
            Ok(sandbox) => sandbox,
            Err(code) => return code,
        };
        let found = self.file(setup).and_then(|path| match sandbox.load(&path) {
            Ok(plugin) => Ok((path, plugin, Approvals::read(&setup.state)?)),
            Err(error) => Err(Fault::new(FaultCode::PluginUnusable, error.to_string())),
        });
        match found.and_then(|(path, plugin, approvals)| self.approve(setup, &path, &plugin, &approvals)) {
            Ok(()) => ExitCode::Done,
            Err(fault) => setup.fault(&fault),
        }
    }

    /// The plugin's file.
    fn file(&self, setup: &Setup) -> Result<PathBuf, Fault> {
        let toml = setup.config.join("connectors").join(format!("{}.toml", self.what));
        if !self.what.contains('/') && toml.is_file() {
            let file = config::load_file(&toml, &setup.config.join("plugins"));
            let wrong = |problems: config::Problems| Fault::new(FaultCode::Misconfigured, problems.to_string());
            return file.map(|file| file.plugin).map_err(wrong);
        }
        let dropped = |name: &str| setup.config.join("plugins").join(name);
        let places = [PathBuf::from(&self.what), dropped(&self.what), dropped(&format!("{}.wasm", self.what))];
        let found = places.iter().find(|place| place.is_file()).cloned();
        found.ok_or_else(|| {
            let text = format!("{} holds no connector and no plugin {}", setup.config.display(), self.what);
            Fault::new(FaultCode::UnknownConnector, text)
        })
    }

    fn approve(&self, setup: &Setup, path: &Path, plugin: &Plugin, approvals: &Approvals) -> Result<(), Fault> {
        let file = setup.state.join(FILE);
        if let Some(known) = approvals.get(plugin.digest()) {
            if setup.json {
                setup.print(&show::to_text(&as_json(known, None, false)));
            } else {
                setup.print(&format!("{}\n  was approved {} by {}\n", path.display(), known.at, known.by));
            }
            return Ok(());
        }
        let approval = Approval::of(plugin, path, who());
        let former = approvals.last_of(path);
        let difference = former.map(|former| (former, approval.since(former)));
        if !setup.json {
            setup.print(&inspect::as_text(path, plugin));
            setup.print(&changes(difference.as_ref()));
        }
        if !self.yes && !agreed()? {
            return Err(Fault::new(FaultCode::PluginNotApproved, format!("{} was not approved", path.display())));
        }
        setup.make_state_folder()?;
        Approvals::add(&setup.state, approval.clone())?;
        if setup.json {
            setup.print(&show::to_text(&as_json(&approval, difference.as_ref().map(|(_, d)| d), true)));
        } else {
            setup.print(&format!(
                "\nApproved, and written into {}. A service that runs takes it at once.\n",
                file.display()
            ));
        }
        Ok(())
    }
}

/// What is different from the version of the same name that was approved last.
fn changes(former: Option<&(&Approval, Difference)>) -> String {
    let Some((former, difference)) = former else {
        return "\nNo version of this file was approved before.\n".to_owned();
    };
    let mut text = format!("\nSince the version that {} approved {}:\n", former.by, former.at);
    for (word, interfaces) in difference.words() {
        for interface in interfaces {
            text += &format!("  {word:<16} {interface}\n");
        }
    }
    if difference.is_empty() {
        text += "  it asks for and offers the same interfaces; what it does with them may differ\n";
    }
    text
}

fn as_json(approval: &Approval, difference: Option<&Difference>, new: bool) -> Value {
    json!({ "approved": approval, "new": new, "since_last": difference })
}

fn agreed() -> Result<bool, Fault> {
    if !std::io::stdin().is_terminal() {
        let text = "standard input is no terminal, so nobody can be asked; a script says --yes";
        return Err(Fault::new(FaultCode::PluginNotApproved, text));
    }
    let mut answer = String::new();
    let asked = write!(std::io::stderr(), "\nMay the service run this plugin? [y/N] ");
    asked
        .and_then(|()| std::io::stdin().lock().read_line(&mut answer))
        .map_err(|error| Fault::new(FaultCode::PluginNotApproved, format!("the terminal cannot be read: {error}")))?;
    Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}

/// The user who types. For the record only: who may write the file may write any name into it.
pub(super) fn who() -> String {
    // Not of /proc/self: a process without core files belongs to root there.
    let uid = rustix::process::getuid().as_raw();
    let sudo = std::env::var("SUDO_USER").ok().filter(|name| uid == 0 && is_name(name));
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let name = || {
        let line = users.lines().find(|line| line.split(':').nth(2) == Some(&uid.to_string()))?;
        line.split(':').next().filter(|name| is_name(name)).map(str::to_owned)
    };
    sudo.or_else(name).unwrap_or_else(|| format!("uid {uid}"))
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= 64 && !name.chars().any(char::is_control)
}
