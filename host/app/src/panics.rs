//! What a panic leaves in the log: its place, and never its words.
//!
//! Libraries panic on some malformed answers of servers; the host catches that, and it costs one request. The words of
//! such a panic may hold the bytes of the answer, and an answer may hold a password.

use std::panic::Location;

/// From now on every panic of this process is one line of the log, at the level `error`.
pub fn install() {
    std::panic::set_hook(Box::new(|panic| {
        let line = line(panic.location());
        if tracing::dispatcher::has_been_set() {
            tracing::error!("{line}");
        } else {
            crate::commands::complain(&format!("{line}\n"));
        }
    }));
}

fn line(place: Option<&Location<'_>>) -> String {
    let place = place.map_or_else(|| "an unknown place".to_owned(), |at| format!("{}:{}", short(at.file()), at.line()));
    format!("a panic at {place}; its words are withheld, they may hold what a server sent")
}

/// A file of a library without the folder in which this program was built.
fn short(file: &str) -> &str {
    let below = file.split_once("/registry/src/").and_then(|(_, rest)| rest.split_once('/'));
    below.map_or(file, |(_index, rest)| rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_is_a_library_and_a_line() {
        assert_eq!(short("/home/x/.cargo/registry/src/index-0a/ldap3-0.12.1/src/a.rs"), "ldap3-0.12.1/src/a.rs");
        assert_eq!(short("host/app/src/main.rs"), "host/app/src/main.rs");
        let here = Location::caller();
        assert!(line(Some(here)).contains(&format!("panics.rs:{};", here.line())));
        assert!(line(None).contains("unknown place"));
    }
}
