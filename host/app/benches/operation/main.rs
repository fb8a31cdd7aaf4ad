//! The path of an operation and the service around it, measured: `cargo xtask bench`, or `cargo bench -p portcullis -- [--quick] [NAME...]`.
//!
//! Each measurement is a module; it returns [`figure::Figure`]s. What is compared is measured in turns within one run,
//! because two runs on a busy machine differ by more than what is compared. Nothing here changes what the host does: it
//! calls the public functions that the commands call, in the release profile. With `--times N PART` nothing is measured:
//! see [`count`].

mod command;
mod count;
mod figure;
mod instance;
mod memory;
mod mock;
mod native;
#[path = "../service/mod.rs"]
mod service;
mod slapd;
mod stats;

use std::path::PathBuf;
use std::process::ExitCode;

use figure::Section;

/// The allocator of the program, which overwrites what is freed. What the host is compared with pays for it as well.
#[global_allocator]
static HEAP: zeroizing_alloc::ZeroAlloc<std::alloc::System> = zeroizing_alloc::ZeroAlloc(std::alloc::System);

/// What a measurement returns. The errors are for a person.
type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// One measurement: its name on the command line, and what it does.
type Measurement = (&'static str, fn(quick: bool) -> Result<Section>);

const MEASUREMENTS: [Measurement; 8] = [
    ("instance", instance::measure),
    ("slapd", slapd::measure),
    ("command", command::measure),
    ("memory", memory::measure),
    ("requests", service::requests),
    ("parts", service::parts),
    ("start", service::start),
    ("backlog", service::backlog),
];

/// What was typed.
#[derive(Default)]
struct Arguments {
    /// Shorter, to see that everything works; the figures are worth less.
    quick: bool,
    /// A file for the figures as JSON.
    out: Option<PathBuf>,
    /// Do one part so many times, and measure nothing.
    times: Option<usize>,
    /// The measurements; all of them if none is named.
    names: Vec<String>,
}

fn main() -> ExitCode {
    // This program starts itself where a process of its own is measured.
    if std::env::var_os(memory::CHILD).is_some() {
        return ended(memory::child());
    }
    ended(arguments().and_then(|arguments| run(&arguments)))
}

fn ended(result: Result) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn arguments() -> Result<Arguments> {
    let mut arguments = Arguments::default();
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            // Given by `cargo bench` to every benchmark.
            "--bench" => {}
            "--quick" => arguments.quick = true,
            "--times" => arguments.times = Some(words.next().ok_or("--times wants a number")?.parse()?),
            "--out" => arguments.out = Some(words.next().ok_or("--out wants a file")?.into()),
            part if arguments.times.is_some() && count::PARTS.contains(&part) => arguments.names.push(word),
            name if MEASUREMENTS.iter().any(|(known, _)| *known == name) => arguments.names.push(word),
            other => {
                let names = MEASUREMENTS.map(|(name, _)| name).join(", ");
                return Err(format!(
                    "{other}: no option (--quick, --out FILE, --times N) and no measurement ({names})"
                )
                .into());
            }
        }
    }
    Ok(arguments)
}

fn run(arguments: &Arguments) -> Result {
    if let Some(times) = arguments.times {
        return arguments.names.iter().try_for_each(|part| count::count(part, times));
    }
    let mut sections = Vec::new();
    for (name, measure) in MEASUREMENTS {
        if !arguments.names.is_empty() && !arguments.names.iter().any(|wanted| wanted == name) {
            continue;
        }
        let section = measure(arguments.quick)?;
        println!("\n{}", section.title);
        section.figures.iter().for_each(|figure| println!("  {figure}"));
        sections.push(section);
    }
    if let Some(file) = &arguments.out {
        let json = serde_json::json!({ "quick": arguments.quick, "sections": sections });
        std::fs::write(file, serde_json::to_vec_pretty(&json)?)?;
    }
    Ok(())
}
