//! 389 Directory Server tells rights by the Get Effective Rights control (draft-ietf-ldapext-acl-model): nothing is
//! written, or even asked to be.

use portcullis_directory::{Control, Scope, Search};

use super::super::step::Finding;
use super::Question;

pub(super) const GET_EFFECTIVE_RIGHTS: &str = "1.3.6.1.4.1.42.2.27.9.5.2";

pub(super) async fn look(question: &Question<'_>) -> Vec<Finding> {
    let needs = question.needs();
    let search = Search {
        base: question.target.to_owned(),
        scope: Scope::Base,
        filter: "(objectClass=*)".to_owned(),
        attributes: needs.iter().map(|need| need.attribute.to_owned()).collect(),
        limit: 1,
    };
    // The value is an authzId (RFC 4513 section 5.2.1.8), not in BER. Anybody may ask for the rights of their own.
    let value = format!("dn: {}", question.service).into_bytes();
    let control = Control { oid: GET_EFFECTIVE_RIGHTS.to_owned(), critical: true, value: Some(value) };
    let found = match question.directory.search_with(&search, &[control]).await {
        Ok(found) => found,
        Err(failure) => return vec![Question::failure(&failure)],
    };
    let told = found.entries.first().and_then(|entry| entry.text("attributeLevelRights"));
    let finding = |attribute: &str| {
        let right = format!("the right (write) on {attribute}");
        match told.and_then(|told| letters(told, attribute)) {
            // w: values may be added; o: values may be removed ("obliterated").
            Some(letters) if letters.contains('w') && letters.contains('o') => question.may(&right),
            Some(_) => question.may_not(&right, remedy(question, attribute)),
            None => question.not_told(&right, &found.answer),
        }
    };
    needs.iter().map(|need| finding(need.attribute)).collect()
}

/// The letters of one attribute in `userPassword:wo, sn:rsc, cn:none`.
fn letters<'a>(told: &'a str, attribute: &str) -> Option<&'a str> {
    told.split(',').find_map(|one| {
        let (name, letters) = one.trim().split_once(':')?;
        name.eq_ignore_ascii_case(attribute).then_some(if letters == "none" { "" } else { letters })
    })
}

fn remedy(question: &Question<'_>, attribute: &str) -> String {
    format!(
        "add to the entry {}: aci: (targetattr=\"{attribute}\")(version 3.0; acl \"portcullis writes {attribute}\"; allow \
         (write) userdn=\"ldap:///{}\";)",
        question.container(),
        question.service
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_belong_to_one_attribute() {
        let told = "userPassword:wo, passwordRetryCount:rscwo, sn:rsc, cn:none";
        assert_eq!(letters(told, "userpassword"), Some("wo"));
        assert_eq!(letters(told, "sn"), Some("rsc"));
        assert_eq!(letters(told, "cn"), Some(""), "the word `none` holds an o");
        assert_eq!(letters(told, "Password"), None);
        assert_eq!(letters("", "sn"), None);
    }
}
