//! As much BER (ITU-T X.690) as control values need. Reads what any server may send and never panics.

/// The first element of `input`, if it is whole: its tag, its content, and what follows it.
///
/// Takes long lengths where short ones would do, as some servers send them. Tags above 30 and indefinite lengths do not
/// occur in LDAP (RFC 4511 section 5.1).
pub(crate) fn element(input: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = input.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
        if bytes.is_empty() || bytes.len() > 4 {
            return None;
        }
        (bytes.iter().fold(0_usize, |length, &byte| length << 8 | usize::from(byte)), rest)
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

/// The content of an INTEGER or ENUMERATED that is not negative and fits.
pub(crate) fn unsigned(content: &[u8]) -> Option<u32> {
    let first = *content.first()?;
    if first & 0x80 != 0 {
        return None;
    }
    content.iter().try_fold(0_u32, |number, &byte| number.checked_mul(256)?.checked_add(u32::from(byte)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn refuses_what_is_cut_off() {
        for input in [&[][..], &[0x30], &[0x30, 1], &[0x30, 0x80], &[0x30, 0x84, 0, 0, 0], &[0x30, 0x85, 0, 0, 0, 0, 0]]
        {
            assert_eq!(element(input), None, "{input:x?}");
        }
    }

    #[test]
    fn takes_long_lengths() {
        assert_eq!(element(&[0x30, 0x84, 0, 0, 0, 1, 7, 8]), Some((0x30, &[7][..], &[8][..])));
    }

    #[test]
    fn numbers_are_neither_negative_nor_too_large() {
        assert_eq!(unsigned(&[]), None);
        assert_eq!(unsigned(&[0x80]), None);
        assert_eq!(unsigned(&[0, 0xff, 0xff, 0xff, 0xff]), Some(u32::MAX));
        assert_eq!(unsigned(&[1, 0, 0, 0, 0]), None);
    }

    proptest! {
        #[test]
        fn what_is_read_lies_within_the_input(input in proptest::collection::vec(any::<u8>(), 0..64)) {
            if let Some((_, content, rest)) = element(&input) {
                prop_assert!(content.len() + rest.len() + 2 <= input.len());
            }
        }

        #[test]
        fn reads_what_was_written(tag in any::<u8>(), content in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut input = vec![tag, 0x82, (content.len() >> 8) as u8, content.len() as u8];
            input.extend_from_slice(&content);
            prop_assert_eq!(element(&input), Some((tag, &content[..], &[][..])));
        }
    }
}
