//! What an operator types while the service runs, through its control socket, and while it does not.

use std::fs;

use serde_json::Value;

use crate::life::Silent;
use crate::process::until;
use crate::world::{ALICE, BOB, DESK, Run, SERVICE, World, reset, status};

const SECRET: &str = "Canary-2b6f-Password";
const NONE: &str = "00112233445566778899aabbccddeeff";

impl Run {
    /// It was refused with this exit code and this fault; with `--json` in the command.
    fn refused(&self, code: i32, fault: &str) {
        assert_eq!((self.code, self.json()["fault"]["code"].as_str()), (Some(code), Some(fault)), "{self:?}");
        assert!(!self.stdout.contains(SECRET) && !self.stderr.contains(SECRET), "{self:?}");
    }

    /// It reads as it did when somebody last looked, but for what differs from run to run.
    fn reads(&self, name: &str) {
        let mut settings = insta::Settings::clone_current();
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        for (pattern, word) in [
            (r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "[date]"),
            (r"\b[0-9a-f]{32}\b", "[id]"),
            (r"\b[0-9a-f]{16}\b", "[key]"),
            (r"\b[0-9a-f]{12}\b", "[digest]"),
            (r"127.0.0.1:\d+", "[address]"),
            (r"left alone .*", "[server]"),
        ] {
            settings.add_filter(pattern, word);
        }
        settings.bind(|| insta::assert_snapshot!(name, format!("{}{}", self.stdout, self.stderr)));
    }
}

fn json<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    [arguments, &["--json"]].concat()
}

#[test]
fn what_is_not_there_or_has_ended_is_neither_retried_nor_cancelled() {
    let world = World::new();
    world.run(&json(&["operations", "list"])).refused(17, "misconfigured");
    world.run(&json(&["keys", "list"])).refused(17, "misconfigured");
    let mut serve = world.serve();
    let done = serve.post(DESK, &status(ALICE), &[]).operation();
    let check = || {
        for verb in ["show", "retry", "cancel"] {
            world.run(&json(&["operations", verb, NONE])).refused(2, "no-such-operation");
            world.run(&json(&["operations", verb, "../../etc/passwd"])).refused(2, "no-such-operation");
        }
        for verb in ["retry", "cancel"] {
            let run = world.run(&json(&["operations", verb, &done]));
            run.refused(2, "not-possible-now");
            assert!(run.json()["fault"]["detail"].as_str().unwrap().contains("is done"), "it says why: {run:?}");
        }
        let shown = world.run(&json(&["operations", "show", &done])).json();
        assert_eq!((&shown["state"], &shown["kind"]), (&"done".into(), &"account-status".into()));
    };
    check();
    serve.stop();
    check();
}

#[test]
fn operations_are_listed_shown_retried_and_cancelled_on_both_ways() {
    let world = World::new();
    let silent = Silent::new();
    let former = silent.serve(&world);
    let mut serve = world.serve_with(&["--finish", "1s"]);
    let later = |account: &str| {
        let answer = serve.post(DESK, &reset(account, SECRET), &[("prefer", "respond-async")]);
        assert_eq!(answer.status, 202, "{answer:?}");
        answer.operation()
    };
    let first = later(ALICE);
    let _open = silent.accepted();
    let (second, third, fourth) = (later(ALICE), later(ALICE), later(ALICE));
    // Through the control socket.
    world.run(&json(&["operations", "cancel", &first])).refused(2, "not-possible-now");
    world.run(&["operations", "cancel", &second]).reads("cancelled");
    let run = world.run(&json(&["operations", "cancel", &third])).json();
    assert_eq!((&run["operation"], &run["state"]), (&third.as_str().into(), &"cancelled".into()));
    let run = world.run(&json(&["operations", "retry", &fourth])).json();
    assert_eq!(run["state"], "waiting", "it is its turn when it is");
    world.run(&["operations", "list"]).reads("list");
    world.run(&["operations", "show", &second]).reads("show_cancelled");
    serve.stop();
    // In the journal itself.
    world.run(&["operations", "cancel", &fourth]).reads("cancelled");
    let waiting = world.run(&json(&["operations", "list", "--only", "waiting"])).json();
    let ids: Vec<_> = waiting["operations"].as_array().unwrap().iter().map(|each| each["operation"].clone()).collect();
    assert_eq!(ids, [Value::from(first.as_str())]);
    world.run(&["operations", "retry", &first]).good();
    let run = world.run(&["operations", "list", "--limit", "1"]);
    run.reads("list_first_page");
    let cursor = run.stdout.split("--cursor ").nth(1).unwrap().trim().to_owned();
    let rest = world.run(&["operations", "list", "--cursor", &cursor]).good();
    assert!(rest.contains(&first) && !rest.contains(&fourth), "{rest}");
    for account in [BOB, "nobody@people.example"] {
        assert_eq!(world.run(&["operations", "list", "--account", account]).good(), "no operation\n");
    }
    world.write(crate::world::MOCK, former);
    let serve = world.serve();
    until("the first has ended", || serve.get(DESK, &format!("/v1/operations/{first}")).json()["state"] == "done");
}

#[test]
fn keys_are_listed_rotated_and_sealed_with() {
    let world = World::new();
    let run = world.run(&json(&["keys", "list"]));
    assert_ne!(run.code, Some(0), "there are none before the first start: {run:?}");
    let serve = world.serve();
    let published = serve.get(DESK, "/v1/keys");
    world.run(&["keys", "list"]).reads("keys_list");
    world.run(&["keys", "rotate", "--overlap", "2h"]).reads("keys_rotate");
    assert_ne!(world.run(&["keys", "rotate", "--overlap", "soon"]).code, Some(0));
    // With the answer of the service, and without the folder of keys.
    let file = world.write("keys.json", &published.body);
    let from = ["--keys", file.to_str().unwrap(), "--state", "/nonexistent"];
    let sealed = world.seal(ALICE, "desk", &from, "a phrase that is good");
    assert!(sealed.contains(published.json()["keys"][0]["id"].as_str().unwrap()));
    assert_eq!(serve.post(DESK, &crate::world::reset_sealed(ALICE, &sealed), &[]).status, 201);
    assert!(!sealed.contains("a phrase"));

    let seal = |more: &[&str], input: &str| {
        world.run_with(&json(&[&["seal", ALICE, "--caller", "desk"], more].concat()), input)
    };
    let wrong = ["--label", "old", "--password-stdin"];
    seal(&wrong, SECRET).refused(2, "request-malformed");
    seal(&["--kind", "change-password", "--password-stdin"], SECRET).refused(2, "request-malformed");
    seal(&[], SECRET).refused(2, "password-missing");
    seal(&["--password-stdin"], "").refused(10, "password-unusable");
    for (name, content) in
        [("none.json", "{\"keys\": []}"), ("text.json", "pcs1"), ("private.json", &published.body[..40])]
    {
        let file = world.write(name, content);
        seal(&["--password-stdin", "--keys", file.to_str().unwrap()], SECRET).refused(17, "misconfigured");
    }
    let run = world.run(&["seal", ALICE, SECRET, "--caller", "desk"]);
    assert!(run.code == Some(2) && !run.stderr.contains(SECRET), "a password is no argument: {run:?}");
}

#[test]
fn a_backup_is_made_while_it_runs_and_put_back_while_it_does_not() {
    let world = World::new();
    let backup = world.path("backup");
    let backup = backup.to_str().unwrap();
    world.run(&json(&["backup", backup])).refused(17, "misconfigured");
    let mut serve = world.serve();
    assert_eq!(serve.post(DESK, &reset(ALICE, SECRET), &[]).status, 201);
    world.run(&["backup", backup]).reads("backup");
    let written = fs::read(backup).unwrap();
    world.run(&json(&["backup", backup])).refused(2, "file-unusable");
    assert_eq!(fs::read(backup).unwrap(), written, "a file that exists was written");
    assert!(!written.windows(SECRET.len()).any(|window| window == SECRET.as_bytes()));
    world.run(&json(&["restore", backup])).refused(1, "journal-unwritable");
    assert_eq!(serve.post(DESK, &status(BOB), &[]).status, 201, "it goes on");
    serve.stop();
    let journal = world.state().join("journal.db");
    let before = fs::read(&journal).unwrap();
    for garbage in [b"SQLite format 3\0 and nothing else".to_vec(), Vec::new(), written[..written.len() / 2].to_vec()] {
        let file = world.write("garbage", garbage);
        let run = world.run(&json(&["restore", file.to_str().unwrap()]));
        run.refused(1, "journal-unwritable");
    }
    world.run(&json(&["restore", "/nonexistent/backup"])).refused(1, "journal-unwritable");
    assert_eq!(fs::read(&journal).unwrap(), before, "the journal has changed");
    let run = world.run(&["restore", backup]).good();
    assert!(run.starts_with("1 operation is back; 0 were open"), "{run}");
    let serve = world.serve();
    assert_eq!(serve.operations().len(), 1, "what came after the backup is gone");
}

#[test]
fn doctor_takes_the_test_account_and_reads_the_journal() {
    let world = World::new();
    world.edit(SERVICE, "[limits]\n", &format!("[connectors.mock.test-account]\nlogin = \"{BOB}\"\n\n[limits]\n"));
    let steps = |run: &Run| -> Vec<(String, String)> {
        let all = run.json()["connectors"][0]["steps"].clone();
        let word = |step: &Value, name: &str| step[name].as_str().unwrap().to_owned();
        all.as_array().unwrap().iter().map(|step| (word(step, "step"), word(step, "result"))).collect()
    };
    let run = world.run(&["doctor", "mock", "--json"]);
    let found = steps(&run);
    assert!(found.contains(&("recent-log".into(), "skipped".into())), "no service has run: {found:?}");
    assert!(found.contains(&("test-reset".into(), "ok".into())), "{run:?}");
    let mut serve = world.serve();
    assert_eq!(serve.post(DESK, &status(ALICE), &[]).status, 201);
    assert_eq!(serve.post(DESK, &reset("nobody@people.example", SECRET), &[]).status, 422);
    let run = world.run(&["doctor", "mock", "--no-reset", "--json"]);
    let recent = steps(&run).into_iter().find(|(step, _)| step == "recent-log").unwrap();
    assert_ne!(recent.1, "skipped", "{run:?}");
    assert!(run.stdout.contains("no-such-account"), "the last fault: {run:?}");
    assert!(!run.stdout.contains(SECRET));
    serve.stop();
}
