//! What a stream of LDAP messages must be (RFC 4511 section 4.1.1), checked before the client library sees a message.
//!
//! The client library takes a message id and a result code modulo 2^32, takes the answer to one request for the answer
//! to another one of the same id, and passes over a notice of disconnection. Whoever reads says by [`watch`] which
//! answers it waits for, and learns why the reading ended.

use std::cell::Cell;

use crate::common::TagClass;
use crate::parse::{MAX_ELEMENTS, MAX_LENGTH, parse_uint};
use crate::structure::{PL, StructureTag};

/// Answers, by their tags in the class APPLICATION.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answers(u32);

impl Answers {
    /// To nothing: whatever comes is a mistake, or a notice.
    pub const NONE: Self = Self(0);
    /// BindResponse.
    pub const BIND: Self = Self(1 << 1);
    /// SearchResultEntry, SearchResultDone, SearchResultReference, IntermediateResponse.
    pub const SEARCH: Self = Self(1 << 4 | 1 << 5 | 1 << 19 | 1 << 25);
    /// ModifyResponse.
    pub const MODIFY: Self = Self(1 << 7);
    /// ExtendedResponse.
    pub const EXTENDED: Self = Self(1 << EXTENDED_RESPONSE);
    /// Everything that a server sends.
    const ALL: Self = Self(
        Self::BIND.0
            | Self::SEARCH.0
            | Self::MODIFY.0
            | Self::EXTENDED.0
            | 1 << 9
            | 1 << 11
            | 1 << 13
            | 1 << 15,
    );

    fn hold(self, tag: u64) -> bool {
        u32::try_from(tag).is_ok_and(|tag| tag < 32 && self.0 & (1 << tag) != 0)
    }
}

/// Why the reading ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Not an LDAP message.
    NotLdap,
    /// An answer to another kind of request than the one that was made.
    Unexpected,
    /// The server takes its leave (RFC 4511 section 4.4.1): nothing that was not answered will be.
    Disconnection,
    /// More in one go than a request can need.
    TooMuch,
}

const EXTENDED_RESPONSE: u64 = 24;
/// The most bytes before the content of a message: its tag, and a length of nine bytes.
const HEADER: usize = 10;
const NOTICE_OF_DISCONNECTION: &[u8] = b"1.3.6.1.4.1.1466.20036";

#[derive(Clone, Copy)]
struct Watch {
    answers: Answers,
    elements: usize,
    bytes: usize,
    refusal: Option<Refusal>,
}

thread_local! {
    static WATCH: Cell<Option<Watch>> = const { Cell::new(None) };
}

/// Reads with these answers expected, and no more than one message may have of elements and bytes. The reading is done
/// by this thread before `read` returns; the library gives up at the first refusal, so that there is at most one.
pub fn watch<R>(answers: Answers, read: impl FnOnce() -> R) -> (R, Option<Refusal>) {
    struct Unset;
    impl Drop for Unset {
        fn drop(&mut self) {
            WATCH.set(None);
        }
    }
    WATCH.set(Some(Watch { answers, elements: MAX_ELEMENTS, bytes: MAX_LENGTH + HEADER, refusal: None }));
    let _unset = Unset;
    let result = read();
    (result, WATCH.get().and_then(|watch| watch.refusal))
}

/// How many elements the next message may have.
pub(crate) fn elements() -> usize {
    WATCH.get().map_or(MAX_ELEMENTS, |watch| watch.elements)
}

/// Takes a message or refuses it.
pub(crate) fn admit(message: &StructureTag, bytes: usize, elements_left: usize) -> Result<(), Refusal> {
    let watched = WATCH.get();
    let judged = judge(message, watched.map_or(Answers::ALL, |watch| watch.answers));
    let Some(mut watch) = watched else { return judged };
    watch.elements = elements_left;
    let judged = match watch.bytes.checked_sub(bytes) {
        None => Err(Refusal::TooMuch),
        Some(left) => {
            watch.bytes = left;
            judged
        }
    };
    watch.refusal = judged.err();
    WATCH.set(Some(watch));
    judged
}

/// Notes that the bytes are no message, or one of more elements than were left.
pub(crate) fn refuse(elements_left: usize) {
    if let Some(mut watch) = WATCH.get() {
        watch.refusal = Some(if elements_left == 0 { Refusal::TooMuch } else { Refusal::NotLdap });
        WATCH.set(Some(watch));
    }
}

fn judge(message: &StructureTag, answers: Answers) -> Result<(), Refusal> {
    let PL::C(parts) = &message.payload else { return Err(Refusal::NotLdap) };
    let (id, operation, rest) = match parts.as_slice() {
        [id, operation, rest @ ..] => (id, operation, rest),
        _ => return Err(Refusal::NotLdap),
    };
    let sequence = message.class == TagClass::Universal && message.id == 16;
    let constructed = matches!(operation.payload, PL::C(_));
    let Some(id) = integer(id).filter(|_| sequence && constructed && operation.class == TagClass::Application) else {
        return Err(Refusal::NotLdap);
    };
    // Controls; or the name of the notice, which Active Directory puts there.
    let at_the_end = |part: &StructureTag| part.class == TagClass::Context && matches!(part.id, 0 | 10);
    if rest.len() > 1 || !rest.iter().all(at_the_end) || !Answers::ALL.hold(operation.id) {
        return Err(Refusal::NotLdap);
    }
    if id == 0 {
        return match operation.id {
            EXTENDED_RESPONSE if is_disconnection(operation, rest) => Err(Refusal::Disconnection),
            // Other notices are passed over: no request of ours has this id.
            EXTENDED_RESPONSE => Ok(()),
            _ => Err(Refusal::NotLdap),
        };
    }
    if answers.hold(operation.id) { Ok(()) } else { Err(Refusal::Unexpected) }
}

fn integer(tag: &StructureTag) -> Option<u64> {
    match &tag.payload {
        PL::P(bytes) if tag.class == TagClass::Universal && tag.id == 2 => parse_uint(bytes).ok().map(|(_, id)| id),
        _ => None,
    }
}

fn is_disconnection(operation: &StructureTag, rest: &[StructureTag]) -> bool {
    let inside = match &operation.payload {
        PL::C(parts) => parts.as_slice(),
        PL::P(_) => &[],
    };
    let names_it = |part: &StructureTag| {
        part.class == TagClass::Context
            && part.id == 10
            && matches!(&part.payload, PL::P(name) if name == NOTICE_OF_DISCONNECTION)
    };
    inside.iter().chain(rest).any(names_it)
}

#[cfg(test)]
mod test {
    use super::*;
    use crate::parse::Parser;

    fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
        [&[tag, u8::try_from(content.len()).unwrap()], content].concat()
    }

    fn message(id: &[u8], operation: &[u8]) -> Vec<u8> {
        tlv(0x30, &[tlv(2, id).as_slice(), operation].concat())
    }

    fn read(answers: Answers, bytes: &[u8]) -> Option<Refusal> {
        let (result, refusal) = watch(answers, || Parser::new().parse(bytes).map(|_| ()).is_ok());
        assert_eq!(result, refusal.is_none());
        refusal
    }

    const DONE: &[u8] = &[0x67, 7, 0x0a, 1, 0, 4, 0, 4, 0];

    #[test]
    fn test_only_the_expected_answer_is_taken() {
        let done = message(&[1], DONE);
        assert_eq!(read(Answers::MODIFY, &done), None);
        for other in [Answers::NONE, Answers::BIND, Answers::SEARCH, Answers::EXTENDED] {
            assert_eq!(read(other, &done), Some(Refusal::Unexpected));
        }
    }

    #[test]
    fn test_a_message_id_is_not_taken_modulo_anything() {
        for id in [&[][..], &[0x81], &[1, 0, 0, 0, 1], &[1, 0, 0, 0, 0, 0, 0, 0, 1], &[0x80, 0, 0, 0]] {
            assert_eq!(read(Answers::MODIFY, &message(id, DONE)), Some(Refusal::NotLdap), "{id:?}");
        }
        assert_eq!(read(Answers::MODIFY, &message(&[0, 0, 0, 0, 0, 1], DONE)), None);
        assert_eq!(read(Answers::MODIFY, &message(&[0x7f, 255, 255, 255], DONE)), None);
    }

    #[test]
    fn test_a_notice_of_disconnection_ends_the_reading_and_others_do_not() {
        let result = [0x0a, 1, 52, 4, 0, 4, 0];
        let notice = |name: &[u8]| message(&[0], &tlv(0x78, &[&result[..], &tlv(0x8a, name)].concat()));
        assert_eq!(read(Answers::NONE, &notice(NOTICE_OF_DISCONNECTION)), Some(Refusal::Disconnection));
        assert_eq!(read(Answers::MODIFY, &notice(b"1.3.6.1.1.21.4")), None);
        let outside = [tlv(0x78, &result), tlv(0x8a, NOTICE_OF_DISCONNECTION)].concat();
        assert_eq!(read(Answers::NONE, &message(&[0], &outside)), Some(Refusal::Disconnection));
        assert_eq!(read(Answers::MODIFY, &message(&[0], DONE)), Some(Refusal::NotLdap));
    }

    #[test]
    fn test_what_is_read_in_one_go_is_counted() {
        let entry = message(&[1], &tlv(0x64, &[4, 0, 0x30, 0]));
        let (read, refusal) = watch(Answers::SEARCH, || {
            (0..).take_while(|_| Parser::new().parse(&entry).is_ok()).count()
        });
        assert_eq!((read, refusal), (MAX_ELEMENTS / 5, Some(Refusal::TooMuch)));
        assert!(Parser::new().parse(&entry).is_ok(), "nobody watches any more");
    }
}
