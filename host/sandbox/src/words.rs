//! The engine's words and the plugin's names, fit to be shown. They come from the plugin's binary: names of imports, and
//! of the functions in a backtrace, may be anything, an escape sequence included.

/// Characters that a terminal obeys instead of showing them; marks of direction show a text in another order.
pub(crate) fn misleads(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

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
