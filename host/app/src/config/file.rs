//! The shape of a connector's file, as serde reads it: names and kinds of values, with the place of each.
//!
//! Nothing is decided here. A key that is required is an `Option` all the same, and a word out of a list is a text:
//! [`super::check`] can then tell everything that is wrong at once.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{
    Deserializer, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer, value::SeqAccessDeserializer,
};
use toml::Spanned;

pub(super) type Text = Spanned<String>;
pub(super) type Number = Spanned<i64>;
pub(super) type Truth = Spanned<bool>;

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct File {
    pub(super) plugin: Option<Text>,
    pub(super) sha256: Option<Text>,
    pub(super) accounts: Option<Spanned<Vec<Text>>>,
    pub(super) operations: Option<Spanned<Vec<Text>>>,
    pub(super) ldap: Option<Spanned<Section<Ldap>>>,
    pub(super) log: Option<Section<Log>>,
    pub(super) config: Option<BTreeMap<String, Setting>>,
    pub(super) reveal: Option<Spanned<Section<Reveal>>>,
    #[serde(default)]
    pub(super) limits: Section<Limits>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Ldap {
    pub(super) urls: Option<Spanned<Vec<Text>>>,
    pub(super) start_tls: Option<Truth>,
    pub(super) ca_file: Option<Text>,
    pub(super) bind_dn: Option<Text>,
    pub(super) bind_password: Option<Spanned<Secret>>,
    pub(super) connections: Option<Number>,
    pub(super) connect_timeout: Option<Text>,
    pub(super) request_timeout: Option<Text>,
    pub(super) embedded: Option<Spanned<Section<Embedded>>>,
    pub(super) locate: Option<Spanned<Section<Locate>>>,
    #[serde(default)]
    pub(super) read: Section<Read>,
    pub(super) search: Option<Spanned<Section<Search>>>,
    #[serde(default)]
    pub(super) write: BTreeMap<Text, Spanned<Grant>>,
    #[serde(default)]
    pub(super) allow: Section<Allow>,
    pub(super) confirm: Option<Spanned<Section<Confirm>>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Embedded {
    pub(super) seed: Option<Text>,
    pub(super) state: Option<Text>,
    pub(super) dialect: Option<Text>,
    pub(super) min_length: Option<Number>,
    pub(super) history: Option<Number>,
    pub(super) max_failures: Option<Number>,
    pub(super) min_age: Option<Text>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Locate {
    pub(super) base: Option<Text>,
    pub(super) scope: Option<Text>,
    pub(super) filter: Option<Text>,
    pub(super) exclude: Option<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Read {
    #[serde(default)]
    pub(super) attributes: Vec<Text>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Search {
    #[serde(default)]
    pub(super) bases: Vec<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Allow {
    #[serde(default)]
    pub(super) controls: Vec<Text>,
    #[serde(default)]
    pub(super) set_password: bool,
    #[serde(default)]
    pub(super) try_bind: bool,
    #[serde(default)]
    pub(super) as_target: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Confirm {
    pub(super) by: Option<Text>,
    pub(super) attribute: Option<Text>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Log {
    pub(super) level: Option<Text>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Reveal {
    #[serde(default)]
    pub(super) passwords: Vec<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Limits {
    pub(super) time: Option<Text>,
    pub(super) memory: Option<Text>,
    pub(super) concurrency: Option<Number>,
    pub(super) host_calls: Option<Number>,
    pub(super) log: Option<Text>,
}

/// A section. Without this, serde takes a list of the values in their order as well.
#[derive(Debug, Default)]
pub(super) struct Section<T>(pub(super) T);

/// Where a secret is; a secret itself is forgotten at once.
#[derive(Debug)]
pub(super) enum Secret {
    Written,
    At(SecretAt),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct SecretAt {
    pub(super) file: Option<Text>,
    pub(super) env: Option<Text>,
    pub(super) credential: Option<Text>,
}

/// What may be written into an attribute.
#[derive(Debug)]
pub(super) enum Grant {
    Word(String),
    Values(Vec<Text>),
    Table(GrantTable),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct GrantTable {
    #[serde(default)]
    pub(super) values: Vec<Text>,
    #[serde(default)]
    pub(super) remove: bool,
}

/// A setting of the connector, as the connector reads it.
#[derive(Debug)]
pub(super) struct Setting(pub(super) String);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Section<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Table<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Table<T> {
            type Value = Section<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a section")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Section<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Section)
            }
        }
        deserializer.deserialize_map(Table(PhantomData))
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Secret;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the place of a secret")
            }

            fn visit_str<E>(self, _: &str) -> Result<Secret, E> {
                Ok(Secret::Written)
            }

            fn visit_i64<E>(self, _: i64) -> Result<Secret, E> {
                Ok(Secret::Written)
            }

            fn visit_f64<E>(self, _: f64) -> Result<Secret, E> {
                Ok(Secret::Written)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Secret, A::Error> {
                SecretAt::deserialize(MapAccessDeserializer::new(map)).map(Secret::At)
            }
        }
        deserializer.deserialize_any(Any)
    }
}

impl<'de> Deserialize<'de> for Grant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Grant;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`\"password\"`, `\"remove\"`, a list of texts or a table")
            }

            fn visit_str<E>(self, word: &str) -> Result<Grant, E> {
                Ok(Grant::Word(word.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Grant, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(list)).map(Grant::Values)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Grant, A::Error> {
                GrantTable::deserialize(MapAccessDeserializer::new(map)).map(Grant::Table)
            }
        }
        deserializer.deserialize_any(Any)
    }
}

impl<'de> Deserialize<'de> for Setting {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl Visitor<'_> for Any {
            type Value = Setting;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, a number, `true` or `false`")
            }

            fn visit_str<E>(self, text: &str) -> Result<Setting, E> {
                Ok(Setting(text.to_owned()))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Setting, E> {
                Ok(Setting(number.to_string()))
            }

            fn visit_f64<E>(self, number: f64) -> Result<Setting, E> {
                // With a point even where there is no fraction: `1.0` stays `1.0`.
                Ok(Setting(format!("{number:?}")))
            }

            fn visit_bool<E>(self, truth: bool) -> Result<Setting, E> {
                Ok(Setting(truth.to_string()))
            }
        }
        deserializer.deserialize_any(Any)
    }
}
