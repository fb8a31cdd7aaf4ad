//! The capability `reveal`: the text of a password. A plugin that does not import it cannot read one, which its binary
//! proves. The text lies in the guest's memory until the instance is gone, and in a buffer of the engine that nobody
//! clears: grant it to nobody without need.

mod host;
#[cfg(test)]
mod tests;

use portcullis_model::{Event, Use};

use crate::Permitted;
use crate::secrets::{Held, Label};

/// Which passwords may be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RevealGrant {
    /// For example `new`.
    pub passwords: Vec<Label>,
}

impl RevealGrant {
    /// Whether this password may be read.
    ///
    /// # Errors
    /// The words that name the missing grant.
    pub fn permit(&self, held: Held) -> Result<Permitted<Held>, String> {
        if self.passwords.contains(&held.label) {
            return Ok(Permitted::new(held));
        }
        let name = held.label.name();
        Err(format!("the password `{name}` may not be read: add \"{name}\" to `passwords` in [reveal] if it must be"))
    }
}

fn allowed(label: Label) -> Event {
    Event::Allowed { capability: "reveal", call: "reveal", subject: label.name().into(), uses: vec![used(label)] }
}

fn denied(label: Label, reason: String) -> Event {
    let wanted = Some(used(label));
    Event::Denied { capability: "reveal", call: "reveal", subject: label.name().into(), reason, wanted }
}

fn used(label: Label) -> Use {
    Use::Reveal { password: label.name().into() }
}
