//! Writes: of another entry, attribute or value than was granted.

use crate::host::Attempt;
use crate::item::{Item, corpus};
use crate::people::BOB;

corpus! {
    /// Writes the password into the entry of another person.
    another_entry,
    held by "the DN that the host located, compared byte for byte",
    logged [
        "allowed config.get dn",
        "denied ldap.modify uid=bob,ou=people,dc=people,dc=example",
        "ended refused not-granted",
    ] => async |item| Attempt::of(item).set("config.dn", BOB).refused().await;

    /// Writes a text of its own into an attribute that it was not granted.
    another_attribute,
    held by "`[ldap.write]` names every attribute",
    logged [
        "allowed ldap.target (no attributes)",
        "denied ldap.modify description",
        "ended refused not-granted",
    ] => denied;

    /// Writes the password into an option of the attribute that it was granted (RFC 4512, section 2.5).
    an_option_of_an_attribute,
    held by "a grant for a name is none for the name with an option",
    logged [
        "allowed ldap.target (no attributes)",
        "denied ldap.modify userpassword;lang-en",
        "ended refused not-granted",
    ] => denied;

    /// Writes the password by another name of the attribute that it was granted: its OID.
    an_alias_of_an_attribute,
    held by "a grant for a name is none for what the directory takes for the same",
    logged [
        "allowed ldap.target (no attributes)",
        "denied ldap.modify 2.5.4.35",
        "ended refused not-granted",
    ] => denied;

    /// Writes `FALSE` where it was granted `TRUE`.
    another_value,
    held by "`[ldap.write]` names every value",
    logged [
        "allowed ldap.target (no attributes)",
        "denied ldap.modify pwdreset",
        "ended refused not-granted",
    ] => denied;

    /// Sends a control that makes Active Directory take what its policy forbids.
    an_ungranted_control,
    held by "`[ldap.allow] controls` names every OID",
    logged [
        "allowed ldap.target (no attributes)",
        "denied ldap.modify 1.2.840.113556.1.4.2239",
        "ended refused not-granted",
    ] => denied;
}

async fn denied(item: &'static Item) {
    Attempt::of(item).refused().await;
}
