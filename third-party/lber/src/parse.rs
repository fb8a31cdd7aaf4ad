use std::convert::TryFrom;

use crate::common::TagClass;
use crate::common::TagStructure;
use crate::guard;
use crate::structure::{PL, StructureTag};

use nom;
use nom::bits::streaming as bits;
use nom::bytes::streaming::take;
use nom::combinator::map_opt;
use nom::error::{Error, ErrorKind, ParseError};
use nom::number::streaming as number;
use nom::sequence::tuple;
use nom::{IResult, InputLength, Needed};

fn class_bits(i: (&[u8], usize)) -> nom::IResult<(&[u8], usize), TagClass> {
    map_opt(bits::take(2usize), TagClass::from_u8)(i)
}

fn pc_bit(i: (&[u8], usize)) -> nom::IResult<(&[u8], usize), TagStructure> {
    map_opt(bits::take(1usize), TagStructure::from_u8)(i)
}

fn tagnr_bits(i: (&[u8], usize)) -> nom::IResult<(&[u8], usize), u64> {
    bits::take(5usize)(i)
}

fn parse_type_header(i: &[u8]) -> nom::IResult<&[u8], (TagClass, TagStructure, u64)> {
    nom::bits(tuple((class_bits, pc_bit, tagnr_bits)))(i)
}

fn parse_length(i: &[u8]) -> nom::IResult<&[u8], usize> {
    let (i, len) = number::be_u8(i)?;
    if len < 128 {
        Ok((i, len as usize))
    } else {
        let len = len - 128;
        // The indefinite form (RFC 4511 section 5.1 excludes it), and lengths that would be cut to 64 bits.
        if len == 0 || len > 8 {
            return Err(too_large(i));
        }
        let (i, b) = take(len)(i)?;
        let len = b.iter().fold(0, |res, &byte| (res << 8) | u64::from(byte));
        Ok((i, usize::try_from(len).map_err(|_| too_large(i))?))
    }
}

/// Extract an integer value from BER data: 0 to 2^31-1, as all of LDAP's are (RFC 4511 section 4.1.1). The client
/// library cuts what it gets here to 32 bits, so that a larger one would become another message id, or a success.
pub fn parse_uint(i: &[u8]) -> nom::IResult<&[u8], u64> {
    let significant = i.iter().position(|&byte| byte != 0).map_or(&[][..], |first| &i[first..]);
    let value = significant.iter().take(5).fold(0, |res, &byte| (res << 8) | u64::from(byte));
    if i.is_empty() || i[0] >= 0x80 || significant.len() > 4 || value > i32::MAX as u64 {
        return Err(too_large(i));
    }
    Ok((i, value))
}

/// The longest element that is taken. A peer that announces a longer one is refused at once: waiting for it would let
/// the caller's buffer grow.
pub const MAX_LENGTH: usize = 8 * 1024 * 1024;

/// The most levels of nesting in one message; LDAP needs fewer than ten. Each level is a stack frame.
pub const MAX_DEPTH: usize = 32;

/// The most elements in one message: in memory an element takes many times the two bytes that it may have on the wire.
pub const MAX_ELEMENTS: usize = 128 * 1024;

fn too_large(i: &[u8]) -> nom::Err<Error<&[u8]>> {
    nom::Err::Failure(Error::from_error_kind(i, ErrorKind::TooLarge))
}

/// Parse raw BER data into a serializable structure.
pub fn parse_tag(i: &[u8]) -> nom::IResult<&[u8], StructureTag> {
    let mut elements = MAX_ELEMENTS;
    parse_tag_within(i, MAX_DEPTH, &mut elements)
}

fn parse_tag_within<'a>(
    i: &'a [u8],
    depth: usize,
    elements: &mut usize,
) -> nom::IResult<&'a [u8], StructureTag> {
    let (mut i, ((class, structure, id), len)) = tuple((parse_type_header, parse_length))(i)?;
    // 31 announces a tag of several bytes: LDAP has none, and it would be read as content.
    if len > MAX_LENGTH || depth == 0 || *elements == 0 || id == 31 {
        return Err(too_large(i));
    }
    *elements -= 1;

    let pl: PL = match structure {
        TagStructure::Primitive => {
            let (j, content) = take(len)(i)?;
            i = j;

            PL::P(content.to_vec())
        }
        TagStructure::Constructed => {
            let (j, mut content) = take(len)(i)?;
            i = j;

            let mut tv: Vec<StructureTag> = Vec::new();
            while content.input_len() > 0 {
                // An element that is longer than the one around it never becomes complete.
                let (j, sub) = match parse_tag_within(content, depth - 1, elements) {
                    Err(nom::Err::Incomplete(_)) => return Err(too_large(content)),
                    parsed => parsed?,
                };
                content = j;
                tv.push(sub);
            }

            PL::C(tv)
        }
    };

    Ok((
        i,
        StructureTag {
            class,
            id,
            payload: pl,
        },
    ))
}

pub struct Parser;

impl Parser {
    pub fn new() -> Self {
        Self
    }

    pub fn parse<'a>(
        &mut self,
        input: &'a [u8],
    ) -> IResult<&'a [u8], StructureTag, nom::error::Error<&'a [u8]>> {
        if input.is_empty() {
            return Err(nom::Err::Incomplete(Needed::Unknown));
        };
        let mut elements = guard::elements();
        match parse_tag_within(input, MAX_DEPTH, &mut elements) {
            Ok((rest, tag)) => match guard::admit(&tag, input.len() - rest.len(), elements) {
                Ok(()) => Ok((rest, tag)),
                Err(_) => Err(too_large(input)),
            },
            Err(error) => {
                if !error.is_incomplete() {
                    guard::refuse(elements);
                }
                Err(error)
            }
        }
    }
}

impl Default for Parser {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod test {
    use super::*;
    use crate::common::TagClass;
    use crate::structure::{PL, StructureTag};

    #[test]
    fn test_primitive() {
        let bytes: Vec<u8> = vec![2, 2, 255, 127];
        let result_tag = StructureTag {
            class: TagClass::Universal,
            id: 2u64,
            payload: PL::P(vec![255, 127]),
        };
        let rest_tag: Vec<u8> = vec![];

        let tag = parse_tag(&bytes[..]);

        assert_eq!(tag, Ok((&rest_tag[..], result_tag)));
    }

    #[test]
    fn test_constructed() {
        let bytes: Vec<u8> = vec![
            48, 14, 12, 12, 72, 101, 108, 108, 111, 32, 87, 111, 114, 108, 100, 33,
        ];
        let result_tag = StructureTag {
            class: TagClass::Universal,
            id: 16u64,
            payload: PL::C(vec![StructureTag {
                class: TagClass::Universal,
                id: 12u64,
                payload: PL::P(vec![72, 101, 108, 108, 111, 32, 87, 111, 114, 108, 100, 33]),
            }]),
        };
        let rest_tag: Vec<u8> = vec![];

        let tag = parse_tag(&bytes[..]);

        assert_eq!(tag, Ok((&rest_tag[..], result_tag)));
    }

    #[test]
    fn test_long_length() {
        let bytes: Vec<u8> = vec![
            0x30, 0x82, 0x01, 0x01, 0x80, 0x0C, 0x4A, 0x75, 0x73, 0x74, 0x41, 0x4C, 0x6F, 0x6E,
            0x67, 0x54, 0x61, 0x67, 0x81, 0x81, 0xF0, 0x4A, 0x75, 0x73, 0x74, 0x41, 0x4C, 0x6F,
            0x6E, 0x67, 0x54, 0x61, 0x67, 0x4A, 0x75, 0x73, 0x74, 0x41, 0x4C, 0x6F, 0x6E, 0x67,
            0x54, 0x61, 0x67, 0x4A, 0x75, 0x73, 0x74, 0x41, 0x4C, 0x6F, 0x6E, 0x67, 0x54, 0x61,
            0x67, 0x4A, 0x75, 0x73, 0x74, 0x41, 0x4C, 0x6F, 0x6E, 0x67, 0x54, 0x61, 0x67, 0x4A,
            0x75, 0x73, 0x74, 0x41, 0x4C, 0x6F, 0x6E, 0x67, 0x54, 0x61, 0x67, 0x4A, 0x75, 0x73,
            0x74, 0x41, 0x4C, 0x6F, 0x6E, 0x67, 0x54, 0x61, 0x67, 0x4A, 0x75, 0x73, 0x74, 0x41,
            0x4C, 0x6F, 0x6E, 0x67, 0x54, 0x61, 0x67, 0x4A, 0x75, 0x73, 0x74, 0x41, 0x4C, 0x6F,
            0x6E, 0x67, 0x54, 0x61, 0x67, 0x4A, 0x75, 0x73, 0x74, 0x41, 0x4C, 0x6F, 0x6E, 0x67,
            0x54, 0x61, 0x67, 0x4A, 0x75, 0x73, 0x74, 0x41, 0x4C, 0x6F, 0x6E, 0x67, 0x54, 0x61,
            0x67, 0x4A, 0x75, 0x73, 0x74, 0x41, 0x4C, 0x6F, 0x6E, 0x67, 0x54, 0x61, 0x67, 0x4A,
            0x75, 0x73, 0x74, 0x41, 0x4C, 0x6F, 0x6E, 0x67, 0x54, 0x61, 0x67, 0x4A, 0x75, 0x73,
            0x74, 0x41, 0x4C, 0x6F, 0x6E, 0x67, 0x54, 0x61, 0x67, 0x4A, 0x75, 0x73, 0x74, 0x41,
            0x4C, 0x6F, 0x6E, 0x67, 0x54, 0x61, 0x67, 0x4A, 0x75, 0x73, 0x74, 0x41, 0x4C, 0x6F,
            0x6E, 0x67, 0x54, 0x61, 0x67, 0x4A, 0x75, 0x73, 0x74, 0x41, 0x4C, 0x6F, 0x6E, 0x67,
            0x54, 0x61, 0x67, 0x4A, 0x75, 0x73, 0x74, 0x41, 0x4C, 0x6F, 0x6E, 0x67, 0x54, 0x61,
            0x67, 0x4A, 0x75, 0x73, 0x74, 0x41, 0x4C, 0x6F, 0x6E, 0x67, 0x54, 0x61, 0x67, 0x4A,
            0x75, 0x73, 0x74, 0x41, 0x4C, 0x6F, 0x6E, 0x67, 0x54, 0x61, 0x67, 0x4A, 0x75, 0x73,
            0x74, 0x41, 0x4C, 0x6F, 0x6E, 0x67, 0x54, 0x61, 0x67,
        ];

        let result_tag = StructureTag {
            class: TagClass::Universal,
            id: 16u64,
            payload: PL::C(vec![
                StructureTag {
                    class: TagClass::Context,
                    id: 0,
                    payload: PL::P(vec![74, 117, 115, 116, 65, 76, 111, 110, 103, 84, 97, 103]),
                },
                StructureTag {
                    class: TagClass::Context,
                    id: 1,
                    payload: PL::P(vec![
                        74, 117, 115, 116, 65, 76, 111, 110, 103, 84, 97, 103, 74, 117, 115, 116,
                        65, 76, 111, 110, 103, 84, 97, 103, 74, 117, 115, 116, 65, 76, 111, 110,
                        103, 84, 97, 103, 74, 117, 115, 116, 65, 76, 111, 110, 103, 84, 97, 103,
                        74, 117, 115, 116, 65, 76, 111, 110, 103, 84, 97, 103, 74, 117, 115, 116,
                        65, 76, 111, 110, 103, 84, 97, 103, 74, 117, 115, 116, 65, 76, 111, 110,
                        103, 84, 97, 103, 74, 117, 115, 116, 65, 76, 111, 110, 103, 84, 97, 103,
                        74, 117, 115, 116, 65, 76, 111, 110, 103, 84, 97, 103, 74, 117, 115, 116,
                        65, 76, 111, 110, 103, 84, 97, 103, 74, 117, 115, 116, 65, 76, 111, 110,
                        103, 84, 97, 103, 74, 117, 115, 116, 65, 76, 111, 110, 103, 84, 97, 103,
                        74, 117, 115, 116, 65, 76, 111, 110, 103, 84, 97, 103, 74, 117, 115, 116,
                        65, 76, 111, 110, 103, 84, 97, 103, 74, 117, 115, 116, 65, 76, 111, 110,
                        103, 84, 97, 103, 74, 117, 115, 116, 65, 76, 111, 110, 103, 84, 97, 103,
                        74, 117, 115, 116, 65, 76, 111, 110, 103, 84, 97, 103, 74, 117, 115, 116,
                        65, 76, 111, 110, 103, 84, 97, 103, 74, 117, 115, 116, 65, 76, 111, 110,
                        103, 84, 97, 103, 74, 117, 115, 116, 65, 76, 111, 110, 103, 84, 97, 103,
                    ]),
                },
            ]),
        };

        let rest_tag = Vec::new();

        let tag = parse_tag(&bytes[..]);
        assert_eq!(tag, Ok((&rest_tag[..], result_tag)));
    }

    fn is_refused(bytes: &[u8]) -> bool {
        matches!(parse_tag(bytes), Err(nom::Err::Failure(e)) if e.code == ErrorKind::TooLarge)
    }

    fn long_length(len: usize) -> Vec<u8> {
        let mut bytes = vec![0x84];
        bytes.extend_from_slice(&u32::try_from(len).unwrap().to_be_bytes());
        bytes
    }

    /// `levels` sequences, each in the one before.
    fn nested(levels: usize) -> Vec<u8> {
        // Inside out and backwards, so that a header is appended and not inserted.
        let mut bytes = Vec::new();
        for _ in 0..levels {
            let mut header = vec![0x30];
            header.extend(long_length(bytes.len()));
            bytes.extend(header.into_iter().rev());
        }
        bytes.reverse();
        bytes
    }

    #[test]
    fn test_nesting_is_refused_before_the_stack_is_full() {
        assert!(is_refused(&nested(MAX_DEPTH + 1)));
        assert!(is_refused(&nested(500_000)));
        assert!(parse_tag(&nested(MAX_DEPTH)).is_ok());
    }

    #[test]
    fn test_announced_length_is_refused_before_it_arrives() {
        let announce = |len| [vec![0x30], long_length(len)].concat();
        assert!(is_refused(&announce(MAX_LENGTH + 1)));
        assert!(is_refused(&announce(u32::MAX as usize)));
        assert!(is_refused(&[0x30, 0x88, 255, 255, 255, 255, 255, 255, 255, 255]));
        assert!(parse_tag(&announce(MAX_LENGTH)).unwrap_err().is_incomplete());
    }

    #[test]
    fn test_lengths_that_ldap_has_not_are_refused() {
        assert!(is_refused(&[0x30, 0x80, 0, 0]));
        assert!(is_refused(&[0x30, 0x89, 1, 0, 0, 0, 0, 0, 0, 0, 2, 4, 0]));
        assert!(is_refused(&[0x3f, 0x20, 0x02, 4, 0]));
        assert!(parse_tag(&[0x30, 0x88, 0, 0, 0, 0, 0, 0, 0, 2, 4, 0]).is_ok());
    }

    #[test]
    fn test_integers_are_not_cut() {
        for bytes in [&[][..], &[0xff], &[0x80, 0, 0, 0], &[0, 0x80, 0, 0, 0], &[1, 0, 0, 0, 0], &[1; 9]] {
            assert!(parse_uint(bytes).is_err(), "{bytes:?}");
        }
        assert_eq!(parse_uint(&[0x7f, 255, 255, 255]).unwrap().1, i32::MAX as u64);
        assert_eq!(parse_uint(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7]).unwrap().1, 7);
    }

    #[test]
    fn test_element_longer_than_its_parent_is_refused() {
        assert!(is_refused(&[0x30, 0x03, 0x04, 0x05, 0x61]));
        assert!(is_refused(&[0x30, 0x01, 0x04]));
        assert!(parse_tag(&[0x30, 0x04, 0x04, 0x05]).unwrap_err().is_incomplete());
    }

    #[test]
    fn test_elements_are_counted() {
        let message = |count: usize| {
            let mut bytes = vec![0x30];
            bytes.extend(long_length(2 * count));
            bytes.extend([0x04, 0x00].repeat(count));
            bytes
        };
        assert!(is_refused(&message(MAX_ELEMENTS)));
        assert!(parse_tag(&message(MAX_ELEMENTS - 1)).is_ok());
    }
}
