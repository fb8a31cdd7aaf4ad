//! Active Directory's dialect.

use super::*;

fn directory() -> (MemoryDirectory, Hands) {
    super::directory(Dialect::ActiveDirectory)
}

fn to(old: &str, new: &str) -> [Change; 2] {
    [change(ChangeKind::Delete, "unicodePwd", [quoted(old)]), change(ChangeKind::Add, "unicodePwd", [quoted(new)])]
}

async fn reset(directory: &MemoryDirectory, text: &str) -> Answer {
    directory.service(ALICE, [replace("unicodePwd", quoted(text))]).await
}

fn starts(answer: &Answer, code: u32, text: &str) {
    assert!(answer.code == code && answer.diagnostic.starts_with(text), "{code} {text}: {answer:?}");
    assert_eq!(answer.controls, []);
}

fn ends(answer: &Answer, data: &str) {
    starts(answer, 49, "80090308: LdapErr: ");
    assert!(answer.diagnostic.contains(&format!(" data {data},")), "{data}: {answer:?}");
}

#[tokio::test]
async fn refuses_with_its_codes_in_front() {
    let (directory, _) = directory();
    let short = reset(&directory, "short").await;
    starts(&short, 19, "0000052D: ");
    assert!(short.diagnostic.contains("too short"));
    starts(&directory.service(ALICE, [replace("unicodePwd", utf8(NEW))]).await, 53, "00002035: ");
    starts(&directory.service(ALICE, [replace("unicodePwd", plain("\"\0"))]).await, 53, "00002035: ");
    starts(&directory.service(ALICE, [replace("unicodePwd", plain("\"\0\"\0"))]).await, 53, "00002035: ");
    let two = change(ChangeKind::Replace, "unicodePwd", [quoted(NEW), quoted("third-Password-3")]);
    starts(&directory.service(ALICE, [two]).await, 19, "00002081: ");
    starts(&directory.service(ALICE, [change(ChangeKind::Replace, "unicodePwd", [])]).await, 53, "00002077: ");
    let nobody = directory.service("CN=nobody,DC=example", [replace("unicodePwd", quoted(NEW))]).await;
    starts(&nobody, 32, "00002030: ");
    starts(&directory.service(ALICE, [change(ChangeKind::Delete, "title", [])]).await, 16, "00002085: ");
    starts(&directory.service(ALICE, [replace("pwdReset", plain("TRUE"))]).await, 16, "00000057: ");
    starts(&directory.service(ALICE, [replace("userPassword", utf8(NEW))]).await, 53, "00002077: ");
    starts(&directory.service(ALICE, [replace("userAccountControl", plain("off"))]).await, 21, "00000057: ");
    let request = SetPassword { dn: ALICE.into(), new: password(NEW), controls: vec![] };
    starts(&directory.set_password(&Performer::Service, &request).await.unwrap(), 2, "0000203D: ");
    assert_eq!(directory.sign_in(ALICE, OLD).await.code, 0, "a refused password took effect");
}

#[tokio::test]
async fn a_reset_skips_history_and_age_and_a_change_does_not() {
    let (directory, hands) = directory();
    assert_eq!(reset(&directory, NEW).await.code, 0);
    assert_eq!(reset(&directory, OLD).await.code, 0);
    let young = directory.service(ALICE, to(OLD, NEW)).await;
    starts(&young, 19, "0000052D: ");
    assert!(young.diagnostic.contains("too young"));
    hands.pass(3600);
    let used = directory.service(ALICE, to(OLD, NEW)).await;
    starts(&used, 19, "0000052D: ");
    assert!(used.diagnostic.contains("in history"));
    assert_eq!(directory.service(ALICE, to(OLD, "third-Password-3 😀")).await.code, 0);
    assert_eq!(directory.sign_in(ALICE, "third-Password-3 😀").await.code, 0);
}

#[tokio::test]
async fn the_policy_hints_apply_the_history_to_a_reset() {
    let (directory, _) = directory();
    for oid in ["1.2.840.113556.1.4.2239", "1.2.840.113556.1.4.2066"] {
        for (value, code) in [(vec![0x30, 3, 2, 1, 1], 19), (vec![0x30, 3, 2, 1, 0], 0), (vec![1], 2)] {
            let control = Control { oid: oid.into(), critical: true, value: Some(value) };
            let request = Modify { controls: vec![control], ..on(ALICE, [replace("unicodePwd", quoted(OLD))]) };
            assert_eq!(directory.modify(&Performer::Service, &request).await.unwrap().code, code);
        }
    }
}

#[tokio::test]
async fn a_wrong_old_password_counts() {
    let (directory, _) = directory();
    for _ in 0..3 {
        starts(&directory.service(ALICE, to("wrong-password", NEW)).await, 19, "00000056: ");
    }
    starts(&directory.service(ALICE, to(OLD, NEW)).await, 19, "00000775: ");
    ends(&directory.sign_in(ALICE, OLD).await, "775");
}

#[tokio::test]
async fn a_reset_does_not_unlock_and_lockout_time_does() {
    let (directory, _) = directory();
    directory.lock_out(ALICE).await;
    assert_ne!(directory.one(ALICE, "lockoutTime").await.unwrap(), "0");
    assert_eq!(directory.one(ALICE, "msDS-User-Account-Control-Computed").await.unwrap(), "16");
    assert_eq!(reset(&directory, NEW).await.code, 0);
    ends(&directory.sign_in(ALICE, NEW).await, "775");
    starts(&directory.service(ALICE, [replace("lockoutTime", plain("5"))]).await, 53, "00002077: ");
    // All three in one modify.
    let changes =
        [replace("lockoutTime", plain("0")), replace("unicodePwd", quoted(OLD)), replace("pwdLastSet", plain("0"))];
    assert_eq!(directory.service(ALICE, changes).await.code, 0);
    assert_eq!(directory.one(ALICE, "lockoutTime").await.unwrap(), "0");
    ends(&directory.sign_in(ALICE, OLD).await, "773");
}

#[tokio::test]
async fn must_change_is_pwd_last_set_zero_and_does_not_bind() {
    let (directory, hands) = directory();
    let before = directory.one(ALICE, "pwdLastSet").await.unwrap();
    assert_eq!(reset(&directory, NEW).await.code, 0);
    let after = directory.one(ALICE, "pwdLastSet").await.unwrap();
    assert_ne!(before, after);
    assert_eq!(after, "134444736000000000");
    assert_eq!(directory.service(ALICE, [replace("pwdLastSet", plain("0"))]).await.code, 0);
    assert_eq!(directory.one(ALICE, "pwdLastSet").await.unwrap(), "0");
    ends(&directory.sign_in(ALICE, NEW).await, "773");
    ends(&directory.sign_in(ALICE, OLD).await, "52e");
    let own = directory.modify(&target(ALICE, NEW), &on(ALICE, to(NEW, "third-Password-3"))).await;
    assert!(matches!(&own, Err(Failure::BindRefused(answer)) if answer.code == 49), "{own:?}");
    // On the service account's connection it can be changed, although it is new.
    assert_eq!(directory.service(ALICE, to(NEW, "third-Password-3")).await.code, 0);
    assert_eq!(directory.sign_in(ALICE, "third-Password-3").await.code, 0);
    hands.pass(1);
    assert_eq!(directory.service(ALICE, [replace("pwdLastSet", plain("-1"))]).await.code, 0);
    assert_eq!(directory.one(ALICE, "pwdLastSet").await.unwrap(), "134444736010000000");
    assert_eq!(directory.service(ALICE, [replace("pwdLastSet", plain("12"))]).await.code, 53);
}

#[tokio::test]
async fn the_owner_changes_and_does_not_reset() {
    let (directory, _) = directory();
    let reset = on(ALICE, [replace("unicodePwd", quoted(NEW))]);
    starts(&directory.modify(&target(ALICE, OLD), &reset).await.unwrap(), 50, "00002098: ");
    assert_eq!(directory.modify(&target(ALICE, OLD), &on(ALICE, to(OLD, NEW))).await.unwrap().code, 0);
    assert_eq!(directory.sign_in(ALICE, NEW).await.code, 0);
}

#[tokio::test]
async fn says_why_an_account_cannot_sign_in_only_to_who_knows_its_password() {
    let (directory, _) = directory();
    ends(&directory.sign_in("CN=nobody,DC=example", OLD).await, "52e");
    ends(&directory.sign_in("not a name", OLD).await, "52e");
    ends(&directory.sign_in(BOB, "wrong-password").await, "52e");
    ends(&directory.sign_in(BOB, OLD).await, "533");
    assert_eq!(directory.service(BOB, [replace("userAccountControl", plain("512"))]).await.code, 0);
    assert_eq!(directory.sign_in(BOB, OLD).await.code, 0);
    assert_eq!(directory.service(BOB, [replace("accountExpires", plain("134444735999999999"))]).await.code, 0);
    ends(&directory.sign_in(BOB, OLD).await, "701");
    assert_eq!(directory.service(BOB, [replace("accountExpires", plain("9223372036854775807"))]).await.code, 0);
    assert_eq!(directory.sign_in(BOB, OLD).await.code, 0);
}

#[tokio::test]
async fn permissive_modify_forgives() {
    let (directory, _) = directory();
    let permissive = Control { oid: "1.2.840.113556.1.4.1413".into(), critical: true, value: None };
    let changes = [change(ChangeKind::Delete, "title", []), change(ChangeKind::Add, "description", [plain("first")])];
    assert_eq!(directory.service(ALICE, changes.clone()).await.code, 16);
    let request = Modify { controls: vec![permissive], ..on(ALICE, changes) };
    assert_eq!(directory.modify(&Performer::Service, &request).await.unwrap().code, 0);
}

#[tokio::test]
async fn an_entry_that_is_no_account_has_no_state_of_one() {
    let (directory, _) = directory();
    assert_eq!(directory.one("ou=People,dc=example", "pwdLastSet").await, None);
    assert_eq!(directory.one(ALICE, "distinguishedName").await.as_deref(), Some(ALICE));
}
