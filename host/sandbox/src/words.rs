//! The engine's words and the plugin's names, fit to be shown. They come from the plugin's binary: names of imports, and
//! of the functions in a backtrace, may be anything, an escape sequence included.

use portcullis_model::misleads;

/// An error of the engine's as one line of at most 512 characters.
pub(crate) fn plain(error: &wasmtime::Error) -> String {
    one_line(&format!("{error:#}"))
}

/// The same with its cause first: a backtrace may be as long as the plugin likes, and its names are the plugin's.
pub(crate) fn cause_first(error: &wasmtime::Error) -> String {
    let (all, cause) = (format!("{error:#}"), error.root_cause().to_string());
    match all.strip_suffix(&cause).map(|rest| rest.trim_end_matches(": ")) {
        None | Some("") => one_line(&all),
        Some(around) => one_line(&format!("{cause} ({around})")),
    }
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if misleads(c) { ' ' } else { c }).take(512).collect()
}
