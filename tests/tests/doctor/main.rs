//! `portcullis doctor` on real servers: each thing that can be wrong is found, named, and given its remedy; nothing is
//! written but by the test reset.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, in its helpers too")]

mod besides;
mod connectivity;
mod rights;
mod servers;
mod text;

use std::sync::LazyLock;
use std::time::Duration;

use portcullis::ceiling::Ceiling;
use portcullis::doctor::{self, Examination, Finding, Mark, Step, StepName, Wanted};
use portcullis::service::registry::approval::Approvals;
use portcullis_audit::AuditLog;
use portcullis_model::{Fault, Login};
use portcullis_tests::harness::{Draft, sandbox};
use tempfile::TempDir;

/// Where test resets are written down, and who typed them.
type Audit = std::result::Result<(AuditLog, String), Fault>;

fn audit() -> &'static Audit {
    static LOG: LazyLock<(TempDir, Audit)> = LazyLock::new(|| {
        let state = tempfile::tempdir().unwrap();
        let log = AuditLog::open(state.path()).unwrap();
        (state, Ok((log, "user:tester".to_owned())))
    });
    &LOG.1
}

/// All six steps with this account, or what can be looked at without one.
pub(crate) fn wanted(account: Option<&str>) -> Wanted<'static> {
    Wanted {
        account: account.map(|login| Login::new(login).unwrap()),
        reset: true,
        wait: Duration::from_secs(10),
        ceiling: Ceiling::none(),
        beside: Vec::new(),
        approvals: Ok(Approvals::default()),
        audit: audit(),
        recent: None,
    }
}

/// Examines without a test account.
pub(crate) async fn without_account(draft: &Draft) -> Examination {
    examine(draft, wanted(None)).await
}

/// Looks up the rights on an account's entry, and writes nothing.
pub(crate) async fn without_reset(draft: &Draft, login: &str) -> Examination {
    examine(draft, Wanted { reset: false, ..wanted(Some(login)) }).await
}

/// All six steps.
pub(crate) async fn whole(draft: &Draft, login: &str) -> Examination {
    examine(draft, wanted(Some(login))).await
}

pub(crate) async fn examine(draft: &Draft, wanted: Wanted<'_>) -> Examination {
    let file = draft.load().unwrap_or_else(|problems| panic!("the draft cannot be used: {:#?}", problems.all()));
    let examination = doctor::examine(file, sandbox(), &wanted).await;
    let names: Vec<_> = examination.steps.iter().map(|step| step.name.word()).collect();
    assert_eq!(names, ["configuration", "connectivity", "rights", "test-reset", "every-server", "recent-log"]);
    for finding in examination.steps.iter().flat_map(|step| &step.findings) {
        let wants = matches!(finding.mark, Mark::Warning | Mark::Failed);
        assert_eq!(wants, !finding.remedy.is_empty(), "a remedy for what is wrong, and for nothing else: {finding:?}");
    }
    examination
}

pub(crate) fn step(examination: &Examination, name: StepName) -> &Step {
    examination.steps.iter().find(|step| step.name == name).unwrap()
}

pub(crate) fn mark(examination: &Examination, name: StepName) -> Mark {
    step(examination, name).mark()
}

/// What is wrong in a step.
pub(crate) fn wrong(examination: &Examination, name: StepName) -> Vec<&Finding> {
    step(examination, name).findings.iter().filter(|f| matches!(f.mark, Mark::Warning | Mark::Failed)).collect()
}

/// As [`wrong`], for one thing and no other.
pub(crate) fn the_one(examination: &Examination, name: StepName) -> &Finding {
    let wrong = wrong(examination, name);
    assert_eq!(wrong.len(), 1, "{}", doctor::as_text(std::slice::from_ref(examination)));
    wrong[0]
}
