//! What was not run, by name, with the reason: nothing is skipped in silence.

/// Prints the list.
pub(crate) fn print(skipped: &[String]) {
    if skipped.is_empty() {
        return;
    }
    println!("\nskipped ({}):", skipped.len());
    for line in skipped {
        println!("  {line}");
    }
}

/// Whether a skip of this kind is a failure here: `PORTCULLIS_REQUIRE=1` requires everything, `servers` or `toolchains`
/// (or both, with a comma) what it says.
pub(crate) fn required(what: &str) -> bool {
    std::env::var("PORTCULLIS_REQUIRE").is_ok_and(|value| value.split(',').any(|word| word == "1" || word == what))
}
