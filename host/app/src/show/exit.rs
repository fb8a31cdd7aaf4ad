//! Exit codes: a program can tell what happened without reading a word. The table stands in README.md.

use portcullis_model::{Fault, FaultCode, Outcome, Result as Answer, Verdict};

macro_rules! exit_codes {
    ($($(#[$doc:meta])* $variant:ident = $number:literal, $meaning:literal;)*) => {
        /// How a command ended.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum ExitCode { $($(#[$doc])* $variant = $number,)* }

        impl ExitCode {
            /// Every code, in the order of the numbers.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// What `--help` says of it.
            #[must_use]
            pub const fn meaning(self) -> &'static str { match self { $(Self::$variant => $meaning,)* } }
        }
    };
}

exit_codes! {
    /// What was asked for took effect, or the question was answered.
    Done = 0, "done";
    /// Portcullis itself failed.
    Internal = 1, "Portcullis failed";
    /// What was typed makes no sense (clap's own code).
    Usage = 2, "wrong usage";
    /// The directory's password policy refused the password, or it cannot be a password at all.
    RefusedByPolicy = 10, "refused by policy, or not a usable password";
    /// No such account, or not exactly one, or an excluded one.
    NoSuchAccount = 11, "no such account, or not exactly one, or an excluded one";
    /// The operator's grants do not allow it.
    NotGranted = 12, "not granted";
    /// The directory cannot be reached, or answers nonsense.
    DirectoryUnreachable = 13, "directory unreachable";
    /// It is not known whether it took effect.
    OutcomeUnknown = 14, "outcome unknown";
    /// The password was set, and something else that was asked for was not done.
    DoneInPart = 15, "done in part: the password was set, something else was not, or is not in the audit log";
    /// The old password is wrong, or the account's state does not allow it.
    AccountRefused = 16, "wrong old password, or the account is locked, disabled or expired";
    /// A connector's file, secret or setting is wrong, or it met another kind of directory.
    Configuration = 17, "configuration";
    /// The plugin failed, lied, went over a limit, or cannot be loaded.
    Plugin = 18, "plugin";
    /// The directory refused for another reason, or the service account lacks a right.
    DirectoryRefused = 19, "the directory refused for another reason";
    /// `verify`: the password is not the account's, or the account cannot sign in with it.
    NotVerified = 20, "`verify`: the password is not the account's, or the account cannot sign in";
    /// An operation of the service that was superseded or cancelled.
    NotCarriedOut = 21, "superseded by a newer operation, or cancelled";
    /// `doctor`: everything works, and something should be looked at.
    Warnings = 22, "`doctor`: it works, with warnings";
    /// `audit`: something stands against what it should be; `alarms`: there are some.
    AuditFindings = 23, "`audit`: there are findings, or the log is not as it was written; `alarms`: there are some";
    /// `replay`: something would have gone another way, or it cannot be told.
    Diverges = 24, "`replay`: an operation would have gone another way, or that cannot be told";
}

impl ExitCode {
    /// The table for `--help`, a line for each code.
    #[must_use]
    pub fn table() -> String {
        let line = |code: &Self| format!("\n  {:>2}  {}", *code as u8, code.meaning());
        "Exit codes:".to_owned() + &Self::ALL.iter().map(line).collect::<String>()
    }

    /// The code of an outcome.
    #[must_use]
    pub fn of(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Done(receipt) if receipt.shortfall.is_some() => Self::DoneInPart,
            Outcome::Done(receipt) => match receipt.result {
                Answer::Verdict(Verdict::Valid | Verdict::MustChange) | Answer::Nothing | Answer::Status(_) => {
                    Self::Done
                }
                Answer::Verdict(Verdict::Invalid | Verdict::Locked | Verdict::Disabled) => Self::NotVerified,
            },
            Outcome::Unknown(_) => Self::OutcomeUnknown,
            Outcome::Refused(fault) => Self::of_fault(fault),
        }
    }

    /// The code of a fault.
    #[must_use]
    pub fn of_fault(fault: &Fault) -> Self {
        use FaultCode as F;
        match fault.code {
            F::PasswordTooShort
            | F::PasswordTooSimple
            | F::PasswordInHistory
            | F::PasswordTooYoung
            | F::PasswordRejected
            | F::PasswordUnusable => Self::RefusedByPolicy,
            F::AccountUnusable | F::NoSuchAccount | F::AccountExcluded | F::AccountAmbiguous | F::NoConnector => {
                Self::NoSuchAccount
            }
            F::PasswordMissing
            | F::PasswordMistyped
            | F::UnknownConnector
            | F::RequestMalformed
            | F::IdempotencyKeyReused
            | F::NoSuchOperation
            | F::NotPossibleNow
            | F::SealUnopened
            | F::SealExpired
            | F::SealTooLong
            | F::SealKeyRetired
            | F::SealReplayed
            | F::RecordingUnusable
            | F::FileUnusable
            | F::ServiceNotRunning => Self::Usage,
            F::OperationNotGranted
            | F::NotGranted
            | F::PluginNotGranted
            | F::PluginNotApproved
            | F::PluginNotSigned
            | F::SignatureBroken
            | F::AboveCeiling
            | F::CallerUnknown
            | F::CallerNotAllowed
            | F::TooManyRequests => Self::NotGranted,
            F::DirectoryUnavailable | F::DirectoryNonsense | F::OperationTimeout | F::DeadlinePassed => {
                Self::DirectoryUnreachable
            }
            F::OutcomeUnknown => Self::OutcomeUnknown,
            F::WrongPassword | F::AccountLocked | F::AccountDisabled | F::AccountExpired => Self::AccountRefused,
            F::ConnectorAmbiguous
            | F::WrongDirectory
            | F::Misconfigured
            | F::ServiceAccountRefused
            | F::ConnectionUnprotected
            | F::SecretUnreadable
            | F::PluginChanged
            | F::PluginUnreadable
            | F::StateInUse
            | F::ConnectorWithdrawn => Self::Configuration,
            F::OperationNotOffered
            | F::PluginUnusable
            | F::PluginTrapped
            | F::PluginLimit
            | F::PluginUntrue
            | F::PluginFault
            | F::LeftOut => Self::Plugin,
            F::DirectoryDenied | F::DirectoryRefused => Self::DirectoryRefused,
            F::Superseded | F::Cancelled => Self::NotCarriedOut,
            F::AuditIncomplete => Self::DoneInPart,
            F::Busy | F::HostInternal | F::Stopping | F::JournalUnwritable | F::AuditUnwritable | F::AuditDamaged => {
                Self::Internal
            }
        }
    }
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code as u8)
    }
}
