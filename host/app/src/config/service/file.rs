//! The shape of portcullis.toml, as serde reads it. Nothing is decided here: see [`super::super::file`].

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::super::file::{Number, Secret, Section, Text, Truth};

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::config) struct File {
    pub(super) listen: Option<Spanned<Section<Listen>>>,
    pub(super) tls: Option<Spanned<Section<Tls>>>,
    #[serde(default)]
    pub(super) callers: BTreeMap<Text, Spanned<Section<Caller>>>,
    #[serde(default)]
    pub(super) limits: Section<Limits>,
    #[serde(default)]
    pub(super) delivery: Section<Delivery>,
    #[serde(default)]
    pub(super) journal: Section<Journal>,
    #[serde(default)]
    pub(super) keys: Section<SealKeys>,
    #[serde(default)]
    pub(super) alarms: Section<Alarms>,
    #[serde(default)]
    pub(super) audit: Section<Audit>,
    #[serde(default)]
    pub(super) observe: Section<Observe>,
    #[serde(default)]
    pub(super) connectors: BTreeMap<Text, Section<Connector>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Listen {
    pub(super) addresses: Option<Spanned<Vec<Text>>>,
    pub(super) socket: Option<Text>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Tls {
    pub(super) certificate: Option<Text>,
    pub(super) key: Option<Spanned<Secret>>,
    pub(super) client_ca: Option<Text>,
    pub(super) require: Option<Truth>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Caller {
    pub(super) token_sha256: Option<Spanned<Vec<Text>>>,
    pub(super) certificate: Option<Spanned<Section<Certificate>>>,
    pub(super) uid: Option<Number>,
    pub(super) operations: Option<Spanned<Vec<Text>>>,
    pub(super) accounts: Option<Spanned<Vec<Text>>>,
    #[serde(default)]
    pub(super) except: Vec<Text>,
    pub(super) exclude: Option<Text>,
    pub(super) connectors: Option<Spanned<Vec<Text>>>,
    pub(super) rate: Option<Text>,
    pub(super) see: Option<Text>,
    #[serde(default)]
    pub(super) manage: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Certificate {
    pub(super) dns: Option<Text>,
    pub(super) sha256: Option<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Limits {
    pub(super) account_rate: Option<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Delivery {
    pub(super) wait: Option<Text>,
    pub(super) deadline: Option<Text>,
    pub(super) retry_first: Option<Text>,
    pub(super) retry_longest: Option<Text>,
    pub(super) breaker_failures: Option<Number>,
    pub(super) breaker_pause: Option<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Journal {
    pub(super) keep: Option<Text>,
    pub(super) keep_unknown: Option<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct SealKeys {
    pub(super) overlap: Option<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Alarms {
    pub(super) denials: Option<Text>,
    pub(super) account_resets: Option<Text>,
    pub(super) caller_resets: Option<Text>,
    pub(super) hours: Option<Text>,
    pub(super) time_zone: Option<Text>,
    pub(super) new_use: Option<Truth>,
    pub(super) learn: Option<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Audit {
    pub(super) syslog: Option<Text>,
    pub(super) otlp: Option<Text>,
    pub(super) ca_file: Option<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Observe {
    pub(super) log_format: Option<Text>,
    pub(super) otlp: Option<Text>,
    pub(super) ca_file: Option<Text>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Connector {
    pub(super) test_account: Option<Spanned<Section<TestAccount>>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct TestAccount {
    pub(super) login: Option<Text>,
}
