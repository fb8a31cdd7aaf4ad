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

pub(crate) type Text = Spanned<String>;
pub(crate) type Number = Spanned<i64>;
pub(crate) type Truth = Spanned<bool>;

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct File {
    pub(crate) plugin: Option<Text>,
    pub(crate) sha256: Option<Text>,
    pub(crate) accounts: Option<Spanned<Vec<Text>>>,
    pub(crate) operations: Option<Spanned<Vec<Text>>>,
    pub(crate) ldap: Option<Spanned<Section<Ldap>>>,
    pub(crate) log: Option<Section<Log>>,
    pub(crate) config: Option<BTreeMap<String, Setting>>,
    pub(crate) reveal: Option<Spanned<Section<Reveal>>>,
    #[serde(default)]
    pub(crate) limits: Section<Limits>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Ldap {
    pub(crate) urls: Option<Spanned<Vec<Text>>>,
    pub(crate) start_tls: Option<Truth>,
    pub(crate) min_tls: Option<Text>,
    pub(crate) ca_file: Option<Text>,
    pub(crate) bind_dn: Option<Text>,
    pub(crate) bind_password: Option<Spanned<Secret>>,
    pub(crate) connections: Option<Number>,
    pub(crate) connect_timeout: Option<Text>,
    pub(crate) request_timeout: Option<Text>,
    pub(crate) embedded: Option<Spanned<Section<Embedded>>>,
    pub(crate) locate: Option<Spanned<Section<Locate>>>,
    #[serde(default)]
    pub(crate) read: Section<Read>,
    pub(crate) search: Option<Spanned<Section<Search>>>,
    #[serde(default)]
    pub(crate) write: BTreeMap<Text, Spanned<Grant>>,
    #[serde(default)]
    pub(crate) allow: Section<Allow>,
    pub(crate) confirm: Option<Spanned<Section<Confirm>>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Embedded {
    pub(crate) seed: Option<Text>,
    pub(crate) state: Option<Text>,
    pub(crate) dialect: Option<Text>,
    pub(crate) min_length: Option<Number>,
    pub(crate) history: Option<Number>,
    pub(crate) max_failures: Option<Number>,
    pub(crate) min_age: Option<Text>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Locate {
    pub(crate) base: Option<Text>,
    pub(crate) scope: Option<Text>,
    pub(crate) filter: Option<Text>,
    pub(crate) exclude: Option<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Read {
    #[serde(default)]
    pub(crate) attributes: Vec<Text>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Search {
    #[serde(default)]
    pub(crate) bases: Vec<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Allow {
    #[serde(default)]
    pub(crate) controls: Vec<Text>,
    #[serde(default)]
    pub(crate) set_password: bool,
    #[serde(default)]
    pub(crate) try_bind: bool,
    #[serde(default)]
    pub(crate) as_target: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Confirm {
    pub(crate) by: Option<Text>,
    pub(crate) attribute: Option<Text>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Log {
    pub(crate) level: Option<Text>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Reveal {
    #[serde(default)]
    pub(crate) passwords: Vec<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Limits {
    pub(crate) time: Option<Text>,
    pub(crate) memory: Option<Text>,
    pub(crate) concurrency: Option<Number>,
    pub(crate) host_calls: Option<Number>,
    pub(crate) log: Option<Text>,
}

/// A section. Without this, serde takes a list of the values in their order as well.
#[derive(Debug, Default)]
pub(crate) struct Section<T>(pub(crate) T);

/// Where a secret is; a secret itself is forgotten at once.
#[derive(Debug)]
pub(crate) enum Secret {
    Written,
    At(SecretAt),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct SecretAt {
    pub(crate) file: Option<Text>,
    pub(crate) env: Option<Text>,
    pub(crate) credential: Option<Text>,
}

/// What may be written into an attribute.
#[derive(Debug)]
pub(crate) enum Grant {
    Word(String),
    Values(Vec<Text>),
    Table(GrantTable),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct GrantTable {
    #[serde(default)]
    pub(crate) values: Vec<Text>,
    #[serde(default)]
    pub(crate) remove: bool,
}

/// A setting of the connector, as the connector reads it.
#[derive(Debug)]
pub(crate) struct Setting(pub(crate) String);

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
