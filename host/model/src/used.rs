//! What a grant allows, named piece by piece: so that what was used can be laid beside what was granted.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One thing that a grant allows, as it was used or asked for.
///
/// It holds no value of a directory and none of a guest: only names, and values that the operator granted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "grant", rename_all = "kebab-case")]
pub enum Use {
    /// `[ldap.read] attributes`: reading an attribute, or looking at it in a filter.
    Read {
        /// In lower case.
        attribute: String,
    },
    /// `[ldap.search] bases`.
    Search {
        /// The granted base that held the search; in a denial the one that was asked for.
        base: String,
    },
    /// `[ldap.write]`.
    Write {
        /// In lower case.
        attribute: String,
        /// What went into it.
        value: UsedValue,
    },
    /// `[ldap.allow] controls`.
    Control {
        /// Its OID.
        oid: String,
    },
    /// `[ldap.allow] set-password`.
    SetPassword,
    /// `[ldap.allow] try-bind`.
    TryBind,
    /// `[ldap.allow] as-target`.
    AsTarget,
    /// `[reveal] passwords`.
    Reveal {
        /// `new`, `old`, `candidate`.
        password: String,
    },
    /// `[log]`: at least one line was kept.
    Log,
    /// `[config]`.
    Setting {
        /// Its name.
        name: String,
    },
}

/// What went into an attribute.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UsedValue {
    /// A password of the operation.
    Password,
    /// This value, which the operator granted.
    Granted(String),
    /// Nothing: the attribute was emptied.
    Removed,
    /// In a denial: something that was not granted. It is not told what.
    Other,
}

impl Use {
    /// With every text passed through a function, which cleans what a guest wrote.
    #[must_use]
    pub fn cleaned(self, clean: impl Fn(&str) -> String) -> Self {
        match self {
            Self::Read { attribute } => Self::Read { attribute: clean(&attribute) },
            Self::Search { base } => Self::Search { base: clean(&base) },
            Self::Write { attribute, value } => Self::Write { attribute: clean(&attribute), value },
            Self::Control { oid } => Self::Control { oid: clean(&oid) },
            Self::Setting { name } => Self::Setting { name: clean(&name) },
            other @ (Self::SetPassword | Self::TryBind | Self::AsTarget | Self::Reveal { .. } | Self::Log) => other,
        }
    }
}

/// As the grant stands in a connector's file.
impl fmt::Display for Use {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read { attribute } => write!(f, "[ldap.read] {attribute}"),
            Self::Search { base } => write!(f, "[ldap.search] {base}"),
            Self::Write { attribute, value: UsedValue::Password } => write!(f, "[ldap.write] {attribute} = password"),
            Self::Write { attribute, value: UsedValue::Granted(value) } => {
                write!(f, "[ldap.write] {attribute} = {value:?}")
            }
            Self::Write { attribute, value: UsedValue::Removed } => write!(f, "[ldap.write] {attribute} = remove"),
            Self::Write { attribute, value: UsedValue::Other } => write!(f, "[ldap.write] {attribute} = another value"),
            Self::Control { oid } => write!(f, "[ldap.allow] control {oid}"),
            Self::SetPassword => f.write_str("[ldap.allow] set-password"),
            Self::TryBind => f.write_str("[ldap.allow] try-bind"),
            Self::AsTarget => f.write_str("[ldap.allow] as-target"),
            Self::Reveal { password } => write!(f, "[reveal] {password}"),
            Self::Log => f.write_str("[log]"),
            Self::Setting { name } => write!(f, "[config] {name}"),
        }
    }
}
