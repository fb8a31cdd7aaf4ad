//! The ceiling of a real service: taking it away leaves a trace, everywhere where somebody may look.

use std::fs;

use portcullis_audit::read;
use portcullis_tests::plugins::root;
use serde_json::Value;

use crate::process::until;
use crate::world::{DESK, MOCK, World};

const CEILING: &str = "ceiling.toml";

/// The facts of some names, in their order.
fn facts(world: &World, names: &[&str]) -> Vec<Value> {
    let lines = read(&world.state()).unwrap().map(|line| serde_json::to_value(line.unwrap()).unwrap());
    lines.filter(|line| names.contains(&line["fact"].as_str().unwrap())).collect()
}

fn example() -> String {
    fs::read_to_string(root().join("examples/ceiling.toml")).unwrap()
}

/// Starts the service, stops it, and returns what it said.
fn started_and_stopped(world: &World) -> String {
    world.serve().stop()
}

#[test]
fn a_start_without_the_ceiling_of_the_start_before_is_told_once() {
    let world = World::new();
    let first = started_and_stopped(&world);
    assert!(first.contains("INFO") && first.contains("there is no ceiling: each connector's file alone"), "{first}");
    assert_eq!(facts(&world, &["ceiling-gone", "alarm"]), [Value::Null; 0]);
    world.write(CEILING, example());
    assert!(!started_and_stopped(&world).contains("there is no ceiling"));
    fs::remove_file(world.path(CEILING)).unwrap();
    let mut serve = world.serve();
    serve.wait_for("there is no ceiling any more: an earlier start had one");
    serve.wait_for("alarm ceiling-gone: the service runs without a ceiling");
    let connectors = world.run(&["connectors"]).good();
    assert!(connectors.ends_with("no ceiling\n"), "{connectors}");
    serve.stop();
    assert!(!started_and_stopped(&world).contains("any more"), "told once");

    let started = facts(&world, &["started"]);
    let loaded = &facts(&world, &["configuration-loaded"])[0]["sha256"];
    let ceilings: Vec<&Value> = started.iter().map(|fact| &fact["ceiling"]).collect();
    assert_eq!(ceilings, [&"none".into(), loaded, &"none".into(), &"none".into()]);
    let gone = facts(&world, &["ceiling-gone"]);
    assert_eq!((gone.len(), &gone[0]["former"]), (1, loaded));
    let alarms = facts(&world, &["alarm"]);
    assert_eq!((alarms.len(), &alarms[0]["alarm"]), (1, &"ceiling-gone".into()), "{alarms:?}");
    assert_eq!(world.run(&["alarms"]).code, Some(23));
}

#[test]
fn a_ceiling_that_is_taken_away_or_spoiled_under_the_service_is_told_everywhere() {
    let world = World::new();
    world.write(CEILING, example());
    let serve = world.serve();
    let metric = |state: &str| {
        let wanted = format!("portcullis_ceiling{{state=\"{state}\"}} 1");
        until(&wanted, || serve.operator("GET", "/metrics").body.contains(&wanted));
    };
    metric("in-force");
    let good = world.run(&["connectors"]).good();
    let loaded = facts(&world, &["configuration-loaded"])[0]["sha256"].as_str().unwrap().to_owned();
    assert!(good.contains(&format!("ceiling {loaded} since 2")), "{good}");
    assert!(!world.run(&["doctor"]).stdout.contains("ceiling"));

    for (spoil, why) in [("gone", "is gone"), ("broken", "line 1"), ("for all", "may be written by others")] {
        let mark = serve.mark();
        match spoil {
            "gone" => fs::remove_file(world.path(CEILING)).unwrap(),
            "broken" => drop(world.write(CEILING, "= =")),
            _ => {
                use std::os::unix::fs::PermissionsExt as _;
                let beside = world.write("beside", example());
                fs::set_permissions(&beside, fs::Permissions::from_mode(0o666)).unwrap();
                fs::rename(beside, world.path(CEILING)).unwrap();
            }
        }
        serve.wait_after(mark, "the former ceiling stays in force");
        serve.wait_after(mark, "alarm ceiling-gone: the former ceiling");
        metric("former");
        let kept = facts(&world, &["ceiling-kept"]).pop().unwrap();
        assert_eq!(kept["former"], *loaded, "{kept}");
        assert!(kept["reason"].as_str().unwrap().contains(why), "{kept}");
        let run = world.run(&["connectors"]);
        assert!(
            run.code == Some(17) && run.stdout.contains("the former one is in force until the next start"),
            "{run:?}"
        );
        assert!(run.stdout.contains(why) && run.stdout.contains(&loaded), "{run:?}");
        // A file that cannot be used is told by every command; that the service holds to the former one, by the doctor.
        let doctor = world.run(&["doctor"]);
        let said = match spoil {
            "gone" => "the service holds to the former ceiling",
            "broken" => "ceiling.toml:1",
            _ => why,
        };
        assert!(format!("{}{}", doctor.stdout, doctor.stderr).contains(said), "{doctor:?}");

        let before = facts(&world, &["configuration-loaded"]).len();
        world.write(CEILING, example());
        metric("in-force");
        until("told again", || facts(&world, &["configuration-loaded"]).len() == before + 1);
        assert_eq!(world.run(&["connectors"]).code, Some(0));
    }
    assert_eq!(facts(&world, &["ceiling-kept"]).len(), 3);
    assert_eq!(world.run(&["audit", "verify"]).code, Some(0));
}

#[test]
fn a_connector_above_the_ceiling_ends_the_command_alike_with_and_without_a_service() {
    let world = World::new();
    world.write(CEILING, example().replace("pwdReset = [\"TRUE\"]", ""));
    assert_eq!(world.run(&["connectors"]).code, Some(12));
    let mut serve = world.serve();
    let run = world.run(&["connectors"]);
    assert!(run.code == Some(12) && run.stdout.contains("above-ceiling"), "{run:?}");
    // Callers learn the code and no line of a file.
    let all = serve.get(DESK, "/v1/connectors");
    let connector = &all.json()["connectors"][0];
    assert_eq!((&connector["state"], &connector["fault"]), (&"broken".into(), &"above-ceiling".into()), "{connector}");
    assert!(!all.body.contains("toml") && !all.body.contains("\"ceiling\""), "{}", all.body);
    // What else is wrong has its own code, too.
    world.write(CEILING, example());
    world.write(MOCK, "plugin = 7");
    until("the file is broken", || world.run(&["connectors"]).code == Some(17));
    serve.stop();
}
