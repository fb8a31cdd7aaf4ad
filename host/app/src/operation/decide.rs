//! What is known after the plugin ended: its own words against what the host saw. Pure, so that every row of the table
//! is a test.

use portcullis_capabilities::{PasswordState, Returned, Seen};
use portcullis_model::{Effect, Event, Fault, FaultCode, Operation, Passwords, Result as Answer, Trace, Verdict};
use portcullis_sandbox::Ended;

use super::confirm;

/// What is known before anybody looked at the directory again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Known {
    /// Nothing took effect.
    Nothing(Fault),
    /// It took effect, perhaps in part.
    Done {
        /// What the plugin returned, with only such effects as the host saw.
        returned: Returned,
        /// What did not take effect.
        shortfall: Option<Fault>,
    },
    /// The password was sent and no answer came: looking can tell.
    InDoubt {
        /// What will have taken effect if it did.
        returned: Returned,
        /// What happened.
        fault: Fault,
    },
    /// Something was sent, no answer came, and looking cannot tell.
    Unknown(Fault),
}

/// Compares what the plugin says with what the host saw. The host's own eyes decide what took effect; the plugin's
/// words only add why something did not.
pub(super) fn compare(
    operation: &Operation,
    ended: Result<Result<Returned, Fault>, Ended>,
    seen: &Seen,
    trace: &Trace,
) -> Known {
    let (claimed, fault) = match ended {
        Ok(Ok(returned)) => (returned, None),
        Ok(Err(fault)) => (nothing_returned(), Some(explained(fault, seen))),
        Err(ended) => {
            let fault = ended_fault(&ended, seen);
            trace.record(Event::PluginEnded { code: fault.code, reason: fault.detail.clone() });
            (nothing_returned(), Some(fault))
        }
    };
    if !operation.kind.writes() {
        return fault.map_or_else(|| question(claimed, seen), Known::Nothing);
    }
    if operation.kind.sets_password() { password(claimed, fault, seen) } else { other(claimed, fault, seen) }
}

/// Whoever is told that a password is right may let somebody in by it, so the directory has to have said so. That one is
/// wrong, or cannot be used, is the plugin's to say.
fn question(claimed: Returned, seen: &Seen) -> Known {
    let told = match claimed.result {
        Answer::Verdict(Verdict::Valid) => seen.candidate.as_ref().is_some_and(|answer| answer.code == 0),
        Answer::Verdict(Verdict::MustChange) => seen.candidate.as_ref().is_some_and(confirm::is_right),
        _ => true,
    };
    if told {
        return Known::Done { returned: claimed, shortfall: None };
    }
    let text = "it calls the password right, and the host saw no bind that says so";
    Known::Nothing(Fault::new(FaultCode::PluginUntrue, text))
}

fn password(mut claimed: Returned, fault: Option<Fault>, seen: &Seen) -> Known {
    match seen.password {
        PasswordState::Written => {
            if !claimed.effects.contains(&Effect::PasswordSet) {
                claimed.effects.insert(0, Effect::PasswordSet);
            }
            let doubt = (seen.in_doubt > 0).then(|| in_doubt(seen));
            Known::Done { returned: claimed, shortfall: doubt.or(fault) }
        }
        PasswordState::InDoubt => {
            let returned = Returned { effects: vec![Effect::PasswordSet], ..claimed };
            Known::InDoubt { returned, fault: in_doubt(seen) }
        }
        PasswordState::NotSent | PasswordState::Refused => {
            let fault = fault.unwrap_or_else(|| {
                let text = "it reports success, and the host saw no password accepted by the directory";
                Fault::new(FaultCode::PluginUntrue, text)
            });
            claimed.effects.retain(|effect| *effect != Effect::PasswordSet);
            without_password(claimed, fault, seen)
        }
    }
}

fn other(claimed: Returned, fault: Option<Fault>, seen: &Seen) -> Known {
    if let Some(fault) = fault {
        return without_password(claimed, fault, seen);
    }
    if seen.in_doubt > 0 {
        return Known::Unknown(in_doubt(seen));
    }
    if claimed.effects.contains(&Effect::PasswordSet) || (!claimed.effects.is_empty() && seen.written == 0) {
        let text = "it reports an effect, and the host saw no such write accepted by the directory";
        return Known::Nothing(Fault::new(FaultCode::PluginUntrue, text));
    }
    Known::Done { returned: claimed, shortfall: None }
}

/// What was asked for did not happen. If something else did, it must not be called "refused".
fn without_password(claimed: Returned, fault: Fault, seen: &Seen) -> Known {
    if seen.in_doubt > 0 {
        Known::Unknown(in_doubt(seen))
    } else if seen.written > 0 {
        Known::Done { returned: claimed, shortfall: Some(fault) }
    } else if fault.code == FaultCode::OutcomeUnknown {
        let text = "it reports an unknown outcome, and the host saw nothing sent that was not answered";
        Known::Nothing(Fault::new(FaultCode::PluginUntrue, text))
    } else {
        Known::Nothing(fault)
    }
}

/// What the caller asked for besides the password and the plugin does not claim.
pub(super) fn left_out(operation: &Operation, returned: &Returned) -> Option<Fault> {
    let what = besides(operation, returned)?;
    Some(Fault::new(FaultCode::LeftOut, format!("the password was set; the connector's receipt does not name {what}")))
}

/// The same where the password was sent, no answer came, and looking showed the password: of the rest, which may have
/// gone in another request, nothing can be seen. That is nobody's lie.
pub(super) fn left_in_doubt(operation: &Operation, returned: &Returned, fault: &Fault) -> Option<Fault> {
    let what = besides(operation, returned)?;
    let text = format!("the password was set; whether {what} took effect too is not known: {}", fault.detail);
    Some(Fault::new(fault.code, text))
}

fn besides(operation: &Operation, returned: &Returned) -> Option<&'static str> {
    let Passwords::New(_, options) = &operation.passwords else { return None };
    let lacks = |asked: bool, effect| asked && !returned.effects.contains(&effect);
    match (lacks(options.must_change, Effect::ChangeRequired), lacks(options.unlock, Effect::Unlocked)) {
        (false, false) => None,
        (true, false) => Some("the change at the next sign-in"),
        (false, true) => Some("the unlock"),
        (true, true) => Some("the change at the next sign-in and the unlock"),
    }
}

fn in_doubt(seen: &Seen) -> Fault {
    let how = seen
        .unreachable
        .clone()
        .unwrap_or_else(|| "the operation ended while the directory had not answered yet".into());
    Fault::new(FaultCode::OutcomeUnknown, how)
}

/// The plugin's fault with the host's better knowledge of the cause.
fn explained(fault: Fault, seen: &Seen) -> Fault {
    if let Some(unintended) = &seen.unintended {
        return unintended.clone();
    }
    let better = |code, why: &Option<String>| why.as_ref().map(|why| Fault::new(code, why.clone()));
    better(FaultCode::ConnectionUnprotected, &seen.unprotected)
        .or_else(|| better(FaultCode::ServiceAccountRefused, &seen.service_account))
        .or_else(|| match fault.code {
            FaultCode::NotGranted => better(fault.code, &seen.denied),
            FaultCode::DirectoryUnavailable => better(fault.code, &seen.unreachable),
            _ => None,
        })
        .unwrap_or(fault)
}

fn ended_fault(ended: &Ended, seen: &Seen) -> Fault {
    if let Some(unintended) = &seen.unintended {
        return unintended.clone();
    }
    let code = match ended {
        Ended::Busy(_) => FaultCode::Busy,
        Ended::Time(_) if seen.waiting => FaultCode::OperationTimeout,
        // It ran, or slept, and waited for nobody.
        Ended::Limit(_) | Ended::Time(_) => FaultCode::PluginLimit,
        Ended::Trapped(_) => FaultCode::PluginTrapped,
        Ended::Panicked(_) => FaultCode::HostInternal,
    };
    Fault::new(code, ended.to_string())
}

fn nothing_returned() -> Returned {
    Returned { effects: Vec::new(), notes: Vec::new(), result: Answer::Nothing }
}

#[cfg(test)]
#[path = "decide_tests.rs"]
mod tests;
