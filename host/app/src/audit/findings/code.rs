//! What kinds of findings there are, how much each matters, and what it means to somebody who meets it for the first time.

use serde::Serialize;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Good to know.
    Note,
    /// Somebody should look at it.
    Warning,
    /// Something is wrong.
    Error,
}

impl Severity {
    /// The word for people, and of SARIF's `level` (section 3.27.10).
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

macro_rules! codes {
    ($($variant:ident = $name:literal, $severity:ident, $title:literal, $why:literal;)*) => {
        /// What kind of finding it is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Code { $(#[doc = $title] $variant,)* }

        impl Code {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The stable name.
            #[must_use]
            pub const fn name(self) -> &'static str { match self { $(Self::$variant => $name,)* } }

            /// How much it matters.
            #[must_use]
            pub const fn severity(self) -> Severity { match self { $(Self::$variant => Severity::$severity,)* } }

            /// One sentence for people.
            #[must_use]
            pub const fn title(self) -> &'static str { match self { $(Self::$variant => $title,)* } }

            /// Why it matters and what is done about it, in sentences for people who do not know this host.
            #[must_use]
            pub const fn why(self) -> &'static str { match self { $(Self::$variant => $why,)* } }
        }
    };
}

codes! {
    WiderThanCeiling = "wider-than-ceiling", Error, "A connector is granted more than the ceiling allows.",
        "The host does not start it. Take the line away, or have the security team raise the ceiling.";
    ConnectorUnusable = "connector-unusable", Error, "A connector's file cannot be used.",
        "The host runs nothing of this connector, and nothing else can be said of it. Correct what the file has wrong.";
    PluginUnusable = "plugin-unusable", Error, "A plugin cannot be loaded.",
        "Nothing can be said about what it asks for, and nothing that it is for is done. Put a component in its place.";
    PluginChanged = "plugin-changed", Error, "A plugin is not the one that was pinned or approved.",
        "Other bytes than the reviewed ones lie in its file. Find out who changed it before it is pinned or approved.";
    RequestedNotGranted = "requested-not-granted", Error, "A plugin imports what its connector is not granted.",
        "The host does not load it. Grant the section if that is wanted, or use a plugin that does not ask for it.";
    PasswordElsewhere = "password-elsewhere", Error, "A plugin tried to write a password where none belongs.",
        "The host stopped it. A plugin that does its work never tries this: take it out of service, and ask its vendor.";
    Plaintext = "plaintext", Error, "A server is reached without TLS.",
        "Passwords would travel in the clear. Write ldaps:// or set start-tls.";
    LogNotWhole = "log-not-whole", Error, "The audit log is not as it was written.",
        "Lines were edited, taken away, reordered or cut off. Nothing is concluded from what it says of use.";
    LogUnreadable = "log-unreadable", Error, "The audit log cannot be read.",
        "What was used is not known. Run this as a user who may read the state folder.";
    ServiceAccountTooMighty = "service-account-too-mighty", Warning, "The service account has more rights than the grants need.",
        "Whoever has its password can do what the host would stop. Take these rights from it in the directory.";
    CeilingNotApart = "ceiling-not-apart", Warning, "The ceiling belongs to the user as whom the service runs.",
        "Who takes over the service can then raise its ceiling. Give the file and its folders to another user.";
    RevealGranted = "reveal-granted", Warning, "A connector may read the text of passwords.",
        "Most connectors only place passwords and never see one. Take the section away unless its vendor says why.";
    WriteWithoutExclude = "write-without-exclude", Warning, "A connector writes, and no account is excluded.",
        "An administrator's password could be reset like everybody's. Exclude what accounts with more rights have in common.";
    Unpinned = "unpinned", Warning, "A connector runs any file of its plugin's name.",
        "Whoever can replace the file decides what runs. Pin the SHA-256 of the one that was reviewed.";
    DeniedNotGranted = "denied-not-granted", Warning, "Calls were stopped that a grant would let pass.",
        "Either a grant is missing for what the plugin is for, or it asks for more than it needs: its vendor can tell.";
    DeniedOutright = "denied-outright", Warning, "Calls were stopped that no grant would let pass.",
        "A plugin that does its work makes no such calls: it touched another entry, or tried a password twice, or the like.";
    GrantedNotRequested = "granted-not-requested", Warning, "Something is granted that the plugin cannot use.",
        "The binary proves it. What is not needed today is there for a plugin that is put in its place tomorrow.";
    GrantedNeverUsed = "granted-never-used", Warning, "Something is granted that was never used.",
        "Enough operations were done to say so. Take it away unless it is for something that is still to come.";
    LogNotVerified = "log-not-verified", Warning, "The audit log could not be verified.",
        "It was read, and its signatures were not compared. Give the public key that was kept elsewhere.";
    LogBegunAnew = "log-begun-anew", Warning, "Somebody began the audit log anew.",
        "The former one was damaged. What stood in it may be gone: ask who did it and why, and compare with kept anchors.";
    SeveralVersions = "several-versions", Note, "Several versions of a plugin ran.",
        "What was used may have been used by a former one.";
    Unsigned = "unsigned", Note, "A plugin has no signature of anybody who is trusted.",
        "That it comes from its vendor is not known. Have it signed, and name the vendor's key in the ceiling.";
    NoLog = "no-log", Note, "There is no audit log.",
        "What was used is not known. Nothing was done here yet, or another state folder is meant, or the log was taken away.";
    NoCeiling = "no-ceiling", Note, "There is no ceiling.",
        "The operator's files alone decide what connectors may do. The ceiling is the security team's own limit.";
}

impl Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.name())
    }
}
