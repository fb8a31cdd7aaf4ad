//! Valid answers with mistakes in them, made by a machine: flipped bits, other lengths and tags, cut off, nested, doubled,
//! in another order. Each goes to the real client over a local socket.
//!
//! Whatever it makes of them: no panic comes out, nothing takes longer than a request may, success is told only where a
//! strict reader of the same bytes finds it for this very request, and afterwards a good answer is taken for one.
//! `PROPTEST_CASES` sets how many there are of each kind.

use std::time::{Duration, Instant};

use portcullis_directory::ldap::{LdapDirectory, Settings};
use portcullis_directory::{Directory as _, Failure, Performer, SetPassword};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tokio::runtime::Runtime;

use crate::ber::{self, BIND, EXTENDED, MODIFY, SEARCH, message, nested, octets, tlv};
use crate::fake::{ALICE, Fake, Request, Step, alice};
use crate::{password, search, secret_modification, settings, works};

/// As long as a request may take; an answer that is incomplete is followed by the end of the connection.
const LIMIT: Duration = Duration::from_secs(2);
/// And for all that is around it on a busy machine.
const AROUND: Duration = Duration::from_secs(10);

/// A message of a good answer, or of a bad one that is well-formed.
#[derive(Clone, Copy, Debug)]
enum Piece {
    Entry,
    Reference,
    Intermediate,
    Done(u8),
    WithControl,
    ForAnother,
    OfAnotherKind(u64),
    Notice,
    Disconnection,
}

/// What is done to the bytes; places are parts of the whole length.
#[derive(Clone, Copy, Debug)]
enum Mistake {
    Flip(f64, u8),
    Set(f64, u8),
    Length(f64, u8),
    Insert(f64, u8),
    Remove(f64, usize),
    Double(f64, usize),
    Cut(f64),
    Nest(usize),
}

fn pieces() -> impl Strategy<Value = Vec<Piece>> {
    let piece = prop_oneof![
        3 => Just(Piece::Entry),
        1 => Just(Piece::Reference),
        1 => Just(Piece::Intermediate),
        6 => prop_oneof![Just(0_u8), Just(0), Just(49), Just(32)].prop_map(Piece::Done),
        2 => Just(Piece::WithControl),
        1 => Just(Piece::ForAnother),
        1 => prop_oneof![Just(BIND), Just(SEARCH), Just(MODIFY), Just(EXTENDED)].prop_map(Piece::OfAnotherKind),
        1 => Just(Piece::Notice),
        1 => Just(Piece::Disconnection),
    ];
    prop::collection::vec(piece, 1..5)
}

fn mistakes() -> impl Strategy<Value = Vec<Mistake>> {
    let at = 0.0..1.0_f64;
    let mistake = prop_oneof![
        4 => (at.clone(), 0..8_u8).prop_map(|(at, bit)| Mistake::Flip(at, bit)),
        2 => (at.clone(), any::<u8>()).prop_map(|(at, byte)| Mistake::Set(at, byte)),
        2 => (at.clone(), prop_oneof![Just(0x80_u8), Just(0x84), Just(0x88), Just(0x89), Just(0xff), Just(0), Just(0x7f)])
            .prop_map(|(at, length)| Mistake::Length(at, length)),
        1 => (at.clone(), any::<u8>()).prop_map(|(at, byte)| Mistake::Insert(at, byte)),
        1 => (at.clone(), 1..9_usize).prop_map(|(at, count)| Mistake::Remove(at, count)),
        1 => (at.clone(), 1..40_usize).prop_map(|(at, count)| Mistake::Double(at, count)),
        1 => at.prop_map(Mistake::Cut),
        1 => (1..100_usize).prop_map(Mistake::Nest),
    ];
    prop::collection::vec(mistake, 0..4)
}

fn bytes(request: &Request, pieces: &[Piece], mistakes: &[Mistake]) -> Vec<u8> {
    let mut bytes: Vec<u8> = pieces.iter().flat_map(|piece| written(request, *piece)).collect();
    for mistake in mistakes {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in a short message")]
        let place = |at: f64| (at * bytes.len() as f64) as usize;
        match *mistake {
            _ if bytes.is_empty() => {}
            Mistake::Flip(at, bit) => {
                let place = place(at);
                bytes[place] ^= 1 << bit;
            }
            Mistake::Set(at, byte) => {
                let place = place(at);
                bytes[place] = byte;
            }
            Mistake::Length(at, length) => {
                // The byte after a tag, if the one before looks like one.
                let place = place(at);
                let tag = (place..bytes.len()).find(|&i| matches!(bytes[i], 2 | 4 | 0x0a | 0x30 | 0x31 | 0x60..=0x79));
                if let Some(after) = tag.map(|tag| tag + 1).filter(|&after| after < bytes.len()) {
                    bytes[after] = length;
                }
            }
            Mistake::Insert(at, byte) => {
                let place = place(at);
                bytes.insert(place, byte);
            }
            Mistake::Remove(at, count) => {
                let place = place(at);
                bytes.drain(place..(place + count).min(bytes.len()));
            }
            Mistake::Double(at, count) => {
                let place = place(at);
                let part = bytes[place..(place + count).min(bytes.len())].to_vec();
                bytes.splice(place..place, part);
            }
            Mistake::Cut(at) => {
                let place = place(at);
                bytes.truncate(place);
            }
            Mistake::Nest(levels) => {
                bytes = (0..levels).fold(bytes, |inner, _| tlv(0x30, &[&inner]));
                bytes.extend(nested(levels));
            }
        }
    }
    bytes
}

fn written(request: &Request, piece: Piece) -> Vec<u8> {
    let (id, op) = (request.id, request.op);
    let notice =
        |name: &[u8]| message(0, &[&tlv(0x78, &[&[0x0a, 1, 52], &octets(b""), &octets(b"bye"), &tlv(0x8a, &[name])])]);
    match piece {
        Piece::Entry => message(id, &[&alice()]),
        Piece::Reference => message(id, &[&tlv(0x73, &[&octets(b"ldap://elsewhere.example")])]),
        Piece::Intermediate => message(id, &[&tlv(0x79, &[&tlv(0x80, &[b"1.3.6.1.4.1.4203.1.9.1.4"])])]),
        Piece::Done(code) => message(id, &[&ber::result(op, code, b"so it is")]),
        Piece::WithControl => {
            let control = tlv(0x30, &[&octets(b"1.3.6.1.4.1.42.2.27.8.5.1"), &octets(b"\x30\x03\x81\x01\x01")]);
            message(id, &[&ber::result(op, 0, b""), &tlv(0xa0, &[&control])])
        }
        Piece::ForAnother => message(id + 1, &[&ber::result(op, 0, b"")]),
        Piece::OfAnotherKind(other) => message(id, &[&ber::result(other, 0, b"")]),
        Piece::Notice => notice(b"1.3.6.1.1.21.4"),
        Piece::Disconnection => notice(b"1.3.6.1.4.1.1466.20036"),
    }
}

/// The tag and the content of the first element, and what follows it; with no more than definite lengths.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x88 => {
            let (length, rest) = rest.split_at_checked(usize::from(first) - 0x80)?;
            (length.iter().try_fold(0_usize, |sum, &byte| Some(sum.checked_mul(256)? + usize::from(byte)))?, rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

/// A number as it was sent.
fn number(bytes: &[u8]) -> Option<u64> {
    if bytes.is_empty() || bytes[0] >= 0x80 {
        return None;
    }
    bytes.iter().try_fold(0_u64, |sum, &byte| sum.checked_mul(256).map(|sum| sum + u64::from(byte)))
}

/// The codes of the answers to this very request, as a strict reader finds them.
fn codes(request: &Request, mut bytes: &[u8]) -> Vec<u64> {
    let mut codes = Vec::new();
    while let Some((0x30, content, rest)) = element(bytes) {
        bytes = rest;
        let Some((0x02, id, content)) = element(content) else { continue };
        let Some((tag, content, _)) = element(content) else { continue };
        let Some((0x0a, code, _)) = element(content) else { continue };
        if number(id) == u64::try_from(request.id).ok() && tag == ber::answer_tag(request.op) {
            codes.extend(number(code));
        }
    }
    codes
}

struct Bench {
    runtime: Runtime,
    fake: Fake,
    directory: LdapDirectory,
    _folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ldapi");
        let fake = runtime.block_on(async { Fake::on_socket(&path) });
        let url = format!("ldapi://{}", path.to_str().unwrap().replace('/', "%2F"));
        let directory =
            LdapDirectory::new(Settings { request_timeout: LIMIT, connect_timeout: LIMIT, ..settings(&[url]) });
        Self { runtime, fake, directory: directory.unwrap(), _folder: folder }
    }

    /// One request with one answer, and a good one after it.
    fn try_it(&self, op: u64, pieces: &[Piece], mistakes: &[Mistake]) -> Result<(), TestCaseError> {
        let started = Instant::now();
        let (sent, answered) = std::sync::mpsc::channel();
        let (pieces, mistakes) = (pieces.to_vec(), mistakes.to_vec());
        self.fake.next(op, move |request| {
            let bytes = bytes(request, &pieces, &mistakes);
            sent.send((request.clone(), bytes.clone())).unwrap();
            vec![Step::Send(bytes), Step::Close]
        });
        let asked = self.fake.asked();
        let result = self.runtime.block_on(self.ask(op));
        prop_assert!(started.elapsed() < LIMIT + AROUND, "{:?}", started.elapsed());
        let (request, bytes) = answered.try_recv().unwrap();
        match result {
            // A read without an answer is asked once more, and a good answer came.
            Ok(code) if op == SEARCH && self.fake.asked() == asked + 2 => prop_assert_eq!(code, 0),
            Ok(code) => {
                let codes = codes(&request, &bytes);
                prop_assert!(codes.contains(&u64::from(code)), "{code} of {codes:?}: {bytes:02x?}");
            }
            // What was sent may have taken effect.
            Err(Failure::InDoubt(_)) => prop_assert!(op != SEARCH),
            Err(Failure::Nonsense(_)) => prop_assert!(op == SEARCH || op == BIND),
            Err(other) => prop_assert!(false, "{other:?}"),
        }
        self.runtime.block_on(works(&self.directory));
        Ok(())
    }

    async fn ask(&self, op: u64) -> Result<u32, Failure> {
        let service = Performer::Service;
        match op {
            SEARCH => search(&self.directory).await.map(|found| found.answer.code),
            BIND => self.directory.bind(ALICE, &password("old secret"), &[]).await.map(|answer| answer.code),
            MODIFY => self.directory.modify(&service, &secret_modification()).await.map(|answer| answer.code),
            _ => {
                let new = password("new secret");
                let request = SetPassword { dn: ALICE.to_owned(), new, controls: Vec::new() };
                self.directory.set_password(&service, &request).await.map(|answer| answer.code)
            }
        }
    }
}

fn runner() -> TestRunner {
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { Config::default().cases } else { 1500 };
    TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() })
}

fn mutated(op: u64) {
    let bench = Bench::new();
    runner().run(&(pieces(), mistakes()), |(pieces, mistakes)| bench.try_it(op, &pieces, &mistakes)).unwrap();
}

#[test]
fn answers_to_a_search() {
    mutated(SEARCH);
}

#[test]
fn answers_to_a_bind() {
    mutated(BIND);
}

#[test]
fn answers_to_a_modify() {
    mutated(MODIFY);
}

#[test]
fn answers_to_a_password_operation() {
    mutated(EXTENDED);
}

/// Whatever is answered to StartTLS in clear, the next thing that is sent is a handshake or nothing.
#[test]
fn answers_to_start_tls() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let fake = runtime.block_on(Fake::plain());
    let bind = Some(("cn=service".to_owned(), password("service secret")));
    let ca_pem = Some(crate::certificates::Authority::new("ca").pem());
    let settings = Settings { bind, ca_pem, start_tls: true, connect_timeout: LIMIT, ..settings(&[fake.url()]) };
    let directory = LdapDirectory::new(settings).unwrap();
    let case = |(pieces, mistakes): (Vec<Piece>, Vec<Mistake>)| {
        let started = Instant::now();
        fake.next(EXTENDED, move |request| vec![Step::Send(bytes(request, &pieces, &mistakes)), Step::Close]);
        let asked = fake.asked();
        let result = runtime.block_on(search(&directory));
        prop_assert!(started.elapsed() < LIMIT + AROUND, "{:?}", started.elapsed());
        prop_assert!(matches!(result, Err(Failure::Unavailable(_))), "{:?}", result);
        prop_assert_eq!(fake.asked(), asked + 1);
        Ok(())
    };
    runner().run(&(pieces(), mistakes()), case).unwrap();
}
