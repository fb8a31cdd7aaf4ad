//! What each dialect says of itself (RFC 4512 section 5.1). Only what is true here is announced.

use super::answers::PPOLICY;
use super::controls::{PERMISSIVE_MODIFY, POLICY_HINTS, POLICY_HINTS_OLD};
use super::{Context, Dialect};
use crate::request::{Attribute, Entry};

/// The password modify operation (RFC 3062).
const PASSWORD_MODIFY: &str = "1.3.6.1.4.1.4203.1.11.1";
const ACTIVE_DIRECTORY: &str = "1.2.840.113556.1.4.800";

/// The whole root DSE.
pub(super) fn root_dse(context: &Context<'_>, naming_contexts: &[String]) -> Entry {
    let mut attributes = Vec::new();
    let mut add = |name: &str, values: &[&str]| {
        let values = values.iter().map(|value| value.as_bytes().to_vec()).collect();
        attributes.push(Attribute { name: name.to_owned(), values });
    };
    let contexts: Vec<&str> = naming_contexts.iter().map(String::as_str).collect();
    let first = &contexts[..contexts.len().min(1)];
    add(
        "objectClass",
        match context.dialect {
            Dialect::OpenLdap => &["top", "OpenLDAProotDSE"],
            Dialect::Plain | Dialect::ActiveDirectory => &["top"],
        },
    );
    add("namingContexts", &contexts);
    match context.dialect {
        Dialect::Plain => {
            add("vendorName", &["Portcullis embedded directory"]);
            add("vendorVersion", &[env!("CARGO_PKG_VERSION")]);
            add("supportedLDAPVersion", &["3"]);
            add("supportedControl", &[PPOLICY]);
            add("supportedExtension", &[PASSWORD_MODIFY]);
        }
        Dialect::OpenLdap => {
            add("structuralObjectClass", &["OpenLDAProotDSE"]);
            add("configContext", &["cn=config"]);
            add("entryDN", &[""]);
            add("subschemaSubentry", &["cn=Subschema"]);
            add("supportedLDAPVersion", &["3"]);
            add("supportedControl", &[PPOLICY]);
            add("supportedExtension", &[PASSWORD_MODIFY]);
        }
        Dialect::ActiveDirectory => {
            add("defaultNamingContext", first);
            add("rootDomainNamingContext", first);
            add("supportedCapabilities", &[ACTIVE_DIRECTORY, "1.2.840.113556.1.4.1670", "1.2.840.113556.1.4.1935"]);
            add("supportedLDAPVersion", &["3", "2"]);
            add("supportedControl", &[POLICY_HINTS, POLICY_HINTS_OLD, PERMISSIVE_MODIFY]);
            for level in ["domainFunctionality", "forestFunctionality", "domainControllerFunctionality"] {
                add(level, &["7"]);
            }
            add("currentTime", &[&context.now.generalized().replace('Z', ".0Z")]);
            add("isGlobalCatalogReady", &["TRUE"]);
            add("isSynchronized", &["TRUE"]);
        }
    }
    attributes.retain(|attribute| !attribute.values.is_empty());
    Entry { dn: String::new(), attributes }
}
