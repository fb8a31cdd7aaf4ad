//! Texts that are made to harm who reads them: too long, too many, or obeyed by a terminal.

use portcullis_connector::{Effect, Fault, FaultCode, Note, Receipt, log};

use crate::{Hands, well};

/// Clears the screen, forges a line of the log, and writes backwards.
const NASTY: &str = "\x1b[2J\x1b[31mred\r\n2026-01-01T00:00:00Z ERROR portcullis: forged\u{202e}\u{7}\u{0}end";

pub(crate) fn try_it(behave: &str, hands: Hands<'_>) -> Option<Result<Receipt, Fault>> {
    Some(match behave {
        "log-forge" => {
            log::warn(NASTY);
            well(hands)
        }
        "many-notes" => well(hands).map(|receipt| noted(receipt, 10_000, "\x1b[2J\r\n\u{202e}")),
        "long-notes" => well(hands).map(|receipt| noted(receipt, 3, &NASTY.repeat(100))),
        "large-notes" => well(hands).map(|receipt| noted(receipt, 10_000, &"x".repeat(1_000))),
        "large-detail" => Err(bare(FaultCode::DirectoryRefused, NASTY.repeat(1_000))),
        "many-effects" => well(hands).map(|receipt| Receipt { effects: vec![Effect::PasswordSet; 100_000], ..receipt }),
        _ => return None,
    })
}

fn noted(receipt: Receipt, count: usize, text: &str) -> Receipt {
    let note = Note { code: format!("{}{text}", "c".repeat(10)), text: text.to_owned() };
    Receipt { notes: vec![note; count], ..receipt }
}

/// Without the help of the crate, which cuts.
fn bare(code: FaultCode, detail: String) -> Fault {
    Fault { code, detail, limit: None }
}
