//! Which plugins the operator approved: `approved.toml` in the state folder.
//!
//! A plugin is its bytes: an approval counts for one SHA-256 and for every connector that names a file with it. What
//! the plugin imported and exported when it was approved is kept, so that the next version can be compared with it.

use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use portcullis_capabilities::Offer;
use portcullis_model::{Fault, FaultCode};
use portcullis_sandbox::{Digest, Import, Plugin, Producer};
use serde::{Deserialize, Serialize};

use crate::regular;

/// The name of the file in the state folder.
pub const FILE: &str = "approved.toml";

/// One plugin that somebody approved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Of the plugin's bytes, in hexadecimal.
    pub sha256: String,
    /// The name of the file when it was approved, without its folder. The bytes count, not the name.
    pub file: String,
    /// When, in RFC 3339.
    pub at: String,
    /// Who: the name of a user of this machine.
    pub by: String,
    /// The interfaces that it imported.
    pub imports: Vec<String>,
    /// The functions of these interfaces that its code calls; of those of WASI, which do nothing here, none.
    #[serde(default)]
    pub calls: Vec<String>,
    /// The interfaces that it exported.
    pub exports: Vec<String>,
    /// Bytes of the file; 0 in an approval that did not record it.
    #[serde(default)]
    pub size: u64,
    /// The tools that it says it was made with.
    #[serde(default)]
    pub producers: Vec<String>,
    /// Whom the ceiling of that time calls its signer, and what the signer wrote beside the signature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signer: Option<String>,
    /// See [`Approval::signer`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// Everything that was approved, the oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approvals {
    #[serde(default)]
    approved: Vec<Approval>,
}

impl Approval {
    /// An approval of this plugin, now.
    #[must_use]
    pub fn of(plugin: &Plugin, path: &Path, by: String) -> Self {
        let (imports, exports) = surface(plugin);
        Self {
            sha256: plugin.digest().to_string(),
            file: name(path),
            at: humantime::format_rfc3339_seconds(std::time::SystemTime::now()).to_string(),
            by,
            imports,
            calls: calls(plugin),
            exports,
            size: u64::try_from(plugin.size()).unwrap_or(u64::MAX),
            producers: producers(plugin),
            signer: plugin.signed().map(|signed| signed.signer.clone()),
            comment: plugin.signed().map(|signed| signed.comment.clone()),
        }
    }

    /// What this version asks for and offers that another one did not.
    #[must_use]
    pub fn since(&self, former: &Self) -> Difference {
        let without =
            |all: &[String], known: &[String]| all.iter().filter(|one| !known.contains(one)).cloned().collect();
        Difference {
            imports_gained: without(&self.imports, &former.imports),
            imports_lost: without(&former.imports, &self.imports),
            calls_gained: without(&self.calls, &former.calls),
            calls_lost: without(&former.calls, &self.calls),
            exports_gained: without(&self.exports, &former.exports),
            exports_lost: without(&former.exports, &self.exports),
            producers_gained: without(&self.producers, &former.producers),
            producers_lost: without(&former.producers, &self.producers),
            size: (former.size != self.size && former.size > 0).then_some([former.size, self.size]),
            signer: (former.signer != self.signer).then(|| [former.signer.clone(), self.signer.clone()]),
        }
    }
}

/// What a version of a plugin asks for and offers that another one did not, and the other way round.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Imports that are new.
    pub imports_gained: Vec<String>,
    /// Imports that are gone.
    pub imports_lost: Vec<String>,
    /// Functions that it calls and did not call.
    pub calls_gained: Vec<String>,
    /// Functions that it called and does not call.
    pub calls_lost: Vec<String>,
    /// Exports that are new.
    pub exports_gained: Vec<String>,
    /// Exports that are gone.
    pub exports_lost: Vec<String>,
    /// Tools that it says it was made with, and was not before.
    pub producers_gained: Vec<String>,
    /// Tools that it was made with before.
    pub producers_lost: Vec<String>,
    /// Bytes of the file before and now, if they differ.
    pub size: Option<[u64; 2]>,
    /// Who signed it before and now, if that differs.
    pub signer: Option<[Option<String>; 2]>,
}

impl Difference {
    /// Whether it asks for and offers the same.
    #[must_use]
    pub fn same_interfaces(&self) -> bool {
        self.words().iter().take(6).all(|(_, interfaces)| interfaces.is_empty())
    }

    /// Each kind with its words for people; what matters most comes first.
    #[must_use]
    pub fn words(&self) -> [(&'static str, &[String]); 8] {
        [
            ("NOW ASKS FOR", &self.imports_gained),
            ("NOW CALLS", &self.calls_gained),
            ("no longer asks", &self.imports_lost),
            ("no longer calls", &self.calls_lost),
            ("now offers", &self.exports_gained),
            ("no longer offers", &self.exports_lost),
            ("now made with", &self.producers_gained),
            ("not made with", &self.producers_lost),
        ]
    }
}

impl Approvals {
    /// Reads the file; none is the same as an empty one.
    ///
    /// # Errors
    /// The operator's fault, if it cannot be read, or if others than root and the owner of the folder could have written
    /// it: whoever writes it decides what runs.
    pub fn read(state: &Path) -> Result<Self, Fault> {
        let path = state.join(FILE);
        let wrong = |why: String| Fault::new(FaultCode::Misconfigured, format!("{}: {why}", path.display()));
        // The very file that is looked at is the one that is read.
        let mut file = match regular::open(&path) {
            Ok(file) => file,
            Err(error) if nowhere(error.kind()) => return Ok(Self::default()),
            Err(error) => return Err(wrong(error.to_string())),
        };
        let looked = file.metadata().and_then(|meta| Ok((meta, fs::metadata(state)?)));
        let (meta, folder) = looked.map_err(|error| wrong(error.to_string()))?;
        if meta.mode() & 0o022 != 0 {
            return Err(wrong(format!("others than its owner may write it: `chmod go-w {}`", path.display())));
        }
        // Sticky, as /tmp: others may not take away what is not theirs.
        if folder.mode() & 0o022 != 0 && folder.mode() & 0o1000 == 0 {
            return Err(wrong(format!("others could put another file there: `chmod go-w {}`", state.display())));
        }
        if !trusted_owner(meta.uid(), folder.uid()) {
            let (owner, keeper) = (meta.uid(), folder.uid());
            return Err(wrong(format!(
                "it belongs to uid {owner}, who is neither root nor the owner of the folder (uid {keeper}): look at what it \
                 approves, then `chown {keeper} {}`",
                path.display()
            )));
        }
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(|error| wrong(error.to_string()))?;
        toml::from_str(&text).map_err(|error| wrong(error.message().to_owned()))
    }

    /// Whether nothing was ever approved, or all of it withdrawn.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.approved.is_empty()
    }

    /// Whether these bytes were approved.
    #[must_use]
    pub fn approves(&self, digest: Digest) -> bool {
        self.get(digest).is_some()
    }

    /// The approval of these bytes.
    #[must_use]
    pub fn get(&self, digest: Digest) -> Option<&Approval> {
        let digest = digest.to_string();
        self.approved.iter().find(|approval| approval.sha256.eq_ignore_ascii_case(&digest))
    }

    /// The version of a file that was approved last.
    #[must_use]
    pub fn last_of(&self, path: &Path) -> Option<&Approval> {
        let name = name(path);
        self.approved.iter().rev().find(|approval| approval.file == name)
    }

    /// Adds an approval to the file. Two that approve at once both count; the file is whole at every moment.
    ///
    /// # Errors
    /// The operator's fault, if the file cannot be read or written.
    pub fn add(state: &Path, approval: Approval) -> Result<(), Fault> {
        let path = state.join(FILE);
        let failed = |error: std::io::Error| {
            Fault::new(FaultCode::Misconfigured, format!("{} cannot be written: {error}", path.display()))
        };
        // Until it is closed, nobody else adds one.
        let folder = File::open(state).map_err(failed)?;
        folder.lock().map_err(failed)?;
        let mut approvals = Self::read(state)?;
        approvals.approved.retain(|known| !known.sha256.eq_ignore_ascii_case(&approval.sha256));
        approvals.approved.push(approval);
        let text = toml::to_string(&approvals)
            .map_err(|error| Fault::new(FaultCode::HostInternal, format!("approvals cannot be written: {error}")))?;
        let head = "# The plugins that the service may run. Written by `portcullis approve`; take an entry out to withdraw it.\n\n";
        replace(&path, &format!("{head}{text}")).map_err(failed)
    }
}

/// Whether nothing can lie there, as opposed to what cannot be looked at.
fn nowhere(kind: std::io::ErrorKind) -> bool {
    matches!(kind, std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory)
}

/// Root may approve for the service; anybody else only in a folder of their own.
fn trusted_owner(file: u32, folder: u32) -> bool {
    file == 0 || file == folder
}

/// What a plugin imports and exports, sorted: the order in a binary says nothing.
pub(super) fn surface(plugin: &Plugin) -> (Vec<String>, Vec<String>) {
    let mut imports: Vec<String> = plugin.surface().imports.iter().map(|import| import.interface.clone()).collect();
    let mut exports = plugin.surface().exports.clone();
    imports.sort();
    exports.sort();
    (imports, exports)
}

/// The tools that a plugin says it was made with, one line each.
pub(crate) fn producers(plugin: &Plugin) -> Vec<String> {
    let line = |producer: &Producer| format!("{} {} {}", producer.field, producer.name, producer.version);
    plugin.producers().iter().map(|producer| line(producer).trim_end().to_owned()).collect()
}

fn calls(plugin: &Plugin) -> Vec<String> {
    let imports = plugin.surface().imports.iter().filter(|import| Offer::of(&import.interface) != Offer::Inert);
    let call = |import: &Import| -> Vec<String> {
        import.functions.iter().map(|function| format!("{} {function}", import.interface)).collect()
    };
    let mut calls: Vec<String> = imports.flat_map(call).collect();
    calls.sort();
    calls
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The old file or the new one, also after a loss of power.
fn replace(path: &PathBuf, text: &str) -> std::io::Result<()> {
    let temporary = path.with_extension("toml.new");
    // What lies there from before may be a link: root must not write where it leads.
    match fs::remove_file(&temporary) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().create_new(true).write(true).mode(0o644).open(&temporary)?;
    // Whatever the umask of the one who approves: the service reads it as another user, and it holds no secret.
    file.set_permissions(fs::Permissions::from_mode(0o644))?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}
