//! `portcullis approve`: shows what a plugin asks for and what has changed since the version before, and pins its bytes
//! for the service. Nothing of the plugin runs.

use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;
use portcullis_audit::fact::Approved;
use portcullis_model::{Fault, FaultCode};
use portcullis_sandbox::Plugin;
use serde_json::{Value, json};

use super::inspect;
use super::setup::Setup;
use crate::ceiling::{Ceiling, Excess};
use crate::config::{self, ConnectorFile, Folder};
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
        let ceiling = match setup.ceiling() {
            Ok(ceiling) => ceiling,
            Err(code) => return code,
        };
        let approved = self.file(setup).and_then(|path| {
            let plugin = ceiling.load(&sandbox, &path)?;
            let against = Against::of(setup, &ceiling, &path, &plugin);
            self.approve(setup, &path, &plugin, &against, &Approvals::read(&setup.state)?)
        });
        match approved {
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

    fn approve(
        &self,
        setup: &Setup,
        path: &Path,
        plugin: &Plugin,
        against: &Against,
        approvals: &Approvals,
    ) -> Result<(), Fault> {
        let file = setup.state.join(FILE);
        if let Some(known) = approvals.get(plugin.digest()) {
            if setup.json {
                setup.print(&show::to_text(&as_json(known, None, against, false)));
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
            setup.print(&signed(plugin));
            setup.print(&changes(difference.as_ref()));
            setup.print(&against.as_text());
        }
        if !self.yes && !agreed()? {
            return Err(Fault::new(FaultCode::PluginNotApproved, format!("{} was not approved", path.display())));
        }
        // First into the audit log: an approval of which nothing tells must not count.
        setup.audit(Approved {
            file: approval.file.clone(),
            sha256: approval.sha256.clone(),
            who: approval.by.clone(),
            signer: approval.signer.clone(),
        })?;
        Approvals::add(&setup.state, approval.clone())?;
        if setup.json {
            setup.print(&show::to_text(&as_json(&approval, difference.as_ref().map(|(_, d)| d), against, true)));
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
    if let Some([before, now]) = &difference.signer {
        let name = |signer: &Option<String>| signer.clone().unwrap_or_else(|| "nobody".to_owned());
        text += &format!("  {:<16} {}, was {}\n", "SIGNED BY", name(now), name(before));
    }
    if let Some([before, now]) = difference.size {
        text += &format!("  {:<16} {now} bytes, was {before} bytes\n", "size");
    }
    if difference.same_interfaces() {
        text += "  it asks for and offers the same interfaces; what it does with them may differ\n";
    }
    text
}

/// Who signed it, as far as the ceiling names keys.
fn signed(plugin: &Plugin) -> String {
    match plugin.signed() {
        Some(signed) => format!("\nSigned by {}, who says: {}\n", signed.signer, signed.comment),
        None => "\nNo signature was verified: there is none of a signer in the ceiling.\n".to_owned(),
    }
}

fn as_json(approval: &Approval, difference: Option<&Difference>, against: &Against, new: bool) -> Value {
    json!({ "approved": approval, "new": new, "since_last": difference, "above_ceiling": against.excesses })
}

/// What in the ceiling stands against the plugin: in what it imports, and in the files of the connectors that name it.
struct Against {
    import: Option<String>,
    excesses: Vec<Excess>,
}

impl Against {
    fn of(setup: &Setup, ceiling: &Ceiling, path: &Path, plugin: &Plugin) -> Self {
        // Files that cannot be used are told by the commands that need them.
        let files = Folder::load(&setup.config).unwrap_or_default().usable;
        let same = |file: &&ConnectorFile| file.plugin.canonicalize().ok() == path.canonicalize().ok();
        let excesses = files.iter().filter(same).flat_map(|file| ceiling.check(file, plugin.surface())).collect();
        Self { import: ceiling.forbids_import(plugin.surface()).map(str::to_owned), excesses }
    }

    fn as_text(&self) -> String {
        let import = self.import.iter().map(|import| format!("it imports {import}, which no plugin may"));
        let lines: Vec<String> = import.chain(self.excesses.iter().map(ToString::to_string)).collect();
        match lines.as_slice() {
            [] => String::new(),
            lines => format!(
                "\nSTANDS AGAINST THE CEILING, so no connector starts with it like this:\n  {}\n",
                lines.join("\n  ")
            ),
        }
    }
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
