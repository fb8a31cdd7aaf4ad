//! `portcullis man`: a page for each command, made from the commands themselves, so that a page cannot be forgotten or
//! say something else than `--help`.
//!
//! What the pages share (exit codes, files, environment) is written here once.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use clap::{Arg, Command, CommandFactory as _};
use clap_mangen::Man;
use clap_mangen::roff::{Inline, Roff, bold, italic, roman};
use portcullis_model::{Fault, FaultCode};

use super::Cli;
use super::setup::Setup;
use crate::show::ExitCode;

/// Commands that an operator types.
const SECTION: &str = "1";

/// Where things are on a machine on which the package was installed.
const FILES: [(&str, &str); 8] = [
    ("/etc/portcullis/portcullis.toml", "The service: where it listens, who may ask for what. Optional."),
    ("/etc/portcullis/connectors/*.toml", "One file for each connector: its plugin, its directory, its grants."),
    ("/etc/portcullis/plugins/*.wasm", "Plugins. One that was dropped in does not run before it is approved."),
    ("/usr/share/portcullis/plugins/*.wasm", "The plugins that come with the package, to be copied from."),
    ("/usr/share/doc/portcullis/examples/", "Connectors' files to start from; each grant is explained there."),
    ("/var/lib/portcullis/", "The state of the service: journal, keys, approved plugins. Nobody else may enter it."),
    ("/var/cache/portcullis/plugins/", "Compiled plugins of the service. May be deleted while it is stopped."),
    ("/run/portcullis/", "Sockets of the service."),
];

/// Variables that belong to no option.
const ENVIRONMENT: [(&str, &str); 4] = [
    ("CREDENTIALS_DIRECTORY", "Where secrets of the form { credential = \"NAME\" } are; set by systemd."),
    ("STATE_DIRECTORY", "The state folder of the service; set by systemd."),
    ("CACHE_DIRECTORY", "Compiled plugins are kept in plugins/ below it if --cache is not given; set by systemd."),
    ("NO_COLOR", "If it is set and not empty, the log has no colours."),
];

pub(super) fn run(setup: &Setup, dir: Option<&Path>) -> ExitCode {
    let written = pages().and_then(|pages| match dir {
        None => {
            setup.print(pages.get(&format!("portcullis.{SECTION}")).map_or("", String::as_str));
            Ok(())
        }
        Some(dir) => write(dir, &pages),
    });
    match written {
        Ok(()) => ExitCode::Done,
        Err(error) => {
            let place = dir.unwrap_or(Path::new("standard output")).display();
            setup
                .fault(&Fault::new(FaultCode::HostInternal, format!("man pages cannot be written to {place}: {error}")))
        }
    }
}

fn write(dir: &Path, pages: &BTreeMap<String, String>) -> io::Result<()> {
    std::fs::create_dir_all(dir)?;
    pages.iter().try_for_each(|(name, page)| std::fs::write(dir.join(name), page))
}

/// Every page, by the name of its file.
fn pages() -> io::Result<BTreeMap<String, String>> {
    // Clap's own `help` is explained by what it does.
    let mut root = Cli::command().disable_help_subcommand(true);
    root.build();
    let mut pages = BTreeMap::new();
    add(&root, None, &mut pages)?;
    Ok(pages)
}

fn add(command: &Command, parent: Option<&str>, pages: &mut BTreeMap<String, String>) -> io::Result<()> {
    let name = command.get_display_name().unwrap_or(command.get_name());
    pages.insert(format!("{name}.{SECTION}"), page(command, parent)?);
    let shown = command.get_subcommands().filter(|command| !command.is_hide_set());
    shown.into_iter().try_for_each(|below| add(below, Some(name), pages))
}

fn page(command: &Command, parent: Option<&str>) -> io::Result<String> {
    let name = command.get_display_name().unwrap_or(command.get_name());
    let source = concat!("portcullis ", env!("CARGO_PKG_VERSION"));
    let man = Man::new(command.clone()).title(name.to_uppercase()).section(SECTION).source(source).manual("Portcullis");
    // No date, so that two builds are the same to the byte; left out altogether, the version would stand in its place.
    let man = man.date("\"\"");
    let mut text = Vec::new();
    man.render_title(&mut text)?;
    man.render_name_section(&mut text)?;
    synopsis(command).to_writer(&mut text)?;
    man.render_description_section(&mut text)?;
    man.render_options_section(&mut text)?;
    let below: Vec<&Command> = command.get_subcommands().filter(|command| !command.is_hide_set()).collect();
    if !below.is_empty() {
        man.render_subcommands_section(&mut text)?;
    }
    ending(command, parent, &below).to_writer(&mut text)?;
    String::from_utf8(text).map_err(io::Error::other)
}

/// How it is typed: clap's own synopsis leaves the values of options away.
fn synopsis(command: &Command) -> Roff {
    let mut line = vec![bold(command.get_bin_name().unwrap_or_else(|| command.get_name()))];
    let mut add = |needed: bool, words: Vec<Inline>| {
        line.push(roman(if needed { " " } else { " [" }));
        line.extend(words);
        line.extend((!needed).then(|| roman("]")));
    };
    let (places, options): (Vec<&Arg>, Vec<&Arg>) =
        command.get_arguments().filter(|argument| !argument.is_hide_set()).partition(|one| one.is_positional());
    for option in options {
        let Some(long) = option.get_long() else { continue };
        let mut words = vec![bold(format!("--{long}"))];
        if option.get_action().takes_values() {
            words.extend([roman(" "), italic(value(option))]);
        }
        add(option.is_required_set(), words);
    }
    for place in places {
        let more = place.get_num_args().is_some_and(|count| count.max_values() > 1);
        add(place.is_required_set(), vec![italic(value(place)), roman(if more { "..." } else { "" })]);
    }
    if command.has_subcommands() {
        add(command.is_subcommand_required_set(), vec![italic("command")]);
    }
    let mut roff = Roff::new();
    roff.control("SH", ["SYNOPSIS"]).text(line);
    roff
}

/// The word that stands for an argument's value.
fn value(argument: &Arg) -> String {
    let names = argument.get_value_names().map(|names| names.join(" "));
    names.unwrap_or_else(|| argument.get_id().as_str().to_uppercase())
}

/// What clap does not know, in the order of man-pages(7).
fn ending(command: &Command, parent: Option<&str>, below: &[&Command]) -> Roff {
    let mut roff = Roff::new();
    let codes = ExitCode::ALL.iter().map(|code| ((*code as u8).to_string(), code.meaning().to_owned()));
    list(&mut roff, "EXIT STATUS", codes);
    let options = command.get_arguments().filter(|argument| !argument.is_hide_set()).filter_map(|argument| {
        let text = format!("The same as --{}.", argument.get_long()?);
        Some((argument.get_env()?.to_string_lossy().into_owned(), text))
    });
    let owned = |(name, text): (&str, &str)| (name.to_owned(), text.to_owned());
    list(&mut roff, "ENVIRONMENT", options.chain(ENVIRONMENT.map(owned)));
    list(&mut roff, "FILES", FILES.map(owned));
    // The root's text after the help is the table of exit codes, which has its section.
    if let Some(notes) = command.get_after_long_help().or(command.get_after_help()).filter(|_| parent.is_some()) {
        roff.control("SH", ["NOTES"]).control("nf", []);
        for line in notes.to_string().lines() {
            roff.text([roman(line)]);
        }
        roff.control("fi", []);
    }
    let near = below.iter().map(|command| command.get_display_name().unwrap_or(command.get_name()));
    let near: Vec<&str> = parent.into_iter().chain(near).collect();
    roff.control("SH", ["SEE ALSO"]);
    for (at, name) in near.iter().enumerate() {
        let comma = if at + 1 == near.len() { "" } else { "," };
        roff.text([bold(*name), roman(format!("({SECTION}){comma}"))]);
    }
    roff
}

fn list(roff: &mut Roff, heading: &str, items: impl IntoIterator<Item = (String, String)>) {
    roff.control("SH", [heading]);
    for (name, text) in items {
        roff.control("TP", []).text([italic(name)]).text([roman(text)]);
    }
}
