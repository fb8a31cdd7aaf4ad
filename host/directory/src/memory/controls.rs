//! The controls that a dialect knows.

use super::answers::{PPOLICY, Refusal};
use super::{Context, Dialect};
use crate::request::Control;

/// Active Directory: apply the policy to a reset as well; the OID of today and the one of Windows Server 2008 R2.
pub(super) const POLICY_HINTS: &str = "1.2.840.113556.1.4.2239";
pub(super) const POLICY_HINTS_OLD: &str = "1.2.840.113556.1.4.2066";
/// Active Directory: adding what is there and deleting what is not are no errors.
pub(super) const PERMISSIVE_MODIFY: &str = "1.2.840.113556.1.4.1413";

/// What the controls of a request ask for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) history: bool,
    pub(super) permissive: bool,
}

impl Context<'_> {
    /// # Errors
    /// A critical control that the dialect does not know, or a value that cannot be read.
    pub(super) fn controls(&self, controls: &[Control]) -> Result<Asked, Refusal> {
        let mut asked = Asked::default();
        for control in controls {
            match (self.dialect, control.oid.as_str()) {
                (Dialect::Plain | Dialect::OpenLdap, PPOLICY) if control.value.is_some() => {
                    return Err(Refusal::BadControl);
                }
                (Dialect::Plain | Dialect::OpenLdap, PPOLICY) => {}
                (Dialect::ActiveDirectory, POLICY_HINTS | POLICY_HINTS_OLD) => {
                    asked.history |= hints(control.value.as_deref())? & 1 == 1;
                }
                (Dialect::ActiveDirectory, PERMISSIVE_MODIFY) => asked.permissive = true,
                _ if control.critical => return Err(Refusal::CriticalControl),
                _ => {}
            }
        }
        Ok(asked)
    }
}

/// `SEQUENCE { flags INTEGER }` with a number of one byte: the only flag is 1. Both short forms of a length are taken.
fn hints(value: Option<&[u8]>) -> Result<u8, Refusal> {
    match value {
        Some([0x30, 0x03, 0x02, 0x01, flags] | [0x30, 0x84, 0, 0, 0, 0x03, 0x02, 0x01, flags]) => Ok(*flags),
        _ => Err(Refusal::BadControl),
    }
}
