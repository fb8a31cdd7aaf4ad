//! What the folders hold at one moment. Reads files, runs nothing and connects to nothing.
//!
//! What a connector is made of is noted before it is read for use: if it changes in between, the next look finds a
//! difference, and never the other way round.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use portcullis_model::{Fault, FaultCode};
use portcullis_sandbox::{Digest, Plugin};

use super::approval::Approvals;
use super::limits::InForce;
use crate::ceiling;
use crate::config::{self, ConnectorFile, DirectorySource, SecretSource};

/// Everything that a connector is made of. Two that are equal make the same connector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Inputs {
    /// Of the connector's file.
    pub(super) text: Digest,
    /// Of the plugin.
    pub(super) plugin: Digest,
    /// The files of its secret and its certificate authorities.
    pub(super) beside: Vec<(PathBuf, Option<Stamp>)>,
    /// Of the file beside the plugin that says who signed it.
    pub(super) signature: Option<Digest>,
    /// Of the ceiling that is in force.
    pub(super) ceiling: Option<Digest>,
    /// Whether the plugin is among the approved ones.
    pub(super) approved: bool,
}

/// Which file it was, and when it was changed. Of a secret nothing else is kept, not even a digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

/// A connector's file that was found.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) name: String,
    pub(super) path: PathBuf,
    /// What it says and what it is made of, or why it cannot be used.
    pub(super) wanted: Result<(ConnectorFile, Inputs), Fault>,
}

/// Every connector's file of the folder, judged by what is in force.
///
/// # Errors
/// The operator's fault, if the folder of the connectors cannot be read. An empty folder is no fault.
pub(super) fn scan(config: &Path, in_force: &InForce) -> Result<Vec<Found>, Fault> {
    let files = match config::files(config) {
        Ok(files) => files,
        Err(problems) if problems.all().iter().all(|problem| problem.name() == "no-connector") => Vec::new(),
        Err(problems) => return Err(Fault::new(FaultCode::Misconfigured, problems.to_string())),
    };
    let mut plugins = HashMap::new();
    let (approvals, ceiling) = (in_force.approvals.as_ref().ok(), in_force.ceiling.digest());
    Ok(files.into_iter().map(|path| found(path, config, approvals, ceiling, &mut plugins)).collect())
}

/// Every mistake of a file in one line.
pub(super) fn told(problems: &config::Problems) -> String {
    let one = |problem: &config::Diagnostic| match problem.line() {
        Some(line) => format!("line {line}: {problem}"),
        None => problem.to_string(),
    };
    problems.all().iter().map(one).collect::<Vec<_>>().join("; ")
}

type Digests = HashMap<PathBuf, std::io::Result<Digest>>;

fn found(
    path: PathBuf,
    config: &Path,
    approvals: Option<&Approvals>,
    ceiling: Option<Digest>,
    plugins: &mut Digests,
) -> Found {
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let wanted = wanted(&path, config, approvals, ceiling, plugins);
    Found { name, path, wanted }
}

fn wanted(
    path: &Path,
    config: &Path,
    approvals: Option<&Approvals>,
    ceiling: Option<Digest>,
    plugins: &mut Digests,
) -> Result<(ConnectorFile, Inputs), Fault> {
    // A file that cannot be read, or not as a whole, is told by the loader in better words.
    let text = digest(path).unwrap_or(Digest::of(&[]));
    let file = config::load_file(path, &config.join("plugins"))
        .map_err(|problems| Fault::new(FaultCode::Misconfigured, format!("{}: {}", path.display(), told(&problems))))?;
    let plugin = match plugins.entry(file.plugin.clone()).or_insert_with(|| digest(&file.plugin)) {
        Ok(digest) => *digest,
        Err(error) => {
            return Err(Fault::new(FaultCode::PluginUnusable, format!("{}: {error}", file.plugin.display())));
        }
    };
    let beside = beside(&file).into_iter().map(|path| (path.clone(), stamp(&path))).collect();
    let approved = file.sha256.is_some() || approvals.is_some_and(|approvals| approvals.approves(plugin));
    let signature = digest(&ceiling::signature_of(&file.plugin)).ok();
    Ok((file, Inputs { text, plugin, beside, signature, ceiling, approved }))
}

/// The plugins of a folder, in the order of their names; none of a folder that cannot be read.
pub(super) fn plugins(config: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(config.join("plugins")).into_iter().flatten().flatten();
    let visible = |path: &PathBuf| path.file_name().is_some_and(|name| !name.as_encoded_bytes().starts_with(b"."));
    let wasm = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "wasm");
    let mut files: Vec<_> = entries.map(|entry| entry.path()).filter(|path| wasm(path) && visible(path)).collect();
    files.sort();
    files
}

/// The digest of a file; of one that is too large for a plugin, of as much as shows that it is.
pub(super) fn digest(path: &Path) -> std::io::Result<Digest> {
    let mut bytes = Vec::new();
    File::open(path)?.take(Plugin::MAX_BYTES + 1).read_to_end(&mut bytes)?;
    Ok(Digest::of(&bytes))
}

/// The files that a connector's file names and that are read when it starts.
fn beside(file: &ConnectorFile) -> Vec<PathBuf> {
    let Some(DirectorySource::Servers(servers)) = file.ldap.as_ref().map(|ldap| &ldap.source) else {
        return Vec::new();
    };
    let secret = servers.bind.as_ref().and_then(|bind| match &bind.password {
        SecretSource::File(path) => Some(path.clone()),
        SecretSource::Credential(name) => {
            std::env::var_os("CREDENTIALS_DIRECTORY").map(|folder| Path::new(&folder).join(name))
        }
        SecretSource::Env(_) => None,
    });
    servers.ca_file.clone().into_iter().chain(secret).collect()
}

fn stamp(path: &Path) -> Option<Stamp> {
    let meta = fs::metadata(path).ok()?;
    Some(Stamp {
        device: meta.dev(),
        inode: meta.ino(),
        size: meta.size(),
        modified: (meta.mtime(), meta.mtime_nsec()),
        changed: (meta.ctime(), meta.ctime_nsec()),
    })
}
