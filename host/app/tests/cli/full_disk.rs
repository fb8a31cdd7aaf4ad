//! No room for the audit log: what is done, and what is told of it.
//!
//! A limit on the size of files stands for the disk, so that no test needs to be root.

use std::fs;
use std::process;

use portcullis_audit::{About, AuditLog, Entry, fact::Confirmed};

use crate::folder::{ALICE, Folder};
use crate::run::{Command, Run};

const STATE: &str = "connectors/people.state.ldif";

/// What `ulimit -f` counts in (POSIX).
const BLOCK: u64 = 512;

/// A command that can write no file longer than this.
fn limited(mut command: Command, blocks: u64) -> Command {
    let portcullis = &command.command;
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
    let mut limited = process::Command::new("sh");
    limited.env_clear().arg("-c").arg(script).arg(portcullis.get_program()).args(portcullis.get_args());
    limited.envs(portcullis.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.command = limited;
    command
}

/// Makes the log longer by so many lines of so many letters.
fn lengthen(folder: &Folder, lines: usize, letters: usize) {
    let log = AuditLog::open(&folder.path().join("kept")).unwrap();
    let fact = |n| Entry::now(About::default(), Confirmed { how: format!("{n} {}", "x".repeat(letters)) });
    log.append_blocking((0..lines).map(fact).collect()).unwrap();
    log.close();
}

#[test]
fn an_operation_whose_end_has_no_room_says_so_and_so_does_the_log() {
    let folder = Folder::new();
    let text = || fs::read_to_string(folder.path().join("kept/audit/audit-0000000000000001.jsonl")).unwrap();
    let (mut refused, mut in_part, mut done) = (0, 0, 0);
    // Longer than every other file that a command writes.
    lengthen(&folder, 100, 900);
    for (turn, room) in (1..8).cycle().take(70).enumerate() {
        if refused > 0 && in_part > 0 && done > 0 {
            break;
        }
        // The same room begins at another place of a block.
        lengthen(&folder, 1, turn * 41 % 512);
        let blocks = text().len() as u64 / BLOCK + room;
        let (log, directory) = (text(), folder.read(STATE));
        let command = folder.command(&["reset", ALICE, "--password-stdin", "--json"]);
        let run: Run = limited(command, blocks).run(&format!("a new long password {blocks}\n"));
        let answer: serde_json::Value =
            serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {run}"));
        // Opened with room.
        AuditLog::open(&folder.path().join("kept")).unwrap().close();
        let after = text();
        let new = after.strip_prefix(&log).unwrap_or_else(|| panic!("lines are gone: {run}"));
        let (ended, lost) = (new.contains(r#""fact":"ended""#), new.contains(r#""fact":"lost""#));
        match run.code {
            1 => {
                assert_eq!(answer["fault"]["code"], "audit-unwritable", "{run}");
                assert_eq!(folder.read(STATE), directory, "{run}");
                refused += 1;
            }
            15 => {
                assert_eq!(
                    (&answer["outcome"], &answer["shortfall"]["code"]),
                    (&"done".into(), &"audit-incomplete".into())
                );
                assert!(lost, "{run}\n{new}");
                in_part += 1;
            }
            0 => {
                assert!(ended && !lost && answer["shortfall"].is_null(), "{run}\n{new}");
                done += 1;
            }
            _ => panic!("{run}"),
        }
    }
    assert!(refused > 0 && in_part > 0 && done > 0, "{refused} refused, {in_part} in part, {done} done");
    let run = folder.run(&["audit", "verify"]);
    assert_eq!(run.code, 0, "{run}");
}
