//! The shape of a recording, version 1. Fields are described in `docs/replay.md`; a change of their meaning is a new
//! version.

use portcullis_model::{AccountStatus, Effect, OperationKind, Stage, Verdict};
use portcullis_sandbox::Plugin;
use serde::{Deserialize, Serialize};

/// What stands in the place of a text that held a password of the operation.
pub const WITHHELD: &str = "(withheld: the text held a password of this operation)";

/// One operation, as it went.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Recording {
    /// The version of this shape.
    pub v: u32,
    /// When the operation ended: RFC 3339 in UTC, with milliseconds.
    pub at: String,
    /// The operation's id: 32 hexadecimal digits.
    pub operation: String,
    /// What was asked for.
    pub kind: OperationKind,
    /// For whom, and how.
    pub asked: Account,
    /// The connector that did it.
    pub connector: String,
    /// SHA-256 of the plugin, in hexadecimal.
    pub plugin: String,
    /// How the connector found accounts then; none for a connector without a directory.
    pub locate: Option<Locating>,
    /// The entry that was found; none where the operation did not come so far.
    pub target: Option<Located>,
    /// What the directory was asked, in order, and what it answered.
    pub calls: Vec<Call>,
    /// The host calls of the plugin with their verdicts, and what became of them: the operation's events.
    pub events: Vec<serde_json::Value>,
    /// How it ended.
    pub ended: Ended,
    /// How long the plugin took, the directory's answers included; in milliseconds.
    pub milliseconds: u64,
    /// How many texts and values were withheld because a password was in them.
    pub withheld: u32,
}

impl Recording {
    /// The version that this program writes and reads.
    pub const VERSION: u32 = 1;
}

/// For whom an operation was asked, and what besides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Account {
    /// As the caller named it.
    pub account: String,
    /// A reset: a new password must be chosen at the next sign-in.
    #[serde(default)]
    pub must_change: bool,
    /// A reset: the account is unlocked as well.
    #[serde(default)]
    pub unlock: bool,
}

/// `[ldap.locate]` and `[ldap.read]` of the connector's file when the operation was recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Locating {
    /// `base`.
    pub base: String,
    /// `scope`.
    pub scope: Scope,
    /// `filter`, with its placeholders.
    pub filter: String,
    /// `exclude`.
    pub exclude: Option<String>,
    /// The attributes that were granted to be read; their values are in the recording where the target had them.
    pub read: Vec<String>,
}

/// The target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Located {
    /// The entry: its name, and of its attributes those that were granted to be read.
    pub entry: Entry,
    /// The server that said so.
    pub server: String,
}

/// One request to the directory.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Call {
    /// Who asked: the host for the target, the plugin, or the host to make sure.
    pub stage: Stage,
    /// What was asked.
    pub request: Request,
    /// What came back; nothing where the operation ended before.
    pub reply: Option<Reply>,
    /// How long that took, in milliseconds.
    pub milliseconds: u64,
}

/// What was asked of the directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", deny_unknown_fields, rename_all = "kebab-case")]
pub enum Request {
    /// A search (RFC 4511 section 4.5).
    Search {
        /// Where; empty for the root DSE.
        base: String,
        /// How deep.
        scope: Scope,
        /// RFC 4515.
        filter: String,
        /// What was to be returned.
        attributes: Vec<String>,
        /// How many entries at most.
        limit: usize,
    },
    /// A write to one entry (RFC 4511 section 4.6).
    Modify {
        /// As whom.
        performer: Performer,
        /// The entry.
        dn: String,
        /// In this order.
        changes: Vec<Change>,
        /// Sent with the request.
        controls: Vec<Control>,
    },
    /// The password modify operation (RFC 3062).
    SetPassword {
        /// As whom.
        performer: Performer,
        /// The entry.
        dn: String,
        /// Which password.
        password: Which,
        /// Sent with the request.
        controls: Vec<Control>,
    },
    /// A bind as the entry.
    Bind {
        /// The entry.
        dn: String,
        /// Which password.
        password: Which,
        /// Sent with the request.
        controls: Vec<Control>,
    },
}

/// What the directory answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reply", deny_unknown_fields, rename_all = "kebab-case")]
pub enum Reply {
    /// To a search.
    Found {
        /// With what was granted to be read. Of the search for the target there are none: it stands apart.
        entries: Vec<Entry>,
        /// There were more.
        more: bool,
        /// The final answer.
        answer: Answer,
    },
    /// To everything else.
    Answered {
        /// The answer.
        answer: Answer,
    },
    /// There was none.
    Failed {
        /// Which way.
        failure: Failure,
        /// In words.
        text: String,
        /// What a refused bind of the performer was answered.
        answer: Option<Answer>,
    },
}

/// The answer of a server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Answer {
    /// The LDAP result code.
    pub code: u32,
    /// The server's words.
    pub diagnostic: String,
    /// What came with it.
    pub controls: Vec<Control>,
    /// The server.
    pub server: String,
}

/// Why there was no answer: the kinds of `portcullis_directory::Failure`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Failure {
    /// No server could be asked.
    Unavailable,
    /// The service account was refused.
    ServiceAccount,
    /// The connection is not protected.
    Unprotected,
    /// The performer's bind was refused.
    BindRefused,
    /// Sent, and not answered.
    InDoubt,
    /// An answer that no server may give.
    Nonsense,
}

/// How deep a search looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// The base itself.
    Base,
    /// The base's children.
    One,
    /// The base and everything below.
    Subtree,
}

/// As whom a write was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Performer {
    /// The service account.
    Service,
    /// The target itself, bound with this password.
    Target(Which),
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Change {
    /// What is done.
    pub kind: ChangeKind,
    /// To which attribute.
    pub attribute: String,
    /// With which values.
    pub values: Vec<Value>,
}

/// What is done to an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeKind {
    /// Values are added.
    Add,
    /// Values, or all of them, are removed.
    Delete,
    /// All values are replaced.
    Replace,
}

/// A control.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Control {
    /// Dotted decimal.
    pub oid: String,
    /// A server that does not know it must refuse.
    pub critical: bool,
    /// Whatever the control defines.
    pub value: Option<Value>,
}

/// An entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Entry {
    /// Its name.
    pub dn: String,
    /// What was granted to be read and is there.
    pub attributes: Vec<Attribute>,
}

/// An attribute of an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Attribute {
    /// As the server wrote it.
    pub name: String,
    /// In the server's order.
    pub values: Vec<Value>,
}

/// A value, or what stands in its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Value {
    /// Text.
    Text(String),
    /// Bytes that are no text, in base64 (RFC 4648 section 4).
    Base64(String),
    /// A password of the operation.
    Password(Which, Encoding),
    /// A password was in it.
    Withheld,
}

/// Which password of the operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Which {
    /// The one to be set.
    New,
    /// The present one.
    Old,
    /// The one to be verified.
    Candidate,
}

/// How a password becomes a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Encoding {
    /// The bytes of the text.
    #[serde(rename = "utf-8")]
    Utf8,
    /// In double quotes, UTF-16 little endian.
    #[serde(rename = "quoted-utf-16le")]
    QuotedUtf16Le,
}

/// How an operation ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Ended {
    /// `done`, `refused` or `unknown`.
    pub outcome: String,
    /// The code of the fault; with `done`, of what was not done besides.
    pub fault: Option<String>,
    /// The number that belongs to the fault.
    pub limit: Option<u32>,
    /// What took effect.
    pub effects: Vec<Effect>,
    /// Whether it was seen that the password took effect; none where nothing was to be seen.
    pub confirmed: Option<bool>,
    /// The state of the account, where that was asked for.
    pub status: Option<AccountStatus>,
    /// The verdict on the password, where that was asked for.
    pub verdict: Option<Verdict>,
    /// The codes of the notes of the receipt.
    pub notes: Vec<String>,
}

/// The digest of a plugin as a recording has it.
pub(crate) fn digest_of(plugin: &Plugin) -> String {
    plugin.digest().to_string()
}
