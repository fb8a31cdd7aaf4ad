//! Recordings of a running service: for the operator alone, off unless asked for, without a password, and replayed.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Stdio};

use crate::process::{Serve, ended};
use crate::world::{ALICE, BOB, DESK, Run, World, reset, status};

const SECRET: &str = "Canary-77aa-Password";

/// `portcullis record`, begun.
struct Recording(Child);

impl Recording {
    fn start(world: &World, serve: &Serve, to: &str, more: &[&str]) -> Self {
        let mark = serve.mark();
        let arguments = [&["record", "--connector", "mock", "--to", to, "--json"], more].concat();
        let mut command = world.command(&arguments);
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        serve.wait_after(mark, "an operator records");
        Self(child)
    }

    fn ended(mut self) -> Run {
        let code = ended(&mut self.0).and_then(|status| status.code());
        let output = self.0.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Run { code, stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

#[test]
fn the_next_operations_are_recorded_and_replay_as_they_went() {
    let world = World::new();
    let mut serve = world.serve();
    let to = world.path("service.jsonl");
    let to = to.to_str().unwrap();
    serve.post(DESK, &status(BOB), &[]).operation();
    let recording = Recording::start(&world, &serve, to, &["--operations", "2"]);
    let first = serve.post(DESK, &reset(ALICE, SECRET), &[]).operation();
    let second = serve.post(DESK, &status(ALICE), &[]).operation();
    let run = recording.ended();
    assert_eq!((run.json()["recorded"].as_u64(), run.json()["lost"].as_u64()), (Some(2), Some(0)), "{run:?}");
    let text = fs::read_to_string(to).unwrap();
    let at = |id: &str| text.find(id);
    assert!(at(&first).is_some() && at(&first) < at(&second), "in order: {text}");
    assert!(!text.to_lowercase().contains(&SECRET.to_lowercase()), "{text}");
    assert_eq!(fs::metadata(to).unwrap().permissions().mode() & 0o777, 0o600);
    let log = serve.stop();
    assert!(!log.contains(SECRET), "{log}");
    // The audit log knows that somebody recorded, and how much.
    let audit: String = fs::read_dir(world.state().join("audit"))
        .unwrap()
        .map(|entry| String::from_utf8_lossy(&fs::read(entry.unwrap().path()).unwrap()).into_owned())
        .collect();
    let facts: Vec<&str> = audit.lines().filter(|line| line.contains("\"fact\":\"recorded\"")).collect();
    let says = |line: &str, what: &str, operations: u64| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let said = (&line["what"], &line["operations"], &line["connector"], &line["caller"]);
        assert_eq!(said, (&what.into(), &operations.into(), &"mock".into(), &"operator".into()), "{line}");
    };
    assert_eq!(facts.len(), 2, "{audit}");
    says(facts[0], "started", 0);
    says(facts[1], "ended", 2);
    // Nothing is kept on the host: what is recorded is in that file alone.
    for entry in fs::read_dir(world.state()).unwrap() {
        let path = entry.unwrap().path();
        let kept = fs::read(&path).unwrap_or_default();
        assert!(!String::from_utf8_lossy(&kept).contains("\"calls\""), "{}", path.display());
    }
    assert_eq!(world.run(&["replay", to]).good(), "2 replayed: 2 as recorded, 0 another way, 0 cannot be told\n");
    let again = world.run(&["record", "--connector", "mock", "--to", to, "--json"]);
    assert_eq!((again.code, &again.json()["fault"]["code"]), (Some(2), &"file-unusable".into()), "it exists");
}

#[test]
fn it_ends_with_its_time_and_with_the_service() {
    let world = World::new();
    let mut serve = world.serve();
    let file = |name: &str| world.path(name).display().to_string();
    let run = Recording::start(&world, &serve, &file("time.jsonl"), &["--for", "1s"]).ended();
    assert_eq!((run.code, run.json()["recorded"].as_u64()), (Some(0), Some(0)), "{run:?}");
    let recording = Recording::start(&world, &serve, &file("service.jsonl"), &[]);
    serve.post(DESK, &status(ALICE), &[]).operation();
    serve.stop();
    let run = recording.ended();
    assert_eq!((run.code, run.json()["recorded"].as_u64()), (Some(0), Some(1)), "{run:?}");
}

#[test]
fn nobody_but_the_operator_and_not_too_many() {
    let world = World::new();
    let serve = world.serve();
    assert_eq!(serve.get(DESK, "/v1/recordings?connector=mock").status, 403);
    assert_eq!(serve.ask("GET", "/v1/recordings?connector=mock", &[], b"").status, 401);
    assert_eq!(serve.operator("GET", "/v1/recordings?connector=none").status, 422);
    assert!(serve.operator("GET", "/v1/recordings?connector=mock&password=x").status >= 400);
    let to = world.path("none.jsonl").display().to_string();
    let run = world.run(&["record", "--connector", "none", "--to", &to, "--json"]);
    assert_eq!(run.json()["fault"]["code"], "unknown-connector", "{run:?}");
    assert!(!fs::exists(&to).unwrap());
    let readers: Vec<_> = (0..4)
        .map(|n| {
            Recording::start(&world, &serve, &world.path(&format!("{n}.jsonl")).display().to_string(), &["--for", "3s"])
        })
        .collect();
    let run = world.run(&["record", "--connector", "mock", "--to", &to, "--json"]);
    assert_eq!(run.json()["fault"]["code"], "busy", "{run:?}");
    serve.post(DESK, &status(ALICE), &[]).operation();
    for reader in readers {
        let run = reader.ended();
        assert_eq!(run.json()["recorded"].as_u64(), Some(1), "{run:?}");
    }
}
