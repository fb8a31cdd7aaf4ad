//! What stands in the audit log, and that nothing is done where it takes nothing.

use std::fs;
use std::time::{Duration, Instant};

use portcullis::service::Admitted;
use portcullis::service::callers::Caller;
use portcullis_audit::{AuditLog, Fact, Line, read};
use portcullis_journal::State;
use portcullis_model::{FaultCode, Use, UsedValue};

use super::world::{ALICE, RATES, WAIT, World, ask, is_password, reset};

fn lines(world: &World) -> Vec<Line> {
    read(world.state.path()).unwrap().map(Result::unwrap).collect()
}

/// The name of each fact, as it stands in the line.
fn names(lines: &[Line]) -> Vec<String> {
    let name = |line: &Line| serde_json::to_value(line).unwrap()["fact"].as_str().unwrap().to_owned();
    lines.iter().map(name).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_leaves_its_facts_in_their_order() {
    let world = World::new(RATES);
    let service = world.start().await;
    let record = ask(&service, reset(ALICE, "a new password")).await;
    service.close().await;
    let mut lines = lines(&world);
    lines.retain(|line| line.about.operation.as_deref() == Some(record.id.as_str()));
    let names = names(&lines);
    let (first, last) = (&names[..2], &names[names.len() - 4..]);
    assert_eq!(
        (first, last),
        (&["asked".into(), "located".into()][..], &["written", "confirmed", "ended", "reached"].map(String::from)[..]),
        "{names:?}"
    );
    assert!(lines.iter().all(|line| line.about.caller.as_deref() == Some("operator")));
    assert!(lines.iter().all(|line| line.about.connector.as_deref() == Some("mock")));
    let password = Use::Write { attribute: "userpassword".into(), value: UsedValue::Password };
    let used = |line: &Line| matches!(&line.fact, Fact::Allowed(allowed) if allowed.uses.contains(&password));
    assert!(lines.iter().any(used), "{lines:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_log_takes_nothing_nothing_is_sent_and_nothing_more_is_taken() {
    let world = World::new(RATES);
    let service = world.start().await;
    ask(&service, reset(ALICE, "the first password")).await;
    let directory = || fs::read_to_string(world.path("connectors/people.state.ldif")).unwrap();
    let before = directory();
    // Somebody changes the log under the service, which may see it before it is asked for anything.
    let head = world.state.path().join("audit/audit.head");
    let record = loop {
        let good = fs::read(&head).unwrap();
        fs::write(&head, "nothing of the kind").unwrap();
        let wanted = reset(ALICE, "the second password");
        match service.submit(&Caller::operator(), wanted, Duration::ZERO).await {
            Ok(Admitted::New(record)) => break record,
            Err(fault) => assert_eq!(fault.code, FaultCode::AuditDamaged, "{fault}"),
            other => panic!("{other:?}"),
        }
        fs::write(&head, good).unwrap();
        while service.ready().is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let until = Instant::now() + WAIT;
    let faulted = loop {
        let now = service.get(&record.id).await.unwrap().unwrap();
        if now.fault.is_some() || Instant::now() > until {
            break now;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    assert_eq!((faulted.state, faulted.fault), (State::Waiting, Some(FaultCode::AuditDamaged)), "{faulted:?}");
    let third = service.submit(&Caller::operator(), reset(ALICE, "the third password"), WAIT).await;
    let fault = third.unwrap_err();
    assert_eq!(fault.code, FaultCode::AuditDamaged);
    assert!(fault.detail.contains("portcullis audit verify"), "{}", fault.detail);
    assert!(!fault.caller_text().contains("audit"), "{}", fault.caller_text());
    assert_eq!(directory(), before, "nothing was sent");
    assert!(service.stop(WAIT).await);
    service.close().await;
    drop(service);

    // Nor does a service start on it, until somebody has looked and says so.
    assert_eq!(world.try_start().await.err().unwrap().code, FaultCode::AuditDamaged);
    AuditLog::begin_anew(world.state.path(), "tested".into(), "tester".into()).unwrap();
    let service = world.start().await;
    let record = service.wait(&record.id, WAIT).await.unwrap().unwrap();
    assert_eq!(record.state, State::Done);
    assert!(is_password(&service, ALICE, "the second password").await);
}

/// What rotating a log does.
#[tokio::test(flavor = "multi_thread")]
async fn where_the_log_was_moved_away_nothing_is_sent_until_it_is_back() {
    let world = World::new(RATES);
    let service = world.start().await;
    ask(&service, reset(ALICE, "the first password")).await;
    let audit = world.state.path().join("audit");
    let file = audit.join("audit-0000000000000001.jsonl");
    let moves = [(&file, file.with_extension("jsonl.1"), "second"), (&audit, audit.with_extension("1"), "third")];
    for (from, to, which) in moves {
        let directory = || fs::read_to_string(world.path("connectors/people.state.ldif")).unwrap();
        let before = directory();
        fs::rename(from, &to).unwrap();
        // Nobody has to be refused before it is known.
        let until = Instant::now() + WAIT;
        while service.ready().is_ok() && Instant::now() < until {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let fault = service.ready().unwrap_err();
        assert_eq!(fault.code, FaultCode::AuditDamaged, "{fault}");
        assert!(fault.detail.contains("renamed, replaced or deleted"), "{}", fault.detail);
        assert_eq!(service.submit(&Caller::operator(), reset(ALICE, "x y z"), WAIT).await.unwrap_err(), fault);
        assert_eq!(directory(), before, "nothing was sent");
        fs::rename(&to, from).unwrap();
        let until = Instant::now() + WAIT;
        while service.ready().is_err() && Instant::now() < until {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(ask(&service, reset(ALICE, &format!("the {which} password"))).await.state, State::Done);
    }
    service.close().await;
    let report = portcullis_audit::verify::verify(world.state.path(), &Default::default()).unwrap();
    assert!(report.is_whole(), "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_became_of_connectors_is_there() {
    let world = World::new(RATES);
    let registry = world.registry().await;
    world.edit("connectors/mock.toml", "plugin = ", "plugin = 7 # ");
    registry.reload().await;
    fs::remove_file(world.path("connectors/mock.toml")).unwrap();
    registry.reload().await;
    // What the connector's own check asked stands between them.
    let all = names(&lines(&world)).into_iter().filter(|name| name.starts_with("connector-"));
    assert_eq!(all.collect::<Vec<_>>(), ["connector-started", "connector-refused", "connector-withdrawn"]);
}
