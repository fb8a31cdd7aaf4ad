//! The shape of a ceiling, as serde reads it. The grants have the shape that they have in a connector's file.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, SeqAccess, Visitor, value::SeqAccessDeserializer};
use toml::Spanned;

use crate::config::file::{Allow, Grant, Limits, Log, Read, Reveal, Search, Section, Setting, Text};

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct File {
    pub(super) accounts: Option<Spanned<Vec<Text>>>,
    pub(super) operations: Option<Spanned<Vec<Text>>>,
    #[serde(default)]
    pub(super) plugins: Section<Plugins>,
    #[serde(default)]
    pub(super) signers: BTreeMap<Text, Text>,
    #[serde(default)]
    pub(super) ldap: Section<Ldap>,
    pub(super) log: Option<Section<Log>>,
    pub(super) config: Option<BTreeMap<String, Spanned<Values>>>,
    pub(super) reveal: Option<Section<Reveal>>,
    #[serde(default)]
    pub(super) limits: Section<Limits>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Plugins {
    pub(super) require_signature: Option<bool>,
    pub(super) require_sha256: Option<bool>,
    pub(super) sockets: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Ldap {
    #[serde(default)]
    pub(super) urls: Vec<Text>,
    #[serde(default)]
    pub(super) embedded: bool,
    pub(super) min_tls: Option<Text>,
    #[serde(default)]
    pub(super) locate: Section<Locate>,
    #[serde(default)]
    pub(super) read: Section<Read>,
    pub(super) search: Option<Spanned<Section<Search>>>,
    #[serde(default)]
    pub(super) write: BTreeMap<Text, Spanned<Grant>>,
    #[serde(default)]
    pub(super) allow: Section<Allow>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Locate {
    #[serde(default)]
    pub(super) bases: Vec<Text>,
    pub(super) require_exclude: Option<bool>,
}

/// What a setting may be.
#[derive(Debug)]
pub(super) enum Values {
    Word(String),
    List(Vec<Setting>),
}

impl<'de> Deserialize<'de> for Values {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Values;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`\"any\"` or a list of values")
            }

            fn visit_str<E>(self, word: &str) -> Result<Values, E> {
                Ok(Values::Word(word.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Values, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(list)).map(Values::List)
            }
        }
        deserializer.deserialize_any(Any)
    }
}
