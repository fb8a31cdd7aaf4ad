//! Whether a changed connector may take the place of the one that runs.

use std::time::Duration;

use portcullis_model::{Fault, FaultCode, Retry, Trace};

use crate::check::{self, Finding};
use crate::connector::Connector;

/// The longest that a candidate is looked at: others wait for their turn.
const LONGEST: Duration = Duration::from_secs(30);

/// How often a candidate is looked at again at once, because the host was busy, and how long it waits in between.
const BUSY: (u32, Duration) = (20, Duration::from_millis(100));

/// What came of looking.
#[derive(Debug)]
pub(super) enum Verdict {
    /// It may take over.
    Good,
    /// Its directory cannot be reached, and neither can the former one's: nothing is lost by taking over, and nothing
    /// is known of the new one either.
    Unseen(Fault),
    /// It may not, for now.
    Refused(Fault),
}

/// Looks at a candidate, and where its directory is away, at the one that runs.
///
/// A directory that is away says nothing of a candidate. If the former connector does reach its directory, it is the
/// better one: it stays, and the candidate is tried again later. If it does not, waiting would only keep an operator from
/// repairing what is broken (a server's new name, a new certificate authority): the candidate takes over.
///
/// What the candidate asked of the host meanwhile is in the trace.
pub(super) async fn verify(candidate: &Connector, former: &Connector, trace: &Trace) -> Verdict {
    match tokio::time::timeout(LONGEST, look(candidate, former, trace)).await {
        Ok(verdict) => verdict,
        Err(_) => {
            let text = format!("the check did not end within {} s", LONGEST.as_secs());
            Verdict::Refused(Fault::new(FaultCode::OperationTimeout, text))
        }
    }
}

async fn look(candidate: &Connector, former: &Connector, trace: &Trace) -> Verdict {
    let mut fault = first_problem(&check::look_traced(candidate, trace).await);
    for _ in 0..BUSY.0 {
        if fault.as_ref().is_none_or(|fault| fault.code != FaultCode::Busy) {
            break;
        }
        tokio::time::sleep(BUSY.1).await;
        fault = first_problem(&check::look_traced(candidate, trace).await);
    }
    match fault {
        None => Verdict::Good,
        Some(fault) if fault.code == FaultCode::DirectoryUnavailable && !check::reaches(former).await => {
            Verdict::Unseen(fault)
        }
        Some(fault) => Verdict::Refused(fault),
    }
}

/// The problem to tell. One that goes away by itself comes first: the others may be only its consequences.
pub(super) fn first_problem(findings: &[Finding]) -> Option<Fault> {
    let problems = || findings.iter().filter_map(|finding| Some((finding.fault?, finding)));
    let later = problems().find(|(code, _)| code.retry() == Retry::Later);
    later.or_else(|| problems().next()).map(|(code, finding)| {
        let remedy = if finding.remedy.is_empty() { String::new() } else { format!(" ({})", finding.remedy) };
        Fault::new(code, format!("its check found: {}{remedy}", finding.text))
    })
}
