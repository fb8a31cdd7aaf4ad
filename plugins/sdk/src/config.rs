//! The connector's own settings: what the operator wrote under `[config]` in the connector's file.

pub use crate::bindings::host::portcullis::writeback::config::get;

use crate::{Fault, FaultCode};

/// A setting that has few values. The first choice is the default.
///
/// # Errors
/// `misconfigured`, naming the setting and its values.
pub fn choice<T: Copy>(name: &str, choices: &[(&str, T)]) -> Result<T, Fault> {
    choose(name, get(name).as_deref(), choices)
}

/// [`choice`] for a value that is in hand.
///
/// # Errors
/// `misconfigured`, naming the setting and its values.
pub fn choose<T: Copy>(name: &str, value: Option<&str>, choices: &[(&str, T)]) -> Result<T, Fault> {
    let found = match value {
        Some(value) => choices.iter().find(|(choice, _)| *choice == value),
        None => choices.first(),
    };
    found.map(|(_, meaning)| *meaning).ok_or_else(|| {
        let known: Vec<_> = choices.iter().map(|(choice, _)| format!("`{choice}`")).collect();
        let value = value.unwrap_or_default();
        let text = format!("`{name}` under `[config]` is `{value}`; write {} or leave it out", known.join(" or "));
        Fault::new(FaultCode::Misconfigured, text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHOICES: [(&str, bool); 2] = [("when-offered", true), ("off", false)];

    #[test]
    fn an_unknown_value_is_named_together_with_the_known_ones() {
        let fault = choose("history", Some("Off"), &CHOICES).unwrap_err();
        assert_eq!(fault.code, FaultCode::Misconfigured);
        assert_eq!(fault.detail, "`history` under `[config]` is `Off`; write `when-offered` or `off` or leave it out");
    }

    #[test]
    fn the_first_choice_is_the_default() {
        assert_eq!(choose("history", None, &CHOICES), Ok(true));
        assert_eq!(choose("history", Some("off"), &CHOICES), Ok(false));
    }
}
