//! The connector's one directory. Connections, TLS and the service account are the host's: each call is compared with the
//! operator's grants before anything is sent, and `?` makes a [`Fault`](crate::Fault) of an [`LdapError`].

use crate::Password;
use crate::bindings::host::portcullis::writeback::ldap as host;

pub use host::{
    Answer, Attribute, Change, ChangeKind, Control, Encoding, Entry, LdapError, PasswordValue, Performer, Query, Scope,
    Value, modify, search, set_password, try_bind,
};

/// The entry that the host located for the account of the operation, with those of the attributes that are granted and
/// present.
///
/// # Errors
/// `no-target` in a check, `denied`, `unavailable`.
pub fn target(attributes: &[&str]) -> Result<Entry, LdapError> {
    host::target(&owned(attributes))
}

/// Attributes of the root DSE (RFC 4512 section 5.1), which describes the server.
///
/// # Errors
/// `denied`, `unavailable`, `refused`.
pub fn root_dse(attributes: &[&str]) -> Result<Entry, LdapError> {
    host::root_dse(&owned(attributes))
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

impl<'a> Value<'a> {
    /// A password as `userPassword` takes it.
    #[must_use]
    pub fn utf8(password: &'a Password) -> Self {
        Self::Password(PasswordValue { password, encoding: Encoding::Utf8 })
    }

    /// A password as `unicodePwd` of Active Directory takes it.
    #[must_use]
    pub fn quoted_utf16le(password: &'a Password) -> Self {
        Self::Password(PasswordValue { password, encoding: Encoding::QuotedUtf16le })
    }
}

impl From<&str> for Value<'_> {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl<'a> Change<'a> {
    /// These values instead of those that are there.
    #[must_use]
    pub fn replace(attribute: &str, values: impl IntoIterator<Item = Value<'a>>) -> Self {
        Self::of(ChangeKind::Replace, attribute, values)
    }

    /// These values besides those that are there.
    #[must_use]
    pub fn add(attribute: &str, values: impl IntoIterator<Item = Value<'a>>) -> Self {
        Self::of(ChangeKind::Add, attribute, values)
    }

    /// Without these values. The directory refuses it (16) if they are not there.
    #[must_use]
    pub fn delete(attribute: &str, values: impl IntoIterator<Item = Value<'a>>) -> Self {
        Self::of(ChangeKind::Delete, attribute, values)
    }

    /// Without the attribute, whether it is there or not: a `replace` by nothing, which no directory refuses for being
    /// in vain. Never for a password: an account without one is an account that cannot sign in.
    #[must_use]
    pub fn clear(attribute: &str) -> Self {
        Self::of(ChangeKind::Replace, attribute, [])
    }

    fn of(kind: ChangeKind, attribute: &str, values: impl IntoIterator<Item = Value<'a>>) -> Self {
        Self { kind, attribute: attribute.to_owned(), values: values.into_iter().collect() }
    }
}

impl Control {
    /// A control without a value that a server may ignore.
    #[must_use]
    pub fn new(oid: &str) -> Self {
        Self { oid: oid.to_owned(), critical: false, value: None }
    }

    /// A server that does not know the control must refuse the request.
    #[must_use]
    pub fn critical(mut self) -> Self {
        self.critical = true;
        self
    }

    /// With a value.
    #[must_use]
    pub fn with_value(mut self, value: &[u8]) -> Self {
        self.value = Some(value.to_vec());
        self
    }
}

impl Entry {
    /// The values of an attribute, by its name in any case; none if it is not there.
    #[must_use]
    pub fn values(&self, attribute: &str) -> &[Vec<u8>] {
        self.attributes.iter().find(|a| a.name.eq_ignore_ascii_case(attribute)).map_or(&[], |a| &a.values)
    }

    /// The first value as text.
    #[must_use]
    pub fn text(&self, attribute: &str) -> Option<&str> {
        self.values(attribute).first().and_then(|value| std::str::from_utf8(value).ok())
    }

    /// The first value as an INTEGER (RFC 4517 section 3.3.16).
    #[must_use]
    pub fn number(&self, attribute: &str) -> Option<i64> {
        self.text(attribute)?.parse().ok()
    }

    /// The first value as a BOOLEAN (RFC 4517 section 3.3.3).
    #[must_use]
    pub fn flag(&self, attribute: &str) -> Option<bool> {
        let text = self.text(attribute)?;
        [("TRUE", true), ("FALSE", false)].into_iter().find(|(name, _)| name.eq_ignore_ascii_case(text)).map(|(_, b)| b)
    }

    /// Whether one of the values is this text, in any case.
    #[must_use]
    pub fn lists(&self, attribute: &str, text: &str) -> bool {
        self.values(attribute).iter().any(|value| value.eq_ignore_ascii_case(text.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::entry;

    #[test]
    fn reads_what_is_there_and_invents_nothing() {
        let entry = entry("cn=a", &[("pwdReset", &["true"]), ("lockoutTime", &["-1"]), ("cn", &["A", "b"])]);
        assert_eq!(entry.flag("PWDRESET"), Some(true));
        assert_eq!(entry.number("lockouttime"), Some(-1));
        assert!(entry.lists("CN", "B") && !entry.lists("cn", "c") && !entry.lists("sn", "b"));
        assert_eq!((entry.flag("cn"), entry.number("cn"), entry.text("sn")), (None, None, None));
    }
}
