//! The life of a key: current, accepted until the end of its overlap, retired, erased.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use portcullis_model::{Login, OperationKind, Password};

use crate::{Binding, Envelope, GRACE, KeyError, KeyId, KeyRing, KeyState, Label, OpenError, PublicKey, seal};

const DAY: Duration = Duration::from_secs(86_400);

fn sealed(key: &PublicKey, expires: u64) -> Envelope {
    let account = Login::new("alice").unwrap();
    let kind = OperationKind::ResetPassword;
    let binding = Binding { kind, account: &account, caller: "portal", label: Label::New, key: &key.id, expires };
    seal(&key.key, &Password::new("secret".to_owned()).unwrap(), &binding).unwrap()
}

fn opened(ring: &KeyRing, envelope: &Envelope) -> Result<String, OpenError> {
    let account = Login::new("alice").unwrap();
    ring.open_envelope(envelope, OperationKind::ResetPassword, &account, "portal", Label::New)
        .map(|password| password.expose_secret().to_owned())
}

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

fn none() -> BTreeSet<KeyId> {
    BTreeSet::new()
}

#[test]
fn what_has_expired_or_whose_key_is_retired_is_not_let_in() {
    let folder = tempfile::tempdir().unwrap();
    let ring = KeyRing::open(folder.path()).unwrap();
    let first = ring.current();
    let envelope = sealed(&first, first.created + 100);
    assert_eq!(ring.admit(&envelope, at(first.created + 100)), Err(OpenError::Expired));
    assert_eq!(ring.admit(&envelope, at(first.created + 99)), Ok(()));

    ring.rotate(DAY).unwrap();
    let long = sealed(&first, first.created + 1_000_000);
    let until = ring.public()[1].accepted_until.unwrap();
    assert_eq!(ring.admit(&long, at(until)), Err(OpenError::KeyRetired));
    assert_eq!(ring.admit(&long, at(until - 1)), Ok(()));
    assert_eq!((ring.accepts(&first.id, at(until)), ring.accepts(&first.id, at(until - 1))), (false, true));

    let stranger = KeyRing::open(tempfile::tempdir().unwrap().path()).unwrap().current();
    assert_eq!(ring.admit(&sealed(&stranger, u64::from(u32::MAX)), at(1)), Err(OpenError::KeyUnknown));
    assert!(!ring.accepts(&stranger.id, at(1)));
}

/// What was let in before is opened with a retired key, and after its expiry: a long outage loses nothing.
#[test]
fn what_was_let_in_opens_as_long_as_its_key_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let ring = KeyRing::open(folder.path()).unwrap();
    let first = ring.current();
    let envelope = sealed(&first, 1);
    ring.rotate(Duration::ZERO).unwrap();
    assert!(!ring.accepts(&first.id, SystemTime::now()));
    assert_eq!(opened(&ring, &envelope).as_deref(), Ok("secret"));
}

#[test]
fn a_rotation_makes_a_new_key_and_ends_the_one_before() {
    let folder = tempfile::tempdir().unwrap();
    let ring = KeyRing::open(folder.path()).unwrap();
    let first = ring.current();
    assert_eq!((first.accepted_until, ring.public().len()), (None, 1));
    let before = crate::unix_seconds(SystemTime::now());
    let second = ring.rotate(DAY).unwrap();
    assert_eq!(ring.current(), second);
    let until = ring.public()[1].accepted_until.unwrap();
    assert!((before + 86_400..before + 86_460).contains(&until), "{until}");

    // Two at once and a shorter overlap: the first one keeps the end that it was given.
    let third = ring.rotate(Duration::ZERO).unwrap();
    let states: Vec<_> = ring.list().into_iter().map(|key| (key.id, key.state)).collect();
    let KeyState::Retired { since } = states[1].1 else { panic!("{states:?}") };
    assert!(since < until);
    let expected = [
        (third.id, KeyState::Current),
        (second.id, KeyState::Retired { since }),
        (first.id, KeyState::Accepted { until }),
    ];
    assert_eq!(states, expected);
    // Published is what is accepted.
    assert_eq!(
        ring.public().into_iter().map(|key| key.id).collect::<Vec<_>>(),
        [&states[0].0, &states[2].0].map(Clone::clone)
    );
}

#[test]
fn only_a_key_whose_overlap_is_over_and_that_nothing_needs_is_erased() {
    let folder = tempfile::tempdir().unwrap();
    let ring = KeyRing::open(folder.path()).unwrap();
    let first = ring.current();
    let envelope = sealed(&first, u64::from(u32::MAX));
    let second = ring.rotate(DAY).unwrap();
    let until = ring.public()[1].accepted_until.unwrap();
    let over = at(until) + GRACE;

    assert_eq!(ring.retire(&none(), at(until)).unwrap(), [], "what was let in last may not be in the journal yet");
    assert_eq!(ring.retire(&none(), over - Duration::from_secs(1)).unwrap(), []);
    assert_eq!(ring.retire(&BTreeSet::from([first.id.clone()]), over).unwrap(), []);
    assert_eq!(opened(&ring, &envelope).as_deref(), Ok("secret"));
    assert_eq!(ring.retire(&none(), over).unwrap(), std::slice::from_ref(&first.id));
    assert_eq!(opened(&ring, &envelope), Err(OpenError::KeyUnknown));
    assert_eq!(ring.retire(&none(), at(u64::from(u32::MAX))).unwrap(), [], "never the current one");
    assert_eq!((ring.current(), ring.list().len()), (second, 1));
    assert_eq!(KeyRing::open(folder.path()).unwrap().list().len(), 1);
}

/// `portcullis keys rotate` while the service runs.
#[test]
fn what_a_command_rotated_is_there_after_a_reload() {
    let folder = tempfile::tempdir().unwrap();
    let service = KeyRing::open(folder.path()).unwrap();
    let first = service.current();
    let command = KeyRing::open(folder.path()).unwrap();
    let second = command.rotate(DAY).unwrap();
    let envelope = sealed(&second, u64::from(u32::MAX));
    assert_eq!((service.current(), opened(&service, &envelope)), (first, Err(OpenError::KeyUnknown)));
    service.reload().unwrap();
    assert_eq!((service.current(), opened(&service, &envelope).as_deref()), (second, Ok("secret")));
}

#[test]
fn a_reload_that_fails_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let ring = KeyRing::open(folder.path()).unwrap();
    let before = ring.current();
    let file = folder.path().join("keys").join(format!("{}.key", before.id));
    let text = std::fs::read(&file).unwrap();
    std::fs::write(&file, "{}").unwrap();
    assert!(matches!(ring.reload(), Err(KeyError::Malformed { .. })));
    assert!(matches!(ring.rotate(DAY), Err(KeyError::Malformed { .. })));
    std::fs::remove_file(&file).unwrap();
    assert!(matches!(ring.reload(), Err(KeyError::Io { .. })));
    assert_eq!(opened(&ring, &sealed(&before, 1)).as_deref(), Ok("secret"));
    std::fs::write(&file, text).unwrap();
    assert_eq!(ring.current(), before);
}

#[test]
fn rotations_at_the_same_time_come_one_after_the_other() {
    let folder = tempfile::tempdir().unwrap();
    let ring = KeyRing::open(folder.path()).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let command = KeyRing::open(folder.path()).unwrap();
                for _ in 0..5 {
                    command.rotate(DAY).unwrap();
                }
            });
        }
        for _ in 0..50 {
            ring.reload().unwrap();
            assert_eq!(opened(&ring, &sealed(&ring.current(), 1)).as_deref(), Ok("secret"));
        }
    });
    ring.reload().unwrap();
    let keys = ring.list();
    let times: BTreeSet<u64> = keys.iter().map(|key| key.created_at).collect();
    assert_eq!((keys.len(), times.len()), (21, 21));
    assert_eq!(keys.iter().filter(|key| key.state == KeyState::Current).count(), 1);
}
