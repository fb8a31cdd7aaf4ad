//! Completions, loaded and asked by the shells themselves.

use std::process::Command;

use clap::CommandFactory as _;
use portcullis::commands::Cli;
use portcullis_tests::or_skip;

use crate::folder::Folder;
use crate::manual::installed;

fn script(folder: &Folder, shell: &str) -> Option<String> {
    or_skip(installed(shell, shell))?;
    let run = folder.run(&["completions", shell]);
    assert_eq!((run.code, &*run.stderr), (0, ""), "{run}");
    Some(folder.write("script", run.stdout).to_str().unwrap().to_owned())
}

/// What a shell prints; it complains of nothing.
fn says(command: &mut Command) -> Vec<String> {
    let output = command.env("LC_ALL", "C.UTF-8").output().unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "", "{command:?}");
    assert!(output.status.success(), "{command:?}: {}", output.status);
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// Asks bash to complete the last word.
fn bash(script: &str, words: &[&str]) -> Vec<String> {
    const ASK: &str = r#"
        source "$1"; shift
        COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}
        [[ $(complete -p portcullis) == *"-F _portcullis "* ]] || echo "not registered" >&2
        _portcullis "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
        printf '%s\n' "${COMPREPLY[@]}"
    "#;
    says(Command::new("bash").args(["--norc", "-c", ASK, "bash", script]).args(words))
}

#[test]
fn bash_completes_commands_and_options() {
    let folder = Folder::empty();
    let Some(script) = script(&folder, "bash") else { return };
    assert_eq!(says(Command::new("bash").args(["-n", &script])), Vec::<String>::new());

    assert_eq!(bash(&script, &["portcullis", "rese"]), ["reset"]);
    assert_eq!(bash(&script, &["portcullis", "reset", "--must"]), ["--must-change"]);
    let all = bash(&script, &["portcullis", ""]);
    for command in Cli::command().get_subcommands().map(clap::Command::get_name) {
        assert!(all.iter().any(|offered| offered == command), "{command} is not in {all:?}");
    }
    let passwords = bash(&script, &["portcullis", "reset", "--password"]);
    assert_eq!(passwords, ["--password-stdin"], "no option takes a password");
}

#[test]
fn fish_completes_commands_and_options() {
    let folder = Folder::empty();
    let Some(script) = script(&folder, "fish") else { return };
    let ask = |line: &str| {
        let ask = format!("source {script}; complete --do-complete '{line}'");
        let mut fish = Command::new("fish");
        let said = says(fish.args(["--no-config", "--private", "-c", &ask]).env("HOME", folder.path()));
        said.iter().filter_map(|line| line.split('\t').next().map(str::to_owned)).collect::<Vec<_>>()
    };
    assert_eq!(ask("portcullis rese"), ["reset"]);
    assert_eq!(ask("portcullis reset --must"), ["--must-change"]);
}

/// Zsh completes on a terminal alone; that the function loads is what can be seen without one.
#[test]
fn zsh_loads_the_function() {
    let folder = Folder::empty();
    let Some(script) = script(&folder, "zsh") else { return };
    let ask = r#"autoload -Uz compinit && compinit -D -u && source "$1" && print ${_comps[portcullis]}"#;
    // Without -D it would write a dump beside the files of whoever runs the test.
    let mut zsh = Command::new("zsh");
    assert_eq!(says(zsh.args(["-f", "-c", ask, "zsh", &script]).env("HOME", folder.path())), ["_portcullis"]);
}
