//! The plain dialect and OpenLDAP's: the password policy draft.

use super::*;

const BOTH: [Dialect; 2] = [Dialect::Plain, Dialect::OpenLdap];

async fn reset(directory: &MemoryDirectory, dn: &str, text: &str) -> Answer {
    directory.service(dn, [replace("userPassword", utf8(text))]).await
}

async fn extended(directory: &MemoryDirectory, performer: &Performer, text: &str) -> Result<Answer, Failure> {
    let request = SetPassword { dn: ALICE.into(), new: password(text), controls: vec![ppolicy()] };
    directory.set_password(performer, &request).await
}

#[tokio::test]
async fn refuses_passwords_by_policy_and_says_why_in_the_control() {
    for dialect in BOTH {
        let (directory, hands) = directory(dialect);
        for (text, code, error) in [("short", 19, Some(6)), (OLD, 19, Some(8))] {
            for answer in
                [reset(&directory, ALICE, text).await, extended(&directory, &Performer::Service, text).await.unwrap()]
            {
                assert_eq!((answer.code, said(&answer).flatten()), (code, error), "{dialect:?}: {answer:?}");
                assert!(!answer.diagnostic.is_empty() && !answer.diagnostic.contains(text), "{answer:?}");
            }
        }
        assert_eq!(directory.sign_in(ALICE, OLD).await.code, 0, "a refused password took effect");

        assert_eq!(extended(&directory, &target(ALICE, OLD), NEW).await.unwrap().code, 0);
        let young = extended(&directory, &target(ALICE, NEW), "third-Password-3").await.unwrap();
        assert_eq!((young.code, said(&young)), (19, Some(Some(7))));
        hands.pass(3600);
        let used = extended(&directory, &target(ALICE, NEW), OLD).await.unwrap();
        assert_eq!((used.code, said(&used)), (19, Some(Some(8))));
        assert_eq!(extended(&directory, &target(ALICE, NEW), "third-Password-3").await.unwrap().code, 0);
    }
}

#[tokio::test]
async fn without_the_control_in_the_request_there_is_none_in_the_answer() {
    let (directory, _) = directory(Dialect::OpenLdap);
    let request = Modify { controls: vec![], ..on(ALICE, [replace("userPassword", utf8("short"))]) };
    let answer = directory.modify(&Performer::Service, &request).await.unwrap();
    assert_eq!((answer.code, said(&answer)), (19, None));
    let answer = directory.bind(ALICE, &password(OLD), &[]).await.unwrap();
    assert_eq!((answer.code, said(&answer)), (0, None));
    assert_eq!(said(&directory.sign_in(ALICE, OLD).await), Some(None), "a bind is always told something");
}

#[tokio::test]
async fn a_reset_by_the_service_account_skips_the_minimum_age_and_replaces_the_password() {
    for dialect in BOTH {
        let (directory, _) = directory(dialect);
        assert_eq!(reset(&directory, ALICE, NEW).await.code, 0);
        assert_eq!(reset(&directory, ALICE, "third-Password-3").await.code, 0);
        assert_eq!(directory.sign_in(ALICE, OLD).await.code, 49);
        assert_eq!(directory.sign_in(ALICE, NEW).await.code, 49);
        assert_eq!(directory.sign_in(ALICE, "third-Password-3").await.code, 0);
        assert_eq!(directory.sign_in(BOB, OLD).await.code, 0, "another entry changed");
        // Two former passwords are kept: the first one may come back after two more.
        assert_eq!(reset(&directory, ALICE, OLD).await.code, 19);
        assert_eq!(reset(&directory, ALICE, "fourth-Password-4").await.code, 0);
        assert_eq!(reset(&directory, ALICE, OLD).await.code, 0);
        assert_eq!(directory.to_ldif().unwrap().matches("pwdHistory: ").count(), 2, "the history grows");
    }
}

#[tokio::test]
async fn takes_exactly_one_password() {
    for dialect in BOTH {
        let (directory, _) = directory(dialect);
        let two = change(ChangeKind::Replace, "userPassword", [utf8(NEW), utf8("third-Password-3")]);
        let second = change(ChangeKind::Add, "userPassword", [utf8(NEW)]);
        for changes in [vec![two], vec![second.clone()], vec![second.clone(), second]] {
            assert_eq!(directory.service(ALICE, changes).await.code, 19, "{dialect:?}");
        }
        assert_eq!(directory.service(ALICE, [replace("userPassword", plain(""))]).await.code, 19);
        assert_eq!(directory.sign_in(ALICE, OLD).await.code, 0);
        assert_eq!(directory.sign_in(ALICE, NEW).await.code, 49);
    }
}

#[tokio::test]
async fn no_value_disables_the_login_of_openldap_and_is_refused_by_the_plain_one() {
    let nothing = || change(ChangeKind::Replace, "userPassword", []);
    let (directory, _) = super::directory(Dialect::Plain);
    assert_eq!(directory.service(ALICE, [nothing()]).await.code, 19);
    assert_eq!(directory.sign_in(ALICE, OLD).await.code, 0);
    let (directory, _) = super::directory(Dialect::OpenLdap);
    assert_eq!(directory.service(ALICE, [nothing()]).await.code, 0);
    assert_eq!(directory.sign_in(ALICE, OLD).await.code, 49);
}

#[tokio::test]
async fn locks_after_too_many_wrong_passwords_and_a_reset_unlocks() {
    for dialect in BOTH {
        let (directory, _) = directory(dialect);
        directory.sign_in(ALICE, "wrong-password").await;
        directory.sign_in(ALICE, "wrong-password").await;
        assert_eq!(directory.sign_in(ALICE, OLD).await.code, 0, "locked too early");
        assert_eq!(directory.one(ALICE, "pwdFailureTime").await, None, "a right password forgets the wrong ones");
        directory.lock_out(ALICE).await;
        let locked = directory.sign_in(ALICE, OLD).await;
        assert_eq!((locked.code, said(&locked)), (49, Some(Some(1))));
        assert_eq!(directory.one(ALICE, "pwdAccountLockedTime").await.as_deref(), Some("20270115080000Z"));
        assert_eq!(reset(&directory, ALICE, NEW).await.code, 0);
        assert_eq!(directory.sign_in(ALICE, NEW).await.code, 0);
        assert_eq!(directory.read(ALICE, &["pwdAccountLockedTime", "pwdFailureTime"]).await.attributes, []);
    }
}

#[tokio::test]
async fn unlocks_by_emptying_the_lock_and_says_16_to_a_delete_of_nothing() {
    for dialect in BOTH {
        let (directory, _) = directory(dialect);
        let delete = || change(ChangeKind::Delete, "pwdAccountLockedTime", []);
        let empty = || change(ChangeKind::Replace, "pwdAccountLockedTime", []);
        assert_eq!(directory.service(ALICE, [delete()]).await.code, 16);
        assert_eq!(directory.service(ALICE, [empty()]).await.code, 0);
        directory.lock_out(ALICE).await;
        assert_eq!(directory.service(ALICE, [delete()]).await.code, 0);
        assert_eq!(directory.sign_in(ALICE, OLD).await.code, 0);
        let forever = replace("pwdAccountLockedTime", plain("000001010000Z"));
        assert_eq!(directory.service(ALICE, [forever]).await.code, 0);
        assert_eq!(directory.sign_in(ALICE, OLD).await.code, 49);
        assert_eq!(directory.service(ALICE, [empty()]).await.code, 0);
        assert_eq!(directory.sign_in(ALICE, OLD).await.code, 0);
    }
}

#[tokio::test]
async fn whoever_must_change_can_do_that_and_nothing_else() {
    for dialect in BOTH {
        let (directory, _) = directory(dialect);
        // The order within the modify does not matter.
        let changes = [replace("pwdReset", plain("TRUE")), replace("userPassword", utf8(NEW))];
        assert_eq!(directory.service(ALICE, changes).await.code, 0);
        assert_eq!(directory.one(ALICE, "pwdReset").await.as_deref(), Some("TRUE"));
        let bound = directory.sign_in(ALICE, NEW).await;
        assert_eq!((bound.code, said(&bound)), (0, Some(Some(2))));
        let other = on(ALICE, [replace("description", plain("mine"))]);
        let refused = directory.modify(&target(ALICE, NEW), &other).await.unwrap();
        assert_eq!((refused.code, said(&refused)), (50, Some(Some(2))));
        // Although it is new.
        assert_eq!(extended(&directory, &target(ALICE, NEW), "third-Password-3").await.unwrap().code, 0);
        assert_eq!(said(&directory.sign_in(ALICE, "third-Password-3").await), Some(None));
        assert_eq!(directory.one(ALICE, "pwdReset").await, None);
    }
    let (directory, _) = with_policy(Dialect::OpenLdap, Policy { must_change: true, ..strict() });
    reset(&directory, ALICE, NEW).await;
    assert_eq!(said(&directory.sign_in(ALICE, NEW).await), Some(Some(2)));
}

#[tokio::test]
async fn the_owner_may_change_its_password_and_nothing_else() {
    for dialect in BOTH {
        let (directory, _) = directory(dialect);
        let mine = on(ALICE, [replace("userPassword", utf8(NEW))]);
        let yours = on(BOB, [replace("userPassword", utf8(NEW))]);
        let more = on(ALICE, [replace("userPassword", utf8(NEW)), replace("description", plain("x"))]);
        let wrong = directory.modify(&target(ALICE, "wrong-password"), &mine).await;
        assert!(matches!(&wrong, Err(Failure::BindRefused(a)) if a.code == 49 && said(a) == Some(None)), "{wrong:?}");
        assert_eq!(directory.read(ALICE, &["pwdFailureTime"]).await.attributes.len(), 1, "it was not counted");
        assert_eq!(directory.modify(&target(ALICE, OLD), &yours).await.unwrap().code, 50);
        assert_eq!(directory.modify(&target(ALICE, OLD), &more).await.unwrap().code, 50);
        assert_eq!(directory.sign_in(BOB, OLD).await.code, 0);
        assert_eq!(directory.modify(&target(ALICE, OLD), &mine).await.unwrap().code, 0);
        assert_eq!(directory.sign_in(ALICE, NEW).await.code, 0);
    }
}

#[tokio::test]
async fn a_change_names_the_right_old_password() {
    let (directory, _) = directory(Dialect::OpenLdap);
    let to = |old: &str| {
        [change(ChangeKind::Delete, "userPassword", [utf8(old)]), change(ChangeKind::Add, "userPassword", [utf8(NEW)])]
    };
    let wrong = directory.service(ALICE, to("wrong-password")).await;
    assert_eq!((wrong.code, said(&wrong)), (53, Some(Some(4))));
    assert_eq!(directory.service(ALICE, to(OLD)).await.code, 0);
    assert_eq!(directory.sign_in(ALICE, NEW).await.code, 0);
}

#[tokio::test]
async fn names_that_are_not_there_and_writes_that_make_no_sense() {
    for dialect in BOTH {
        let (directory, _) = directory(dialect);
        assert_eq!(reset(&directory, "uid=nobody,ou=People,dc=example", NEW).await.code, 32);
        assert_eq!(reset(&directory, "nobody", NEW).await.code, 34);
        assert_eq!(directory.sign_in("uid=nobody,ou=People,dc=example", NEW).await.code, 49);
        assert_eq!(directory.sign_in("cn=printer,dc=example", OLD).await.code, 49);
        for (change, code) in [
            (replace("unicodePwd", quoted(NEW)), 17),
            (replace("lockoutTime", plain("0")), 17),
            (replace("pwdReset", plain("yes")), 21),
            (replace("pwdAccountLockedTime", plain("now")), 21),
            (replace("pwdChangedTime", plain("20270115080000Z")), 19),
            (replace("pwdHistory", plain("x")), 19),
            (replace("uid", plain("mallory")), 64),
            (replace("description", utf8(NEW)), 53),
            (super::change(ChangeKind::Delete, "street", []), 16),
            (super::change(ChangeKind::Delete, "description", [plain("third")]), 16),
            (super::change(ChangeKind::Add, "description", [plain("FIRST")]), 20),
        ] {
            let before = directory.to_ldif().unwrap();
            let answer = directory.service(ALICE, [replace("title", plain("x")), change.clone()]).await;
            assert_eq!(answer.code, code, "{dialect:?} {change:?}: {answer:?}");
            assert_eq!(directory.to_ldif().unwrap(), before, "{change:?} was done in part");
        }
    }
}

#[tokio::test]
async fn an_unknown_control_is_refused_if_it_is_critical() {
    let (directory, _) = directory(Dialect::OpenLdap);
    for (critical, code) in [(true, 12), (false, 0)] {
        let control = Control { oid: "1.2.840.113556.1.4.2239".into(), critical, value: None };
        let request = Modify { controls: vec![control], ..on(ALICE, [replace("userPassword", utf8(NEW))]) };
        assert_eq!(directory.modify(&Performer::Service, &request).await.unwrap().code, code);
    }
}

#[tokio::test]
async fn complexity_is_told_apart_from_length() {
    let (directory, _) = with_policy(Dialect::Plain, Policy { complexity: true, ..Policy::default() });
    let answer = reset(&directory, ALICE, "alllowercase").await;
    assert_eq!((answer.code, said(&answer)), (19, Some(Some(5))));
    assert_eq!(reset(&directory, ALICE, "Mixed-case").await.code, 0);
}
