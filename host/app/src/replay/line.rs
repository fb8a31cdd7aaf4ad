//! The line of a connector's file that would grant what was denied.
//!
//! What a plugin asks for is its own word: a line that would give a password away, or widen what is searched, is shown only
//! where the recorded operation was granted the same.

use portcullis_model::{Use, UsedValue};

use crate::config::gives_passwords_away;

/// The line, if it may be suggested. `granted` is what the recorded operation used.
pub(super) fn suggested(wanted: &Use, granted: &[&Use]) -> Option<String> {
    let harmless = match wanted {
        Use::Write { value: UsedValue::Password, .. } | Use::Reveal { .. } | Use::Search { .. } => false,
        Use::Read { attribute } => {
            !gives_passwords_away(&attribute.split(';').next().unwrap_or_default().to_ascii_lowercase())
        }
        _ => true,
    };
    if harmless || granted.contains(&wanted) { line(wanted) } else { None }
}

/// The line of a connector's file that grants it.
pub(super) fn line(wanted: &Use) -> Option<String> {
    let quoted = |text: &str| toml::Value::from(text).to_string();
    Some(match wanted {
        Use::Read { attribute } => format!("[ldap.read] attributes = [{}]", quoted(attribute)),
        Use::Search { base } => format!("[ldap.search] bases = [{}]", quoted(base)),
        Use::Write { attribute, value: UsedValue::Password } => format!("[ldap.write] {attribute} = \"password\""),
        Use::Write { attribute, value: UsedValue::Granted(value) } => {
            format!("[ldap.write] {attribute} = [{}]", quoted(value))
        }
        Use::Write { attribute, value: UsedValue::Removed } => format!("[ldap.write] {attribute} = \"remove\""),
        Use::Write { value: UsedValue::Other, .. } => return None,
        Use::Control { oid } => format!("[ldap.allow] controls = [{}]", quoted(oid)),
        Use::SetPassword => "[ldap.allow] set-password = true".to_owned(),
        Use::TryBind => "[ldap.allow] try-bind = true".to_owned(),
        Use::AsTarget => "[ldap.allow] as-target = true".to_owned(),
        Use::Reveal { password } => format!("[reveal] passwords = [{}]", quoted(password)),
        Use::Log => "[log]".to_owned(),
        Use::Setting { name } => format!("[config] {name} = \"...\""),
    })
}
