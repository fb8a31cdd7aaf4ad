//! The man pages: every command has one, whole and readable by the programs that show them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::CommandFactory as _;
use portcullis::commands::Cli;
use portcullis_tests::{NotAvailable, or_skip};

use crate::folder::Folder;

/// The pages as the package installs them.
fn pages(folder: &Folder) -> Vec<PathBuf> {
    let dir = folder.path().join("pages");
    let run = folder.run(&["man", "--dir", dir.to_str().unwrap()]);
    assert_eq!((run.code, &*run.stdout, &*run.stderr), (0, "", ""), "{run}");
    fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect()
}

/// The name of every command that `--help` shows, with those that it is part of before it.
pub(crate) fn names(command: &clap::Command, before: &str) -> Vec<String> {
    let name = format!("{before}{}", command.get_name());
    let shown = command.get_subcommands().filter(|below| !below.is_hide_set() && below.get_name() != "help");
    let below = shown.flat_map(|below| names(below, &format!("{name}-")));
    std::iter::once(name.clone()).chain(below).collect()
}

#[test]
fn every_command_has_a_page_with_every_section() {
    let folder = Folder::empty();
    let pages = pages(&folder);
    let written: BTreeSet<String> =
        pages.iter().map(|page| page.file_name().unwrap().to_str().unwrap().to_owned()).collect();
    let expected: BTreeSet<String> = names(&Cli::command(), "").into_iter().map(|name| format!("{name}.1")).collect();
    assert!(expected.contains("portcullis-reset.1"), "{expected:?}");
    assert_eq!(written, expected);

    for page in &pages {
        let text = fs::read_to_string(page).unwrap();
        let name = page.file_stem().unwrap().to_str().unwrap();
        let about = format!(".SH NAME\n{} \\- ", name.replace('-', "\\-"));
        assert!(text.contains(&about), "{name} says in no word what it is:\n{text}");
        for section in ["SYNOPSIS", "DESCRIPTION", "OPTIONS", "\"EXIT STATUS\"", "ENVIRONMENT", "FILES", "\"SEE ALSO\""]
        {
            assert_eq!(text.matches(&format!(".SH {section}\n")).count(), 1, "{section} in {name}:\n{text}");
        }
        let (_, ends) = text.split_once(".SH \"EXIT STATUS\"\n").unwrap();
        assert!(ends.contains("\\fI14\\fR\noutcome unknown"), "{ends}");
        assert!(text.contains("PORTCULLIS_CONFIG"), "the variables of options, in {name}:\n{text}");
    }
}

/// Options stand there with what they take; commands that packages alone used to type have a page as well.
#[test]
fn the_synopsis_says_what_options_take() {
    let folder = Folder::empty();
    let dir = pages(&folder)[0].parent().unwrap().to_owned();
    let synopsis = |name: &str| {
        let page = fs::read_to_string(dir.join(format!("{name}.1"))).unwrap();
        let (_, rest) = page.split_once(".SH SYNOPSIS\n").unwrap();
        let line = rest.lines().next().unwrap();
        ["\\fB", "\\fI", "\\fR", "\\"].iter().fold(line.to_owned(), |line, mark| line.replace(mark, ""))
    };
    let everywhere = "[--config DIR] [--ceiling FILE] [--cache DIR] [--state DIR] [--log LEVEL] [--json]";
    for (name, typed, given) in [
        ("portcullis", "portcullis ", " [--help] [--version] command"),
        (
            "portcullis-reset",
            "portcullis reset [--connector NAME] [--trace] [--record FILE] [--password-stdin] [--generate] \
             [--must-change] [--unlock] ",
            " [--help] ACCOUNT",
        ),
        (
            "portcullis-record",
            "portcullis record --connector NAME [--operations N] [--for TIME] --to FILE ",
            " [--help]",
        ),
        (
            "portcullis-replay",
            "portcullis replay [--grants FILE] [--plugin FILE] [--connector NAME] ",
            " [--help] RECORDING...",
        ),
        ("portcullis-completions", "portcullis completions ", " [--help] bash|zsh|fish"),
    ] {
        assert_eq!(synopsis(name), format!("{typed}{everywhere}{given}"));
    }
}

/// A command or an option without a word of help would be a hole in its page.
#[test]
fn everything_that_can_be_typed_is_explained() {
    fn look(command: &clap::Command, bare: &mut Vec<String>) {
        if command.get_about().is_none() {
            bare.push(command.get_name().to_owned());
        }
        let silent = command.get_arguments().filter(|argument| argument.get_help().is_none());
        bare.extend(silent.map(|argument| format!("{} {}", command.get_name(), argument.get_id())));
        command.get_subcommands().for_each(|below| look(below, bare));
    }
    let mut bare = Vec::new();
    look(&Cli::command(), &mut bare);
    assert_eq!(bare, Vec::<String>::new(), "without a word of help");
}

#[test]
fn the_page_of_the_program_alone_is_printed() {
    let run = Folder::empty().run(&["man"]);
    assert_eq!((run.code, &*run.stderr), (0, ""), "{run}");
    let first = format!(".TH PORTCULLIS 1 \"\" \"portcullis {}\" Portcullis\n", env!("CARGO_PKG_VERSION"));
    assert!(run.stdout.contains(&first), "{run}");
}

#[test]
fn a_folder_that_cannot_be_written_is_said() {
    let folder = Folder::empty();
    folder.write("pages", "a file");
    let run = folder.run(&["man", "--dir", folder.path().join("pages").to_str().unwrap()]);
    assert_eq!((run.code, &*run.stdout), (1, ""), "{run}");
    assert!(run.stderr.contains("man pages cannot be written to DIR/pages"), "{run}");
}

#[test]
fn man_shows_them_without_a_warning() {
    shown_by(&["man", "--warnings", "-E", "UTF-8", "-Tutf8", "-Z", "-l"], "man-db");
}

#[test]
fn mandoc_finds_nothing_wrong() {
    shown_by(&["mandoc", "-Tlint", "-Wwarning"], "mandoc");
}

/// Neither says a word, except of the date: pages have a version.
fn shown_by(program: &[&str], package: &str) {
    let folder = Folder::empty();
    let Some(()) = or_skip(installed(program[0], package)) else { return };
    for page in pages(&folder) {
        let mut command = Command::new(program[0]);
        let output = command.args(&program[1..]).arg(&page).env("LC_ALL", "C.UTF-8").output().unwrap();
        let said = [&output.stderr[..], if program[0] == "mandoc" { &output.stdout } else { &[] }].concat();
        let said = String::from_utf8(said).unwrap();
        let said: Vec<&str> = said.lines().filter(|line| !line.contains("missing date")).collect();
        assert_eq!(said, Vec::<&str>::new(), "{}", page.display());
    }
}

/// Whether a program is on the path.
pub(crate) fn installed(program: &str, package: &str) -> Result<(), NotAvailable> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    if std::env::split_paths(&path).any(|folder| Path::new(&folder).join(program).is_file()) {
        return Ok(());
    }
    Err(NotAvailable::Toolchain(format!("{program} is not installed (apt-get install {package})")))
}
