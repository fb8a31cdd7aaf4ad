//! Why something was not done: a code, whose fault it is, what to do next, and two texts.

use std::fmt;

use serde::Serialize;

/// Who has to act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Blame {
    /// The one who asked: another password, another account.
    Caller,
    /// The one who runs the host: configuration, grants, rights in the directory.
    Operator,
    /// The directory or the way to it.
    Directory,
    /// The connector's binary.
    Plugin,
    /// Portcullis or its machine.
    Host,
}

/// Whether the same request can succeed later without anybody changing anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Retry {
    /// No: something has to be changed first.
    Never,
    /// Yes, after a while.
    Later,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $blame:ident, $retry:ident, $caller:literal, $remedy:literal;)*) => {
        /// What went wrong, as a stable name. Each code has one culprit and one text for the caller; neither is chosen
        /// by a connector.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum FaultCode { $($(#[$doc])* $variant,)* }

        impl FaultCode {
            /// Every code, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The stable name, for programs.
            #[must_use]
            pub const fn name(self) -> &'static str { match self { $(Self::$variant => $name,)* } }

            /// The code of a stable name; nothing for any other text.
            #[must_use]
            pub fn parse(name: &str) -> Option<Self> { Self::ALL.iter().copied().find(|code| code.name() == name) }

            /// Who has to act.
            #[must_use]
            pub const fn blame(self) -> Blame { match self { $(Self::$variant => Blame::$blame,)* } }

            /// Whether trying again can help.
            #[must_use]
            pub const fn retry(self) -> Retry { match self { $(Self::$variant => Retry::$retry,)* } }

            /// What the caller reads. Holds nothing of the directory, the configuration or the password.
            #[must_use]
            pub const fn caller_text(self) -> &'static str { match self { $(Self::$variant => $caller,)* } }

            /// What the one to blame does next.
            #[must_use]
            pub const fn remedy(self) -> &'static str { match self { $(Self::$variant => $remedy,)* } }
        }
    };
}

codes! {
    /// The directory wants a longer password.
    PasswordTooShort = "password-too-short", Caller, Never,
        "The password is too short for this account.", "Choose a longer password.";
    /// The directory wants other characters.
    PasswordTooSimple = "password-too-simple", Caller, Never,
        "The password is too simple for this account.",
        "Mix upper and lower case letters, digits and other characters, and leave out the account's name.";
    /// Used before.
    PasswordInHistory = "password-in-history", Caller, Never,
        "The password was used before.", "Choose a password that this account never had.";
    /// The present password is too new to be changed.
    PasswordTooYoung = "password-too-young", Caller, Later,
        "The present password is too new to be changed.", "Wait until the minimum age has passed; Active Directory lets a reset through, other directories do not.";
    /// Refused by policy without a reason.
    PasswordRejected = "password-rejected", Caller, Never,
        "The directory's password policy refused the password.", "Choose another password: longer, less like a word, not used before.";
    /// Not even given to a directory: empty, overlong, or not text.
    PasswordUnusable = "password-unusable", Caller, Never,
        "The password is empty, longer than 1024 bytes, or holds control characters.",
        "Give a password of 1 to 1024 bytes of UTF-8 text without control characters.";
    /// There is nobody to ask, or too little was given.
    PasswordMissing = "password-missing", Caller, Never,
        "A password is missing.", "Run the command on a terminal, or give the password with --password-stdin, one line each.";
    /// Typed twice, and not the same.
    PasswordMistyped = "password-mistyped", Caller, Never,
        "The two passwords are not the same.", "Type the new password again, twice.";
    /// The name cannot be an account's.
    AccountUnusable = "account-unusable", Caller, Never,
        "The account name is empty, longer than 256 bytes, or holds control characters.", "Give the account name as the directory knows it.";
    /// The old password is wrong.
    WrongPassword = "wrong-password", Caller, Never,
        "The old password is not right.", "Type the old password again, or ask for a reset.";
    /// The account is locked.
    AccountLocked = "account-locked", Caller, Never,
        "The account is locked after too many wrong passwords.", "Unlock the account, or ask for a reset with --unlock.";
    /// The account is switched off.
    AccountDisabled = "account-disabled", Caller, Never,
        "The account is disabled.", "Ask an administrator to enable the account first.";
    /// The account's lifetime has ended.
    AccountExpired = "account-expired", Caller, Never,
        "The account has expired.", "Ask an administrator to extend the account first.";
    /// No entry for the account, or one that is excluded: the caller is not told which.
    NoSuchAccount = "no-such-account", Caller, Never,
        "There is no such account here.", "Check the account name; the detail says which base and filter were searched.";
    /// The operator excluded the entry from every operation.
    AccountExcluded = "account-excluded", Operator, Never,
        "There is no such account here.",
        "The entry matches the connector's `exclude` filter; such accounts are managed in the directory itself.";
    /// More than one entry.
    AccountAmbiguous = "account-ambiguous", Operator, Never,
        "The account name does not mean exactly one account.",
        "Make `[ldap.locate]` in the connector's file narrower, so that it finds exactly one entry for each account.";
    /// No connector answers for the account.
    NoConnector = "no-connector", Operator, Never,
        "No connector answers for this account.",
        "Add a pattern that matches the account to `accounts` in a connector's file; `portcullis connectors` lists them.";
    /// No connector has the name that the caller gave.
    UnknownConnector = "unknown-connector", Caller, Never,
        "There is no connector of this name.", "Name one that the detail or `portcullis connectors` lists; a connector is called like its file, without .toml.";
    /// The connector that was to do it does not run any more.
    ConnectorWithdrawn = "connector-withdrawn", Operator, Later,
        "The operation cannot be carried out at the moment.", "Put the connector's file back, or cancel what waits for it; `portcullis connectors` shows its state.";
    /// More than one connector answers for the account.
    ConnectorAmbiguous = "connector-ambiguous", Operator, Never,
        "More than one connector answers for this account.",
        "Make the `accounts` patterns disjoint, or name the connector with --connector.";
    /// The operator did not grant this kind of operation.
    OperationNotGranted = "operation-not-granted", Operator, Never,
        "This operation is not allowed for this account.", "Add the operation to `operations` in the connector's file.";
    /// The plugin does not export the interface.
    OperationNotOffered = "operation-not-offered", Plugin, Never,
        "This operation is not possible for this account.",
        "The plugin does not export the interface for it: `portcullis inspect` shows what it exports.";
    /// A capability call was denied.
    NotGranted = "not-granted", Operator, Never,
        "The connector is not allowed to do this.", "Compare the denial with the connector's file; `portcullis audit` says which grant is missing. Ask the plugin's vendor why it needs it before you add it.";
    /// The service account lacks a right.
    DirectoryDenied = "directory-denied", Operator, Never,
        "The directory did not allow the connector to do this.", "Give the connector's service account the right in the directory.";
    /// The directory refused the service account itself.
    ServiceAccountRefused = "service-account-refused", Operator, Never,
        "The connector is not set up correctly.", "Correct `bind-dn` or the password that `bind-password` names, and look whether the service account is locked.";
    /// Another kind of directory than the connector serves.
    WrongDirectory = "wrong-directory", Operator, Never,
        "The connector does not fit the directory.", "Choose the plugin for this kind of directory, or correct the URL.";
    /// A setting is missing or makes no sense.
    Misconfigured = "misconfigured", Operator, Never,
        "The connector is not set up correctly.", "Correct what the detail names.";
    /// A password would travel in the clear.
    ConnectionUnprotected = "connection-unprotected", Operator, Never,
        "The way to the directory is not protected.", "Use ldaps://, ldapi://, or ldap:// with `start-tls = true`.";
    /// The file is no plugin that the host can run.
    PluginUnusable = "plugin-unusable", Plugin, Never,
        "The connector cannot be loaded.", "Build the plugin as a WebAssembly component; `portcullis inspect` says what is wrong with the file.";
    /// There is no such file, or it is none: a folder, a pipe, larger than any plugin.
    PluginUnreadable = "plugin-unreadable", Operator, Never,
        "The connector's file cannot be read.", "Name the plugin's file: a regular one of at most 64 MiB that this user may read.";
    /// The plugin imports what it was not granted.
    PluginNotGranted = "plugin-not-granted", Operator, Never,
        "The connector asks for more than it was granted.", "Add a section that the detail names to the connector's file if you trust the plugin with it; with an interface that no connector gets, or to read passwords, ask the plugin's vendor why it imports that.";
    /// The plugin's bytes are not the ones that were pinned.
    PluginChanged = "plugin-changed", Operator, Never,
        "The connector's file is not the one that was approved.", "Find out who changed the file; pin its new digest in `sha256` only after it was reviewed.";
    /// Nobody approved these bytes for the service.
    PluginNotApproved = "plugin-not-approved", Operator, Never,
        "The connector was not approved.", "If the file was changed, find out by whom; `portcullis approve` shows what it asks for and what is new, and lets it run if you trust it with that.";
    /// The ceiling wants a signature that the plugin does not have.
    PluginNotSigned = "plugin-not-signed", Operator, Never,
        "The connector is not signed by anybody who is trusted here.", "Put the vendor's signature beside the plugin, as `NAME.wasm.minisig`; which signers are trusted is for the security team to say in the ceiling.";
    /// Somebody who is trusted signed, and not these bytes or not these words.
    SignatureBroken = "signature-broken", Operator, Never,
        "The connector's signature does not fit.", "Get the plugin and its signature from the vendor again, both; if they fit there, somebody changed the one here: find out who.";
    /// The connector's file grants more than the security team allows any connector.
    AboveCeiling = "above-ceiling", Operator, Never,
        "The connector is allowed more than the security policy permits.", "Take out of the connector's file what the detail names, or ask the security team to raise the ceiling.";
    /// The plugin trapped.
    PluginTrapped = "plugin-trapped", Plugin, Never,
        "The connector broke down.", "Report the trap that the detail names to the plugin's vendor.";
    /// The plugin went over a limit.
    PluginLimit = "plugin-limit", Plugin, Never,
        "The connector used more than it may.", "Report it to the plugin's vendor, or raise the limit in `[limits]` if the need is honest.";
    /// The operation took too long.
    OperationTimeout = "operation-timeout", Directory, Later,
        "The operation took too long.", "Look whether the directory is slow; `time` in `[limits]` is the longest an operation may take.";
    /// The plugin said something that cannot be true.
    PluginUntrue = "plugin-untrue", Plugin, Never,
        "The connector gave an answer that cannot be true.", "Report it to the plugin's vendor; --trace shows what the host saw.";
    /// The plugin reported a fault of its own.
    PluginFault = "plugin-fault", Plugin, Never,
        "The connector failed.", "Report the detail to the plugin's vendor.";
    /// The connector did a part of what was asked, and reports no fault for the rest.
    LeftOut = "left-out", Plugin, Never,
        "Not everything that was asked for was done.", "Do the rest in the directory, or choose a plugin that can.";
    /// No server could be reached.
    DirectoryUnavailable = "directory-unavailable", Directory, Later,
        "The directory cannot be reached at the moment.", "Look at the servers in `urls`, the network between, and the certificate.";
    /// Refused for another reason.
    DirectoryRefused = "directory-refused", Directory, Never,
        "The directory refused.", "The detail holds the directory's own words.";
    /// An answer that no directory may give.
    DirectoryNonsense = "directory-nonsense", Directory, Never,
        "The directory gave an answer that makes no sense.", "Look at the server's health; the detail says what was wrong with the answer.";
    /// Sent, and nothing came back.
    OutcomeUnknown = "outcome-unknown", Directory, Later,
        "It is not known whether this took effect.", "Sign in with the new password to find out before asking again: a password that was set may be refused as used before.";
    /// A secret of the operator's cannot be read.
    SecretUnreadable = "secret-unreadable", Operator, Never,
        "The connector is not set up correctly.", "Make the file, variable or credential that the detail names readable for the host.";
    /// Too much to do.
    Busy = "busy", Host, Later,
        "Too many operations are under way.", "Try again in a moment, or raise `concurrency` in `[limits]`.";
    /// The service does not know the caller.
    CallerUnknown = "caller-unknown", Caller, Never,
        "The service does not know who is asking.", "Send a token that the service knows, or a client certificate; `portcullis token` makes a token.";
    /// The caller may not ask for this kind of operation, or not for this account, or not read this operation.
    CallerNotAllowed = "caller-not-allowed", Operator, Never,
        "You may not ask for this.", "Add the operation or the account to the caller's section in portcullis.toml if it is meant to be allowed.";
    /// Asked more often than the caller, or anybody for the account, may.
    TooManyRequests = "too-many-requests", Caller, Later,
        "Too many requests.", "Wait as long as the answer says, then ask again.";
    /// What was sent is not what the interface describes.
    RequestMalformed = "request-malformed", Caller, Never,
        "The request cannot be read.", "Compare the request with the interface's description at /v1/openapi.json.";
    /// The same idempotency key with another request.
    IdempotencyKeyReused = "idempotency-key-reused", Caller, Never,
        "The idempotency key was used for another request.", "Use a new key for each new operation, and the same key only to repeat the same request.";
    /// No such operation, or not one that the caller may read.
    NoSuchOperation = "no-such-operation", Caller, Never,
        "There is no such operation.", "Check the id; operations are forgotten after the time that `[journal] keep` says.";
    /// It cannot be cancelled or tried again in the state in which it is.
    NotPossibleNow = "not-possible-now", Caller, Never,
        "This is not possible in the state in which the operation is.", "Read the operation's state first: only what waits can be cancelled, only what waits or is unknown can be tried again.";
    /// Sealed for another operation, account or caller, altered, or by a key that is not the host's.
    SealUnopened = "seal-unopened", Caller, Never,
        "The sealed password does not open.", "Seal the password again for this kind of operation, this account and this caller, with a key that /v1/keys lists.";
    /// The time until which a sealed password counts is over.
    SealExpired = "seal-expired", Caller, Never,
        "The sealed password has expired.", "Seal the password again, with a later expiry.";
    /// A sealed password is remembered for a day after its operation, so it must not be good for longer.
    SealTooLong = "seal-too-long", Caller, Never,
        "The sealed password is good for too long.", "Seal the password again, with an expiry within the next 24 hours.";
    /// Sealed with a key that is no longer accepted.
    SealKeyRetired = "seal-key-retired", Caller, Never,
        "The sealed password was made with a key that is no longer accepted.", "Fetch /v1/keys again, and seal the password with the current key.";
    /// A sealed password is good for one operation.
    SealReplayed = "seal-replayed", Caller, Never,
        "The sealed password was used before.", "Seal the password again: each sealed password is good for one operation.";
    /// A newer operation for the same account took its place.
    Superseded = "superseded", Caller, Never,
        "A newer operation for the same account took the place of this one.", "Look at the newer operation; this one was not carried out.";
    /// Somebody who may do so took it back before it was carried out.
    Cancelled = "cancelled", Caller, Never,
        "The operation was cancelled before it was carried out.", "Ask again if it is still wanted.";
    /// The life of the operation ended before it could be carried out.
    DeadlinePassed = "deadline-passed", Directory, Never,
        "The operation could not be carried out in time.", "Look at the last fault in `portcullis operations show`, and ask again once the directory can be reached.";
    /// The service is stopping.
    Stopping = "stopping", Host, Later,
        "The service is stopping.", "Try again in a moment.";
    /// The journal cannot be written: nothing is accepted that could be lost.
    JournalUnwritable = "journal-unwritable", Host, Later,
        "The service cannot take operations at the moment.", "Look at the state folder: the disk may be full, or the service may not write there.";
    /// A file of recordings that was cut, changed or made by another version.
    RecordingUnusable = "recording-unusable", Operator, Never,
        "The recording cannot be used.", "Record the operations again with this version; the detail names the file and the line.";
    /// A file that was named on the command line cannot be used.
    FileUnusable = "file-unusable", Operator, Never,
        "A file cannot be used.", "Look at what the detail names: whether it and its folder are there, what it is, and who may read and write it.";
    /// A command needs the service, and none runs on the state folder.
    ServiceNotRunning = "service-not-running", Operator, Later,
        "The service does not run.", "Start the service with `portcullis serve`, or name the state folder of the one that runs with --state.";
    /// The audit log cannot be written: nothing happens that would leave no trace.
    AuditUnwritable = "audit-unwritable", Host, Later,
        "Portcullis cannot take operations at the moment.", "Look at the folder `audit` in the state folder: the disk may be full, or this user may not write there (name another folder with --state).";
    /// The files of the audit log or its key are not what they were: nothing happens until somebody has looked.
    AuditDamaged = "audit-damaged", Operator, Never,
        "Portcullis cannot take operations at the moment.", "Find out who changed the audit log or its key (`portcullis audit verify`), and do what the detail says.";
    /// What an operation did is not in the audit log, as that could not be written any more.
    AuditIncomplete = "audit-incomplete", Host, Never,
        "It was done, and the record of it is not complete.", "Do not repeat the operation. Make the audit log writable again; its next line says how many facts are `lost`.";
    /// Another service has the state folder.
    StateInUse = "state-in-use", Operator, Never,
        "The service cannot be started.", "Stop the service that has the state folder, or name another folder with --state.";
    /// Portcullis itself.
    HostInternal = "host-internal", Host, Never,
        "Portcullis failed.", "Report the detail to the makers of Portcullis.";
}

impl fmt::Display for FaultCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for FaultCode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// Why an operation was not done. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {detail}")]
pub struct Fault {
    /// What went wrong.
    pub code: FaultCode,
    /// For the operator: what happened and where. The caller never reads it.
    pub detail: String,
    /// The number that belongs to the code: the minimum length, the seconds to wait.
    pub limit: Option<u32>,
}

impl Fault {
    /// A fault with the operator's text.
    #[must_use]
    pub fn new(code: FaultCode, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), limit: None }
    }

    /// With the number that belongs to the code.
    #[must_use]
    pub fn with_limit(mut self, limit: Option<u32>) -> Self {
        self.limit = limit;
        self
    }

    /// What the caller reads: one or two sentences, nothing of the directory's or the configuration's.
    #[must_use]
    pub fn caller_text(&self) -> String {
        let text = self.code.caller_text();
        match (self.code, self.limit) {
            (FaultCode::PasswordTooShort, Some(n)) => format!("{text} It needs at least {n} characters."),
            (FaultCode::PasswordTooYoung, Some(n)) => format!("{text} Wait {n} seconds."),
            _ => text.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_name_of_its_own_and_whole_sentences() {
        let mut names: Vec<_> = FaultCode::ALL.iter().map(|c| c.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), FaultCode::ALL.len());
        for code in FaultCode::ALL {
            for text in [code.caller_text(), code.remedy()] {
                assert!(text.ends_with('.') && text.len() > 15, "{code}: {text}");
                assert!(text.chars().next().is_some_and(char::is_uppercase), "{code}: {text}");
            }
        }
    }

    #[test]
    fn an_excluded_account_looks_to_the_caller_like_none() {
        let text = |code| Fault::new(code, "CN=admin matches (adminCount=1)").caller_text();
        assert_eq!(text(FaultCode::AccountExcluded), text(FaultCode::NoSuchAccount));
    }

    #[test]
    fn the_caller_never_reads_the_operators_text() {
        for code in FaultCode::ALL {
            let fault = Fault::new(*code, "CN=secret-place,DC=corp").with_limit(Some(12));
            assert!(!fault.caller_text().contains("secret-place"), "{code}");
        }
    }

    #[test]
    fn a_number_helps_the_caller() {
        let fault = Fault::new(FaultCode::PasswordTooShort, "19").with_limit(Some(12));
        assert_eq!(fault.caller_text(), "The password is too short for this account. It needs at least 12 characters.");
    }
}
