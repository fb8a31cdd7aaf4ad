//! What a seed may hold, and what is said about what it may not.

use super::*;

fn refused(text: &str, dialect: Dialect) -> LdifError {
    let opened = MemoryDirectory::from_ldif(text, Policy::default(), dialect);
    opened.expect_err(text)
}

#[test]
fn refuses_entries_that_no_directory_would_take() {
    for (text, line, what) in [
        ("dn: alice\nuid: alice", 1, "uid=alice,ou=People"),
        ("dn: uid=a,dc=x\nobjectClass: x\nuid: a\n\ndn: UID=A, dc=x\nobjectClass: x\nuid: a", 5, "remove one"),
        ("dn: uid=a,dc=x\ncn: a\nobjectClass: x", 1, "add the line `uid: ...`"),
        ("\ndn: uid=a\nuid: a", 2, "objectClass: inetOrgPerson"),
        ("dn: uid=a\nuid: a\nuserPassword: hunter2\nuserPassword: hunter3", 4, "leave one"),
        ("dn: uid=a\nuid: a\nuserPassword:", 3, "write one"),
        ("dn: uid=a\nuid: a\nuserPassword: {SSHA}hunter2", 3, "clear text"),
        ("dn: uid=a\nuid: a\nunicodePwd: hunter2", 3, "userPassword"),
        ("dn: uid=a\nuid: a\npwdReset: yes", 3, "`TRUE` or `FALSE`"),
        ("dn: uid=a\nuid: a\npwdChangedTime: yesterday", 3, "20260131235959Z"),
    ] {
        let error = refused(text, Dialect::Plain);
        assert_eq!(error.line, line, "{error}");
        assert!(error.to_string().contains(what), "{what}: {error}");
        assert!(!error.to_string().contains("hunter"), "{error}");
    }
    assert_eq!(refused("dn: cn=a\ncn: a\npwdLastSet: never", Dialect::ActiveDirectory).line, 3);
}

#[tokio::test]
async fn a_seed_of_active_directory_tells_the_state_of_logins_in_its_own_words() {
    let seed = "dn: cn=a\ncn: a\nobjectClass: user\npwdLastSet: 0\nbadPwdCount: 7\nuserPassword: old-Password-1\n\n\
                dn: cn=b\ncn: b\nobjectClass: user\nlockoutTime: 134444736000000000\npwdLastSet: 134444735000000000\nuserPassword: old-Password-1\n";
    let directory = MemoryDirectory::from_ldif(seed, Policy::default(), Dialect::ActiveDirectory).unwrap();
    assert!(directory.sign_in("cn=a", OLD).await.diagnostic.contains("data 773"));
    assert!(directory.sign_in("cn=b", OLD).await.diagnostic.contains("data 775"));
    assert_eq!(directory.one("cn=b", "pwdLastSet").await.unwrap(), "134444735000000000");
    assert_eq!(directory.one("cn=a", "badPwdCount").await.unwrap(), "0");
    let again = directory.to_ldif().unwrap();
    let again = MemoryDirectory::from_ldif(&again, Policy::default(), Dialect::ActiveDirectory).unwrap();
    assert!(again.sign_in("cn=a", OLD).await.diagnostic.contains("data 773"));
    assert_eq!(again.one("cn=b", "lockoutTime").await.unwrap(), "134444736000000000");
}

#[test]
fn what_is_written_holds_no_password_and_is_read_again() {
    for dialect in [Dialect::Plain, Dialect::OpenLdap, Dialect::ActiveDirectory] {
        let (directory, _) = directory(dialect);
        let text = directory.to_ldif().unwrap();
        assert!(!text.contains(OLD) && text.contains("userPassword: {PBKDF2-SHA256}1$"), "{text}");
        let again = MemoryDirectory::from_ldif(&text, strict(), dialect).unwrap();
        assert_eq!(again.to_ldif().unwrap(), text);
    }
}

#[test]
fn settings_are_read_from_a_configuration() {
    use serde::Deserialize as _;
    use serde::de::value::{Error, StrDeserializer};
    let dialect = |name: &'static str| Dialect::deserialize(StrDeserializer::<Error>::new(name));
    assert!(dialect("novell").is_err());
    assert_eq!(dialect("openldap"), Ok(Dialect::OpenLdap));
    assert_eq!(dialect("active-directory"), Ok(Dialect::ActiveDirectory));
    assert_eq!(dialect("plain"), Ok(Dialect::Plain));
}
