//! One operation on an account of its own, its folders, and what must be true of it when its last life has ended.

use std::fmt;
use std::sync::Arc;

use portcullis_audit::verify::{Options, verify};
use portcullis_audit::{Fact, Line, read};
use portcullis_journal::{Entry, Filter, Journal, PageRequest, Record, State};
use portcullis_model::{OperationKind, ResetOptions, Use};
use portcullis_seal::KeyRing;
use portcullis_tests::Result;
use portcullis_tests::harness::Draft;
use portcullis_tests::proxy::{Proxy, Request};
use portcullis_tests::servers::{Account, Policy, Server};
use portcullis_tests::service::{Folders, Wanted};

/// A password that the policy takes.
pub(crate) const NEW: &str = "Xylophon_Qu1z_Jumps";
/// One that it does not take.
const SHORT: &str = "Qu1z_J";

/// Looking again and trying again come soon.
pub(crate) const TOML: &str = r#"
[delivery]
retry-first = "100ms"
retry-longest = "1s"
[limits]
account-rate = "1000/s"
"#;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    Reset,
    Sealed,
    ResetUnlockMustChange,
    TooShort,
    Change,
    Unlock,
    Verify,
    Status,
}

impl Asked {
    fn wanted(self, account: &Account) -> Wanted {
        use OperationKind::{AccountStatus, ChangePassword, ResetPassword, UnlockAccount, VerifyPassword};
        let new = |kind, passwords: &[&str]| Wanted::new(kind, &account.login, passwords);
        match self {
            Self::Reset | Self::Sealed => new(ResetPassword, &[NEW]),
            Self::ResetUnlockMustChange => {
                let options = ResetOptions { must_change: true, unlock: true };
                Wanted { options, ..new(ResetPassword, &[NEW]) }
            }
            Self::TooShort => new(ResetPassword, &[SHORT]),
            Self::Change => new(ChangePassword, &[&account.password, NEW]),
            Self::Unlock => new(UnlockAccount, &[]),
            Self::Verify => new(VerifyPassword, &[&account.password]),
            Self::Status => new(AccountStatus, &[]),
        }
    }

    fn begins_locked(self) -> bool {
        matches!(self, Self::Unlock | Self::ResetUnlockMustChange)
    }
}

/// One operation, and everything around it.
pub(crate) struct Scene {
    pub(crate) asked: Asked,
    pub(crate) wanted: Vec<Vec<Wanted>>,
    pub(crate) folders: Folders,
    pub(crate) proxy: Proxy,
    server: Arc<Server>,
    account: Account,
    secrets: Vec<String>,
}

/// What the directory shows.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    /// The new password signs in, or the account is unlocked: all that was asked for.
    pub(crate) all: bool,
    /// The new password signs in, or would if the account were not locked.
    pub(crate) password: bool,
}

impl Scene {
    pub(crate) async fn new(server: &Arc<Server>, asked: Asked) -> Result<Self> {
        let policy = if asked == Asked::ResetUnlockMustChange { Policy::MustChange } else { Policy::Usual };
        let account = server.new_account_with("crash", policy).await?;
        if asked.begins_locked() {
            server.lock(&account).await?;
        }
        let proxy = Proxy::tls(server.facts()).await?;
        let folders = Folders::new(TOML).with("people", Draft::of(server).through(&proxy));
        let wanted = asked.wanted(&account);
        let secrets = wanted.passwords.clone();
        let wanted = if asked == Asked::Sealed { wanted.sealed(&KeyRing::open(folders.state())?)? } else { wanted };
        Ok(Self { asked, wanted: vec![vec![wanted]], folders, proxy, server: Arc::clone(server), account, secrets })
    }

    /// How many requests came that may change something.
    pub(crate) fn writes(&self) -> usize {
        self.proxy.count(Request::Modify) + self.proxy.count(Request::Extended)
    }

    /// What the journal holds: exactly one operation, with its history.
    pub(crate) async fn journal(&self) -> Result<(Record, Vec<Entry>)> {
        let reader = Journal::read_only(self.folders.state())?;
        let page = reader.list(Filter::default(), PageRequest::default()).await?;
        let [record] = <[Record; 1]>::try_from(page.records).map_err(|all| format!("not one operation: {all:?}"))?;
        let history = reader.history(&record.id).await?;
        Ok((record, history))
    }

    async fn shown(&self) -> Result<Shown> {
        let dn = &self.account.dn;
        let locked = !self.server.get_attr(dn, "pwdAccountLockedTime").await?.is_empty();
        let must_change = self.server.get_attr(dn, "pwdReset").await? == ["TRUE"];
        let new = match self.asked {
            Asked::Verify | Asked::Status => return Ok(Shown { all: true, password: true }),
            Asked::Unlock => return Ok(Shown { all: !locked, password: false }),
            Asked::TooShort => SHORT,
            _ => NEW,
        };
        // A look that found nothing may have locked it: the question is which password it is.
        self.server.set_attr(dn, "pwdAccountLockedTime", &[]).await?;
        let password = self.server.binds(dn, new).await?;
        let besides = self.asked != Asked::ResetUnlockMustChange || (!locked && must_change);
        Ok(Shown { all: password && besides, password })
    }

    /// What must be true at the end, whatever happened. `before` is the last entry before the last kill.
    pub(crate) async fn is_honest(&self, before: Option<&Entry>, most_writes: usize) -> Result<State> {
        let (record, history) = self.journal().await?;
        let told = Told { asked: self.asked, record: &record, history: &history };
        let replayed = State::replay(history.iter().map(|entry| &entry.event));
        assert_eq!(replayed, Ok(Some(record.state)), "{told}");
        let shown = self.shown().await?;
        match record.state {
            State::Done => {
                // Done in part says so: the password is set, and what else was asked for is not known.
                let in_part = record.outcome.as_ref().is_some_and(|receipt| receipt.get("shortfall").is_some());
                assert!(shown.all || (in_part && shown.password), "done, and it does not show: {shown:?}\n{told}");
            }
            State::Refused => assert!(!shown.password, "refused, and it shows\n{told}"),
            State::Unknown => {
                let acting = before.is_some_and(|entry| entry.state != State::Waiting);
                assert!(acting, "unknown, and nothing can have been sent\n{told}");
                let cannot_show = matches!(self.asked, Asked::Verify | Asked::Status);
                assert!(cannot_show || !shown.all, "unknown, and it shows\n{told}");
            }
            other => panic!("{other} is no end\n{told}"),
        }
        let writes = self.writes();
        assert!(writes <= most_writes, "{writes} writes where {most_writes} are enough\n{told}");
        assert!(!record.has_password || record.state == State::Unknown, "a password rests in the journal\n{told}");
        self.left_a_trace(&record, &shown, before.is_some(), &told)?;
        let found = self.folders.files_with(&self.secrets);
        assert!(found.is_empty(), "a password is in {found:?}\n{told}");
        Ok(record.state)
    }
}

impl Scene {
    /// Right after a kill: before a write is sent, it stands in the audit log that it was allowed, and that the `before`
    /// earlier ones were written.
    pub(crate) async fn says_what_was_sent(&self, before: usize) -> Result<()> {
        let (record, _) = self.journal().await?;
        let facts = self.facts(&record)?;
        let allowed = facts.iter().filter(|fact| wrote(fact).next().is_some()).count();
        let written = facts.iter().filter(|fact| matches!(fact, Fact::Written(_))).count();
        assert_eq!((allowed, written), (before + 1, before), "{facts:?}");
        Ok(())
    }

    fn facts(&self, record: &Record) -> Result<Vec<Fact>> {
        let of_this = |line: &Line| line.about.operation.as_deref() == Some(record.id.as_str());
        let lines: Vec<Line> = read(self.folders.state())?.collect::<std::result::Result<_, _>>()?;
        Ok(lines.into_iter().filter(of_this).map(|line| line.fact).collect())
    }

    /// Whatever took effect stands in the audit log, which is whole: what was allowed is written before the effect.
    fn left_a_trace(&self, record: &Record, shown: &Shown, killed: bool, told: &Told<'_>) -> Result<()> {
        let report = verify(self.folders.state(), &Options::default())?;
        assert!(report.is_whole(), "{:?}\n{told}", report.findings);
        let facts = self.facts(record)?;
        let wrote = facts.iter().flat_map(wrote).count();
        let effect = record.kind.writes() && (shown.all || shown.password);
        assert!(!effect || wrote > 0, "it took effect, and nothing says so: {facts:?}\n{told}");
        // A kill right after the journal's last entry leaves no time to tell it: the journal alone has it then.
        let ended =
            killed || matches!(facts.last(), Some(Fact::Reached(reached)) if reached.state == record.state.to_string());
        assert!(ended, "the last fact is another end: {facts:?}\n{told}");
        Ok(())
    }
}

/// The writes that an `allowed` let pass.
fn wrote(fact: &Fact) -> impl Iterator<Item = &Use> {
    let uses = match fact {
        Fact::Allowed(allowed) => allowed.uses.as_slice(),
        _ => &[],
    };
    uses.iter().filter(|used| matches!(used, Use::Write { .. } | Use::SetPassword))
}

/// An operation as a person reads it when a test failed.
struct Told<'a> {
    asked: Asked,
    record: &'a Record,
    history: &'a [Entry],
}

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:?}: {} {:?}", self.asked, self.record.state, self.record.outcome)?;
        self.history.iter().try_for_each(|entry| writeln!(f, "  {} -> {} {:?}", entry.number, entry.state, entry.event))
    }
}
