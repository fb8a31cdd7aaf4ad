//! What the operator allows in the directory: plain data with pure checks. The checks of a modify are in `writes`.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_directory::dn::Dn;
use portcullis_directory::filter::{Filter, Subject};
use portcullis_directory::{Control, Search};
use portcullis_model::Use;

use super::AttributeName;
use crate::Permitted;

/// What may be written to one attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WriteGrant {
    /// The password in hand, as the only value, and nothing else.
    Password,
    /// These values and, with `remove`, none at all.
    Values {
        /// Compared byte for byte.
        values: Vec<String>,
        /// The attribute may be removed.
        remove: bool,
    },
}

/// What a connector may do in its directory. The default reads the root DSE's description of the server, and nothing
/// else.
#[derive(Debug, Clone, Default)]
pub struct LdapGrant {
    /// Attributes that may be read, also in the filter of a search.
    pub read: BTreeSet<AttributeName>,
    /// Where a search may begin; it may not reach above.
    pub search: Vec<Dn>,
    /// Attributes of the target that may be written.
    pub write: BTreeMap<AttributeName, WriteGrant>,
    /// OIDs of controls that may be sent.
    pub controls: BTreeSet<String>,
    /// The password modify operation (RFC 3062) with the new password.
    pub set_password: bool,
    /// Binding as the target to see whether a password is right.
    pub try_bind: bool,
    /// Writing as the target, bound with the old password.
    pub as_target: bool,
}

/// Why a call is stopped: what it was about, and the grant that is missing. Both texts quote the plugin as it spoke: they
/// are cleaned, cut and searched for passwords before anybody reads them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    /// Attribute, base, OID; never a value.
    pub subject: String,
    /// For the operator and the vendor.
    pub reason: String,
    /// The call makes no sense, whatever is granted: the guest reads `invalid` instead of `denied`.
    pub malformed: bool,
    /// What would have to be granted; none where no grant allows it.
    pub wanted: Option<Use>,
}

impl Denial {
    pub(super) fn new(subject: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { subject: subject.into(), reason: reason.into(), malformed: false, wanted: None }
    }

    /// With what would have to be granted.
    pub(super) fn wanting(self, wanted: Use) -> Self {
        Self { wanted: Some(wanted), ..self }
    }

    pub(super) fn malformed(subject: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { malformed: true, ..Self::new(subject, reason) }
    }
}

/// Attributes of the root DSE that describe the server and nobody's data (RFC 4512 section 5.1, RFC 3045, MS-ADTS
/// section 3.1.1.3.2). They need no grant of their own.
const ROOT_DSE: [&str; 21] = [
    "configurationnamingcontext",
    "currenttime",
    "defaultnamingcontext",
    "dnshostname",
    "domaincontrollerfunctionality",
    "domainfunctionality",
    "forestfunctionality",
    "namingcontexts",
    "objectclass",
    "rootdomainnamingcontext",
    "schemanamingcontext",
    "structuralobjectclass",
    "subschemasubentry",
    "supportedcapabilities",
    "supportedcontrol",
    "supportedextension",
    "supportedfeatures",
    "supportedldapversion",
    "supportedsaslmechanisms",
    "vendorname",
    "vendorversion",
];

/// How many attributes, changes and controls one call may name: far more than any connector needs, and little enough
/// that checking them costs nothing.
pub(super) const MOST_ITEMS: usize = 64;

impl LdapGrant {
    /// Whether the target's attributes may be read.
    ///
    /// # Errors
    /// The first one that may not.
    pub fn permit_read(&self, attributes: &[String]) -> Result<Permitted<Vec<AttributeName>>, Denial> {
        if attributes.len() > MOST_ITEMS {
            return Err(Denial::malformed("attributes", format!("more than {MOST_ITEMS} attributes in one call")));
        }
        attributes.iter().map(|name| self.readable(name)).collect::<Result<_, _>>().map(Permitted::new)
    }

    /// Whether attributes of the root DSE may be read.
    ///
    /// # Errors
    /// The first one that does not describe the server.
    pub fn permit_root_dse(attributes: &[String]) -> Result<Permitted<Vec<AttributeName>>, Denial> {
        let describes = |name: &String| match AttributeName::parse(name) {
            Ok(parsed) if ROOT_DSE.contains(&parsed.as_str()) => Ok(parsed),
            _ => Err(Denial::new(name, "not one of the root DSE's attributes that describe the server")),
        };
        attributes.iter().take(MOST_ITEMS + 1).map(describes).collect::<Result<Vec<_>, _>>().map(Permitted::new)
    }

    /// Every attribute of the root DSE that may be read, for one request that serves all.
    pub(super) fn root_dse_attributes() -> Vec<String> {
        ROOT_DSE.iter().map(|&name| name.to_owned()).collect()
    }

    /// Whether a search may be sent.
    ///
    /// # Errors
    /// The base, the attribute of the filter or the attribute to be returned that is not granted.
    pub fn permit_search(&self, search: Search) -> Result<Permitted<Search>, Denial> {
        let base = Dn::parse(&search.base)
            .map_err(|_| Denial::malformed(&*search.base, "the base of the search is not a DN that can be compared"))?;
        if !self.search.iter().any(|granted| base.is_below_or_equal(granted)) {
            return Err(Denial::new(
                &*search.base,
                "the base lies in no granted one: add it to `bases` in [ldap.search] if the connector may search there",
            )
            .wanting(Use::Search { base: search.base }));
        }
        let filter = Filter::parse(&search.filter)
            .map_err(|bad| Denial::malformed("filter", format!("the filter is not RFC 4515: {bad}")))?;
        for subject in filter.attributes() {
            match subject {
                Subject::Attribute(name) => self.readable(name)?,
                Subject::AttributeAndDn(name) => {
                    return Err(Denial::new(name, "a filter may not look at the parts of a DN (`:dn`)"));
                }
                Subject::Anything => {
                    return Err(Denial::new("filter", "a filter may not look at every attribute at once"));
                }
            };
        }
        if search.attributes.is_empty() {
            return Err(Denial::malformed("attributes", "a search has to name the attributes that it wants"));
        }
        self.permit_read(&search.attributes)?;
        Ok(Permitted::new(search))
    }

    /// The grants that let a search pass.
    pub(super) fn uses_of_search(&self, search: &Search) -> Vec<Use> {
        let base = Dn::parse(&search.base).ok();
        let base = self.search.iter().find(|granted| base.as_ref().is_some_and(|base| base.is_below_or_equal(granted)));
        let filter = Filter::parse(&search.filter);
        let looked_at = filter.iter().flat_map(Filter::attributes).filter_map(|subject| match subject {
            Subject::Attribute(name) => AttributeName::parse(name).ok(),
            _ => None,
        });
        let named = search.attributes.iter().filter_map(|name| AttributeName::parse(name).ok());
        let read = looked_at.chain(named).map(|name| Use::Read { attribute: name.to_string() });
        base.map(|base| Use::Search { base: base.to_string() }).into_iter().chain(read).collect()
    }

    /// Whether controls may be sent.
    ///
    /// # Errors
    /// The first OID that is not granted.
    pub(super) fn permit_controls(&self, controls: &[Control]) -> Result<(), Denial> {
        match controls.iter().find(|control| !self.controls.contains(&control.oid)) {
            None if controls.len() <= MOST_ITEMS => Ok(()),
            None => Err(Denial::malformed("controls", format!("more than {MOST_ITEMS} controls in one call"))),
            Some(control) => Err(Denial::new(
                &*control.oid,
                format!("the control is not granted: add \"{}\" to `controls` in [ldap.allow]", &*control.oid),
            )
            .wanting(Use::Control { oid: control.oid.clone() })),
        }
    }

    /// Whether an attribute that came back may be passed on. A server answers a request for `name` with its subtypes
    /// (`cn`, `sn`), and one for `cn` with `cn;lang-en`: only what was asked for by this very description is passed on.
    #[must_use]
    pub fn may_pass(asked: &[AttributeName], returned: &str) -> bool {
        asked.iter().any(|name| name.is(returned))
    }

    fn readable(&self, name: &str) -> Result<AttributeName, Denial> {
        match AttributeName::parse(name) {
            Ok(parsed) if self.read.contains(&parsed) => Ok(parsed),
            Ok(parsed) => {
                let reason = format!("not readable: add \"{parsed}\" to `attributes` in [ldap.read]");
                Err(Denial::new(parsed.to_string(), reason).wanting(Use::Read { attribute: parsed.to_string() }))
            }
            Err(bad) => Err(Denial::malformed(name, bad.to_string())),
        }
    }
}
