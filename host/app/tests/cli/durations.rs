//! Times on the command line, also such as nobody means.

use crate::folder::{ALICE, Folder};

#[test]
fn looking_back_further_than_time_goes_is_looking_at_everything() {
    let folder = Folder::new();
    for since in ["99999999999d", "200000000000000d", "30000d"] {
        let run = folder.run(&["audit", "--since", since, "--fail-on", "error"]);
        assert_eq!((run.code, &*run.stderr), (0, ""), "{run}");
        assert!(run.stdout.contains("1 operation done (1 account-status)"), "{run}");
        let run = folder.run(&["alarms", "--since", since]);
        assert_eq!((run.code, &*run.stdout, &*run.stderr), (0, "No alarms.\n", ""), "{run}");
    }
}

#[test]
fn a_time_that_is_none_is_said_with_one_that_is() {
    let folder = Folder::empty();
    for (command, option) in [
        (&["alarms"][..], "--since"),
        (&["audit"], "--since"),
        (&["doctor"], "--wait"),
        (&["keys", "rotate"], "--overlap"),
        (&["operations", "list"], "--within"),
        (&["serve"], "--finish"),
        (&["seal", ALICE], "--expires"),
        (&["record", "--connector", "mock", "--to", "x"], "--for"),
    ] {
        for time in ["yesterday", "-5h", "5"] {
            let run = folder.run(&[command, &[option, time]].concat());
            assert_eq!((run.code, &*run.stdout), (2, ""), "{run}");
            let said = format!("invalid value '{time}' for '{option} <TIME>': write a number and its unit, as in 30s");
            assert!(run.stderr.contains(&said), "{run}");
            assert!(!run.stderr.contains("passwords"), "{run}");
        }
    }
    for arguments in [["serve", "--finish"], ["doctor", "--wait"]] {
        let run = folder.run(&[&arguments[..], &["99999999999d"]].concat());
        assert_eq!(run.code, 2, "{run}");
        assert!(run.stderr.contains("longer than ten years"), "{run}");
    }
}
