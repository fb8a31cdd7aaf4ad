use std::time::Duration;

use portcullis_model::{Login, Password, ResetOptions};

use super::*;

fn reset(options: ResetOptions) -> Operation {
    let new = Password::new("Tr0ub4dor&3".to_owned()).unwrap();
    Operation::reset(Login::new("alice").unwrap(), new, options).unwrap()
}

fn unlock() -> Operation {
    Operation::unlock(Login::new("alice").unwrap()).unwrap()
}

fn claims(effects: &[Effect]) -> Result<Result<Returned, Fault>, Ended> {
    Ok(Ok(Returned { effects: effects.to_vec(), ..nothing_returned() }))
}

fn faults(code: FaultCode) -> Result<Result<Returned, Fault>, Ended> {
    Ok(Err(Fault::new(code, "the plugin's words")))
}

fn seen(password: PasswordState, written: usize, in_doubt: usize) -> Seen {
    Seen { password, written, in_doubt, ..Seen::default() }
}

fn known(operation: &Operation, ended: Result<Result<Returned, Fault>, Ended>, seen: &Seen) -> Known {
    compare(operation, ended, seen, &Trace::default())
}

#[test]
fn a_success_that_the_host_did_not_see_is_untrue() {
    let operation = reset(ResetOptions::default());
    for state in [PasswordState::NotSent, PasswordState::Refused] {
        let known = known(&operation, claims(&[Effect::PasswordSet]), &seen(state, 0, 0));
        assert!(matches!(known, Known::Nothing(fault) if fault.code == FaultCode::PluginUntrue), "{state:?}");
    }
    let known = known(&unlock(), claims(&[Effect::Unlocked]), &Seen::default());
    assert!(matches!(known, Known::Nothing(fault) if fault.code == FaultCode::PluginUntrue));
}

#[test]
fn what_was_written_is_done_whatever_the_plugin_says_afterwards() {
    let operation = reset(ResetOptions::default());
    let written = seen(PasswordState::Written, 1, 0);
    for ended in [
        faults(FaultCode::DirectoryDenied),
        Err(Ended::Trapped("unreachable".into())),
        Err(Ended::Time(Duration::from_secs(1))),
        Err(Ended::Panicked("x".into())),
    ] {
        let Known::Done { returned, shortfall } = known(&operation, ended, &written) else { panic!("not done") };
        assert_eq!(returned.effects, [Effect::PasswordSet]);
        assert!(shortfall.is_some());
    }
}

#[test]
fn a_password_without_an_answer_is_in_doubt_whatever_the_plugin_says() {
    let operation = reset(ResetOptions::default());
    let doubt = seen(PasswordState::InDoubt, 0, 1);
    for ended in [claims(&[Effect::PasswordSet]), faults(FaultCode::PluginFault), Err(Ended::Trapped("x".into()))] {
        let Known::InDoubt { fault, .. } = known(&operation, ended, &doubt) else { panic!("no doubt") };
        assert_eq!(fault.code, FaultCode::OutcomeUnknown);
    }
}

#[test]
fn another_write_without_an_answer_is_never_called_refused() {
    let doubt = seen(PasswordState::NotSent, 0, 1);
    assert!(matches!(known(&unlock(), faults(FaultCode::OutcomeUnknown), &doubt), Known::Unknown(_)));
    assert!(matches!(known(&unlock(), claims(&[Effect::Unlocked]), &doubt), Known::Unknown(_)));
    let operation = reset(ResetOptions::default());
    assert!(matches!(known(&operation, faults(FaultCode::PluginFault), &doubt), Known::Unknown(_)));
}

#[test]
fn a_part_that_took_effect_is_never_called_refused() {
    let operation = reset(ResetOptions::default());
    let part = seen(PasswordState::Refused, 1, 0);
    let Known::Done { shortfall, returned } = known(&operation, faults(FaultCode::PasswordTooShort), &part) else {
        panic!("refused although something was written")
    };
    assert_eq!(shortfall.map(|fault| fault.code), Some(FaultCode::PasswordTooShort));
    assert_eq!(returned.effects, []);
}

#[test]
fn the_unlock_in_doubt_after_a_password_is_a_shortfall() {
    let operation = reset(ResetOptions::default());
    let Known::Done { shortfall, .. } =
        known(&operation, claims(&[Effect::PasswordSet]), &seen(PasswordState::Written, 1, 1))
    else {
        panic!("not done")
    };
    assert_eq!(shortfall.map(|fault| fault.code), Some(FaultCode::OutcomeUnknown));
}

#[test]
fn a_plugin_cannot_invent_a_doubt() {
    let known = known(&reset(ResetOptions::default()), faults(FaultCode::OutcomeUnknown), &Seen::default());
    assert!(matches!(known, Known::Nothing(fault) if fault.code == FaultCode::PluginUntrue));
}

#[test]
fn what_was_asked_for_and_left_out_is_said() {
    let operation = reset(ResetOptions { must_change: true, unlock: true });
    let only = Returned { effects: vec![Effect::PasswordSet, Effect::Unlocked], ..nothing_returned() };
    let fault = left_out(&operation, &only).unwrap();
    assert_eq!(fault.code, FaultCode::LeftOut);
    assert!(fault.detail.contains("does not name the change at the next sign-in"), "{fault}");
    let all =
        Returned { effects: vec![Effect::PasswordSet, Effect::Unlocked, Effect::ChangeRequired], ..nothing_returned() };
    assert_eq!(left_out(&operation, &all), None);
}

#[test]
fn what_cannot_be_seen_is_not_known_and_nobody_is_blamed() {
    let operation = reset(ResetOptions { must_change: false, unlock: true });
    let only = Returned { effects: vec![Effect::PasswordSet], ..nothing_returned() };
    let doubt = Fault::new(FaultCode::OutcomeUnknown, "no answer");
    let fault = left_in_doubt(&operation, &only, &doubt).unwrap();
    assert_eq!(fault.code, FaultCode::OutcomeUnknown);
    assert!(fault.detail.contains("whether the unlock took effect too is not known"), "{fault}");
    assert_eq!(left_in_doubt(&reset(ResetOptions::default()), &only, &doubt), None);
}

#[test]
fn the_host_knows_the_cause_better_than_the_plugin() {
    let operation = reset(ResetOptions::default());
    let clear = Seen { unprotected: Some("ldap://x".into()), ..Seen::default() };
    let Known::Nothing(fault) = known(&operation, faults(FaultCode::DirectoryUnavailable), &clear) else { panic!() };
    assert_eq!(fault.code, FaultCode::ConnectionUnprotected);
    let denied = Seen { denied: Some("ldap.modify x: not writable".into()), ..Seen::default() };
    let Known::Nothing(fault) = known(&operation, faults(FaultCode::NotGranted), &denied) else { panic!() };
    assert_eq!(fault.detail, "ldap.modify x: not writable");
}

#[test]
fn who_runs_out_of_time_while_waiting_is_not_to_blame() {
    let operation = reset(ResetOptions::default());
    let late = || Err(Ended::Time(Duration::from_secs(1)));
    let Known::Nothing(fault) = known(&operation, late(), &Seen { waiting: true, ..Seen::default() }) else { panic!() };
    assert_eq!(fault.code, FaultCode::OperationTimeout);
    let Known::Nothing(fault) = known(&operation, late(), &Seen::default()) else { panic!() };
    assert_eq!(fault.code, FaultCode::PluginLimit);
}

fn verdict(verdict: Verdict) -> Result<Result<Returned, Fault>, Ended> {
    Ok(Ok(Returned { result: Answer::Verdict(verdict), ..nothing_returned() }))
}

#[test]
fn a_password_is_right_only_if_the_directory_said_so() {
    let candidate = Password::new("Tr0ub4dor&3".to_owned()).unwrap();
    let operation = Operation::verify(Login::new("alice").unwrap(), candidate).unwrap();
    let answered = |code, diagnostic: &str| {
        let (diagnostic, server) = (diagnostic.to_owned(), "s".to_owned());
        let candidate = Some(portcullis_directory::Answer { code, diagnostic, controls: Vec::new(), server });
        Seen { candidate, ..Seen::default() }
    };
    let must_change = "80090308: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, data 773, v1db1";
    let told = |word, seen: &Seen| match known(&operation, verdict(word), seen) {
        Known::Done { .. } => true,
        Known::Nothing(fault) if fault.code == FaultCode::PluginUntrue => false,
        other => panic!("{other:?}"),
    };
    for word in [Verdict::Valid, Verdict::MustChange] {
        assert!(!told(word, &Seen::default()), "{word:?} without a bind");
        assert!(!told(word, &answered(49, "")), "{word:?} after a refusal");
        assert!(told(word, &answered(0, "")), "{word:?}");
    }
    assert!(told(Verdict::MustChange, &answered(49, must_change)) && !told(Verdict::Valid, &answered(49, must_change)));
    for word in [Verdict::Invalid, Verdict::Locked, Verdict::Disabled] {
        assert!(told(word, &Seen::default()), "{word:?} is the plugin's to say");
    }
}
