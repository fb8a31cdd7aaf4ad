//! Alarms of a real service: told once, in the log, the audit log and a metric, also for what commands did while no
//! service ran; and by a command that monitoring can run. And what a collector gets of the audit log.

use std::net::UdpSocket;
use std::time::{Duration, SystemTime};

use portcullis_audit::fact::Allowed;
use portcullis_audit::{About, AuditLog, Entry, Fact, read};
use portcullis_model::Use;
use serde_json::{Value, json};

use crate::http::PATIENCE;
use crate::process::until;
use crate::world::{ALICE, BOB, DESK, MOCK, World, reset};

/// The alarms that stand in the audit log: kind, subject, count.
fn told(world: &World) -> Vec<(String, String, u64)> {
    let lines = read(&world.state()).unwrap().map(|line| line.unwrap().fact);
    lines
        .filter_map(|fact| match fact {
            Fact::Alarm(alarm) => Some((alarm.alarm, alarm.subject, alarm.count)),
            _ => None,
        })
        .collect()
}

fn unlock(account: &str) -> Value {
    json!({ "kind": "unlock-account", "account": account })
}

fn alarm(kind: &str, subject: &str, count: u64) -> (String, String, u64) {
    (kind.to_owned(), subject.to_owned(), count)
}

#[test]
fn too_many_resets_of_an_account_are_told_once_and_the_caller_learns_nothing() {
    let world = World::with("\n[alarms]\naccount-resets = \"3/h\"\n");
    let mut service = world.serve();
    assert_eq!(world.run(&["alarms"]).good(), "No alarms.\n");
    for n in 0..6 {
        let answer = service.post(DESK, &reset(ALICE, &format!("a new Passw0rd {n}")), &[]);
        assert!(!answer.body.contains("alarm"), "{}", answer.body);
    }
    let line = service.wait_for("alarm account-resets: 3 resets of alice@people.example; 3/h are an alarm");
    assert!(line.contains("WARN") && line.contains("mock"), "{line}");
    let metrics = service.operator("GET", "/metrics").body;
    assert!(metrics.contains(r#"portcullis_alarms_total{alarm="account-resets",connector="mock"} 1"#), "{metrics}");
    let log = service.stop();
    assert_eq!(log.matches("alarm account-resets").count(), 1, "{log}");
    assert_eq!(told(&world), [alarm("account-resets", ALICE, 3)]);

    let listed = world.run(&["alarms", "--json"]);
    assert_eq!(listed.code, Some(23), "{listed:?}");
    let listed = &listed.json()["alarms"];
    assert_eq!((listed.as_array().unwrap().len(), &listed[0]["told"]), (1, &true.into()), "{listed}");
    assert_eq!((&listed[0]["subject"], &listed[0]["caller"]), (&ALICE.into(), &"desk".into()), "{listed}");
    assert_eq!(world.run(&["audit", "verify"]).code, Some(0));
}

#[test]
fn what_commands_did_while_no_service_ran_is_found_and_told_by_the_next_one() {
    let world = World::with("\n[alarms]\naccount-resets = \"2/h\"\n");
    let mut service = world.serve();
    for password in ["a new Passw0rd 1", "a new Passw0rd 2"] {
        service.post(DESK, &reset(ALICE, password), &[]);
    }
    service.wait_for("alarm account-resets");
    service.stop();
    for password in ["a new Passw0rd 1\n", "a new Passw0rd 2\n"] {
        world.run_with(&["reset", BOB, "--password-stdin"], password).good();
    }
    let listed = world.run(&["alarms"]);
    assert_eq!(listed.code, Some(23), "{listed:?}");
    assert_eq!(listed.stdout.matches("no service has told it yet").count(), 1, "{listed:?}");
    assert_eq!(told(&world), [alarm("account-resets", ALICE, 2)], "the command writes nothing");

    let mut service = world.serve();
    service.wait_for("alarm account-resets: 2 resets of bob@people.example");
    until("told", || told(&world).len() == 2);
    service.stop();
    let expected = [alarm("account-resets", ALICE, 2), alarm("account-resets", BOB, 2)];
    assert_eq!(told(&world), expected);
    let mut service = world.serve();
    service.stop();
    assert_eq!(told(&world), expected, "a restart tells nothing again");
    std::fs::remove_file(world.state().join("alarms.json")).unwrap();
    let mut service = world.serve();
    service.stop();
    assert_eq!(told(&world), expected, "nor does one that has forgotten everything");
}

#[test]
fn an_alarm_that_is_off_is_said_at_the_start() {
    let world = World::with("\n[alarms]\naccount-resets = \"off\"\n");
    let mut service = world.serve();
    service.wait_for("the alarm `account-resets` is off");
    for n in 0..6 {
        service.post(DESK, &reset(ALICE, &format!("a new Passw0rd {n}")), &[]);
    }
    service.stop();
    assert_eq!(told(&world), []);
    let run = world.run(&["alarms"]);
    assert!(run.stderr.contains("the alarm `account-resets` is off"), "{run:?}");
}

#[test]
fn a_check_that_looks_at_nothing_does_not_say_that_all_is_well() {
    let world = World::new();
    drop(std::fs::remove_dir_all(world.state().join("audit")));
    let run = world.run(&["alarms"]);
    assert_eq!(run.code, Some(17), "{run:?}");
    assert!(run.stderr.contains("there is no audit log in"), "{run:?}");
}

#[test]
fn a_call_that_is_stopped_and_a_use_that_is_new_are_told() {
    let world = World::with("\n[alarms]\nlearn = \"0s\"\n");
    world.edit(MOCK, "userPassword = \"password\"\n", "");
    let mut service = world.serve();
    service.post(DESK, &unlock(ALICE), &[]);
    service.wait_for("alarm new-use: this connector never used [ldap.write] pwdaccountlockedtime = remove before");
    assert!(!service.log.text().contains("alarm denials"));
    service.post(DESK, &reset(ALICE, "a new Passw0rd"), &[]);
    let line = service.wait_for("alarm denials: 1 calls of this connector's plugin were stopped");
    assert!(line.contains("ldap modify"), "{line}");
    service.stop();
    let before = told(&world);
    assert!(before.contains(&alarm("denials", "mock", 1)), "{before:?}");

    // What is known of the connector outlives the service.
    let mut service = world.serve();
    service.post(DESK, &unlock(ALICE), &[]);
    service.post(DESK, &reset(ALICE, "a new Passw0rd"), &[]);
    service.stop();
    assert_eq!(told(&world), before);
}

#[test]
fn a_collector_gets_all_of_the_log_with_the_checkpoint_that_closes_it() {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let port = socket.local_addr().unwrap().port();
    let world = World::with(&format!("\n[audit]\nsyslog = \"udp://127.0.0.1:{port}\"\n"));
    let mut service = world.serve();
    service.post(DESK, &reset(ALICE, "a new Passw0rd"), &[]);
    until("it is measured", || service.operator("GET", "/metrics").body.contains("\nportcullis_audit_behind "));
    service.stop();
    let file = world.state().join("audit/audit-0000000000000001.jsonl");
    let written: Vec<String> = std::fs::read_to_string(file).unwrap().lines().map(str::to_owned).collect();
    assert!(written.last().unwrap().contains(r#""fact":"checkpoint""#));
    let mut bytes = vec![0; 1 << 16];
    let got: Vec<String> = written
        .iter()
        .map(|_| {
            let length = socket.recv(&mut bytes).unwrap();
            let text = str::from_utf8(&bytes[..length]).unwrap();
            text.split_once("] ").unwrap().1.to_owned()
        })
        .collect();
    assert_eq!(got, written);
}

/// A connector that used one thing a week ago, and now so many that it never used.
fn used_at_once(world: &World, connector: &str, uses: usize) {
    let about = About { connector: Some(connector.into()), ..About::default() };
    let entry = |n: usize| {
        let uses = vec![Use::Read { attribute: format!("attribute-{n}") }];
        let allowed = Allowed { capability: "ldap".into(), call: "search".into(), subject: "s".into(), uses };
        let age = Duration::from_secs(if n == 0 { 8 * 86_400 } else { 60 });
        Entry { at: SystemTime::now() - age, about: about.clone(), fact: allowed.into() }
    };
    let log = AuditLog::open(&world.state()).unwrap();
    log.append_blocking((0..=uses).map(entry).collect()).unwrap();
    log.close();
}

#[test]
fn of_more_alarms_than_are_listed_the_rest_is_told_as_one_with_how_many() {
    let world = World::new();
    used_at_once(&world, "early", 1);
    used_at_once(&world, "hostile", 1_300);
    used_at_once(&world, "late", 1);
    let said = "302 further alarms `new-use` of this connector are not listed";
    // More than fits into a pipe that nobody reads.
    let listed = || {
        let output = world.command(&["alarms"]).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (code, text) = listed();
    assert_eq!(code, Some(23), "{text}");
    assert_eq!(text.matches("new-use  connector hostile").count(), 998);
    assert!(text.contains("unlisted  connector hostile") && text.contains(said), "{text}");
    for other in ["early", "late"] {
        assert!(text.contains(&format!("new-use  connector {other}")), "{other}");
    }

    let mut service = world.serve();
    service.wait_for(&format!("alarm unlisted: {said}"));
    until("all are told", || told(&world).len() == 1_001);
    let metrics = service.operator("GET", "/metrics").body;
    for (kind, count) in [("new-use", 998), ("unlisted", 302)] {
        let line = format!(r#"portcullis_alarms_total{{alarm="{kind}",connector="hostile"}} {count}"#);
        assert!(metrics.contains(&line), "{line}: {metrics}");
    }
    service.stop();
    assert!(told(&world).contains(&alarm("unlisted", "new-use", 302)));
    assert_eq!(told(&world).len(), 1_001, "nothing is told twice");
    let facts = read(&world.state()).unwrap().map(|line| line.unwrap());
    let of = |line: &portcullis_audit::Line| line.about.connector.as_deref() == Some("hostile");
    let allowed = facts.filter(|line| of(line) && matches!(line.fact, Fact::Allowed(_))).count();
    assert_eq!(allowed, 1_301, "what gave rise to them stays");
    let (code, text) = listed();
    assert!(code == Some(23) && text.contains(said), "{text}");
    assert!(!text.contains("no service has told it yet"), "{text}");
}
