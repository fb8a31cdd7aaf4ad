//! A real slapd. `PORTCULLIS_OPENLDAP_ENV` names the file with its addresses and accounts, as the set-up of the real
//! servers writes it.

use std::collections::HashMap;

use portcullis_directory::ldap::{LdapDirectory, Settings};
use portcullis_directory::{Control, Directory as _, Failure, Performer, Scope, Search, SetPassword};

use crate::{password, settings, unavailable};

fn environment() -> HashMap<String, String> {
    let path = std::env::var("PORTCULLIS_OPENLDAP_ENV").unwrap();
    let text = std::fs::read_to_string(path).unwrap();
    let line = |line: &str| line.split_once('=').map(|(k, v)| (k.to_owned(), v.trim_matches('\'').to_owned()));
    text.lines().filter_map(line).collect()
}

#[tokio::test]
#[ignore = "needs a running slapd, described by the file that PORTCULLIS_OPENLDAP_ENV names"]
async fn a_password_is_set_changed_and_verified() {
    let env = environment();
    let get = |name: &str| env[name].clone();
    let ca_pem = Some(std::fs::read(get("CA_FILE")).unwrap());
    let bind = Some((get("SVC_DN"), password(&get("SVC_PW"))));
    let base = Settings { bind, ca_pem, ..settings(&[get("LDAPS_URI")]) };
    let start_tls = Settings { urls: vec![get("LDAP_URI")], start_tls: true, ..base.clone() };
    for (user, settings) in [("alice", base.clone()), ("bob", start_tls)] {
        let directory = LdapDirectory::new(settings).unwrap();
        reset_and_change(&directory, &get("PEOPLE_DN"), user).await;
    }

    let other = Settings { ca_pem: Some(std::fs::read(get("OTHER_CA_FILE")).unwrap()), ..base.clone() };
    let query = Search { limit: 1, base: String::new(), scope: Scope::Base, ..crate::query() };
    let text = unavailable(LdapDirectory::new(other).unwrap().search(&query).await);
    assert!(text.contains("not trusted here"), "{text}");

    let wrong = Settings { bind: Some((get("SVC_DN"), password("wrong"))), ..base.clone() };
    let text = unavailable(LdapDirectory::new(wrong).unwrap().search(&query).await);
    assert!(text.contains("was refused with code 49"), "{text}");

    let plain = Settings { urls: vec![get("LDAP_URI")], ..base };
    let failure = LdapDirectory::new(plain).unwrap().search(&query).await.unwrap_err();
    assert_eq!(failure, Failure::Unprotected(get("LDAP_URI")));
}

async fn reset_and_change(directory: &LdapDirectory, people: &str, user: &str) {
    let query = Search { base: people.to_owned(), filter: format!("(uid={user})"), limit: 2, ..crate::query() };
    let found = directory.search(&query).await.unwrap();
    assert_eq!((found.entries.len(), found.more), (1, false));
    let dn = found.entries[0].dn.clone();
    let policy = Control { oid: "1.3.6.1.4.1.42.2.27.8.5.1".to_owned(), critical: false, value: None };
    let request = |text: &str| SetPassword { dn: dn.clone(), new: password(text), controls: vec![policy.clone()] };

    let short = directory.set_password(&Performer::Service, &request("short")).await.unwrap();
    assert_eq!((short.code, short.controls.len()), (19, 1), "{short:?}");
    // Each run sets passwords of its own: the server keeps a history.
    let run = std::process::id();
    let (first, second) = (format!("first long password {run}"), format!("second long password {run}"));
    assert_eq!(directory.set_password(&Performer::Service, &request(&first)).await.unwrap().code, 0);
    assert_eq!(directory.bind(&dn, &password(&first), &[]).await.unwrap().code, 0);
    assert_eq!(directory.bind(&dn, &password("wrong"), &[]).await.unwrap().code, 49);

    let wrong = Performer::Target { dn: dn.clone(), password: password("wrong") };
    let failure = directory.set_password(&wrong, &request(&second)).await.unwrap_err();
    assert!(matches!(&failure, Failure::BindRefused(answer) if answer.code == 49), "{failure:?}");
    let target = Performer::Target { dn: dn.clone(), password: password(&first) };
    assert_eq!(directory.set_password(&target, &request(&second)).await.unwrap().code, 0);
    assert_eq!(directory.bind(&dn, &password(&second), &[]).await.unwrap().code, 0);

    let everybody = Search { filter: "(objectClass=*)".to_owned(), attributes: vec![], limit: 3, ..query };
    let found = directory.search(&everybody).await.unwrap();
    assert_eq!((found.entries.len(), found.more), (3, true));
    assert!(found.entries.iter().all(|entry| entry.attributes.is_empty()));
    let nowhere = Search { base: format!("ou=nowhere,{people}"), ..everybody };
    assert_eq!(directory.search(&nowhere).await.unwrap().answer.code, 32);
}
