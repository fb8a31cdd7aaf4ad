//! What is read before anything is done.

use portcullis::show::ExitCode;
use portcullis_tests::plugins::root;

use crate::folder::Folder;

#[test]
fn help_of_every_command() {
    let folder = Folder::empty();
    for command in [
        "",
        "reset",
        "change",
        "unlock",
        "status",
        "verify",
        "connectors",
        "check",
        "doctor",
        "serve",
        "operations",
        "keys",
        "seal",
        "backup",
        "restore",
        "token",
        "approve",
        "alarms",
        "inspect",
        "record",
        "replay",
        "man",
        "completions",
    ] {
        let arguments = [command, "--help"];
        let run = folder.run(if command.is_empty() { &arguments[1..] } else { &arguments });
        assert_eq!((run.code, &*run.stderr), (0, ""), "{run}");
        run.reads(&format!("help_{}", if command.is_empty() { "all" } else { command }));
    }
    let run = folder.run(&["--version"]);
    assert_eq!((run.code, &*run.stdout), (0, concat!("portcullis ", env!("CARGO_PKG_VERSION"), "\n")), "{run}");
    let run = folder.run(&[]);
    assert_eq!((run.code, &*run.stdout), (2, ""), "{run}");
}

#[test]
fn the_exit_codes_of_the_help_and_of_the_readme_are_those_of_the_program() {
    let all: Vec<(String, String)> =
        ExitCode::ALL.iter().map(|code| ((*code as u8).to_string(), code.meaning().to_owned())).collect();
    let help = Folder::empty().run(&["--help"]).stdout;
    let (_, table) = help.split_once("Exit codes:\n").unwrap();
    let line = |line: &str| line.trim().split_once("  ").map(|(code, meaning)| (code.to_owned(), meaning.to_owned()));
    assert_eq!(table.lines().filter_map(line).collect::<Vec<_>>(), all);

    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let (_, table) = readme.split_once("| exit code | meaning |\n| --- | --- |\n").unwrap();
    let row = |row: &str| {
        let (code, meaning) = row.strip_prefix("| ")?.strip_suffix(" |")?.split_once(" | ")?;
        Some((code.to_owned(), meaning.to_owned()))
    };
    assert_eq!(table.lines().map_while(row).collect::<Vec<_>>(), all);
}
