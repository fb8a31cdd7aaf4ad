//! A directory that misbehaves.

use super::*;

#[tokio::test]
async fn answers_in_doubt_with_and_without_the_effect() {
    let (directory, _) = directory(Dialect::Plain);
    let (faults, reset) = (directory.faults(), on(ALICE, [replace("userPassword", utf8(NEW))]));
    faults.in_doubt_without_applying(1);
    assert!(matches!(directory.modify(&Performer::Service, &reset).await, Err(Failure::InDoubt(_))));
    assert_eq!(directory.sign_in(ALICE, OLD).await.code, 0);
    faults.in_doubt_after_applying(1);
    assert!(matches!(directory.modify(&Performer::Service, &reset).await, Err(Failure::InDoubt(_))));
    assert_eq!(directory.sign_in(ALICE, NEW).await.code, 0);
    assert_eq!(directory.service(ALICE, [replace("description", plain("x"))]).await.code, 0);
    // What fails before it is sent is never in doubt.
    faults.in_doubt_after_applying(1);
    let refused = directory.modify(&target(ALICE, OLD), &reset).await;
    assert!(matches!(refused, Err(Failure::BindRefused(_))), "{refused:?}");
}

#[tokio::test]
async fn is_unavailable_as_often_as_it_is_told() {
    let (directory, _) = directory(Dialect::Plain);
    directory.faults().unavailable(2);
    let reset = on(ALICE, [replace("userPassword", utf8(NEW))]);
    assert!(matches!(directory.modify(&Performer::Service, &reset).await, Err(Failure::Unavailable(_))));
    assert!(matches!(directory.bind(ALICE, &password(OLD), &[]).await, Err(Failure::Unavailable(_))));
    assert_eq!(directory.sign_in(ALICE, OLD).await.code, 0, "an unavailable directory did something");
}

#[tokio::test(start_paused = true)]
async fn a_delayed_answer_does_not_delay_the_others_nor_the_effect() {
    let (directory, _) = directory(Dialect::Plain);
    directory.faults().delay(Duration::from_millis(5));
    let started = tokio::time::Instant::now();
    let binds = (0..1000).map(|_| {
        let directory = directory.clone();
        tokio::spawn(async move { directory.sign_in(ALICE, OLD).await.code })
    });
    for bind in binds.collect::<Vec<_>>() {
        assert_eq!(bind.await.unwrap(), 0);
    }
    let took = started.elapsed();
    assert!(took >= Duration::from_millis(5) && took < Duration::from_millis(10), "{took:?}");

    let reset = on(ALICE, [replace("userPassword", utf8(NEW))]);
    let waited = tokio::time::timeout(Duration::from_millis(1), directory.modify(&Performer::Service, &reset)).await;
    assert!(waited.is_err());
    assert_eq!(directory.sign_in(ALICE, NEW).await.code, 0);
}
