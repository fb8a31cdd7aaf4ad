//! The password: in the wrong place, beside another one, or another one in its place.

use crate::host::Attempt;
use crate::item::{Item, corpus};
use crate::people::NEW;

corpus! {
    /// Writes the password where everybody reads it, into a description that it may write.
    the_password_into_description,
    held by "an attribute takes a password only if it was granted as `\"password\"`, whatever texts it takes",
    logged [
        "allowed ldap.target (no attributes)",
        "denied ldap.modify description",
        "ended refused not-granted",
    ] => async |item| {
        // Even if this very text was granted.
        let texts = vec!["any text".to_owned(), NEW.to_owned()];
        Attempt::of(item).set("ldap.write.description", texts).refused().await;
    };

    /// Reads the password, which it was granted, and sends it as a DN.
    the_password_as_a_dn,
    held by "a search that holds a password which the plugin read is not sent; the log does not hold it either",
    logged [
        "allowed reveal.reveal new",
        "denied ldap.search (withheld: the text held a password of this operation)",
        "ended refused not-granted",
    ] => revealed;

    /// Reads the password, which it was granted, and sends it as a filter over what it may read.
    the_password_as_a_filter,
    held by "the same",
    logged [
        "allowed reveal.reveal new",
        "denied ldap.search filter",
        "ended refused not-granted",
    ] => revealed;

    /// Writes the password and one of its own beside it.
    two_values,
    held by "an attribute that was granted as `\"password\"` takes exactly the password in hand",
    logged [
        "allowed ldap.target (no attributes)",
        "denied ldap.modify userpassword",
        "ended refused not-granted",
    ] => async |item| Attempt::of(item).refused().await;

    /// Writes a password of its own into `unicodePwd`, as Active Directory wants it.
    an_own_password_into_unicodepwd,
    held by "the same",
    logged [
        "allowed ldap.target (no attributes)",
        "denied ldap.modify unicodepwd",
        "ended refused not-granted",
    ] => async |item| {
        let attempt = Attempt::of(item).set("ldap.embedded.dialect", "active-directory");
        attempt.set("ldap.write.unicodePwd", "password").refused().await;
    };
}

async fn revealed(item: &'static Item) {
    Attempt::of(item).set("reveal.passwords", vec!["new".to_owned()]).refused().await;
}
