//! One envelope has one text: whoever changes a character has another envelope, which does not open, or none.

use proptest::prelude::*;

use super::{Host, SECRET};
use crate::{Envelope, EnvelopeError, OpenError};

fn refused(text: &str) -> EnvelopeError {
    text.parse::<Envelope>().unwrap_err()
}

#[test]
fn what_is_not_an_envelope_is_refused_by_the_part_that_is_wrong() {
    let whole = Host::new().seal(SECRET).to_string();
    let parts: Vec<&str> = whole.split('.').collect();
    let with = |at: usize, part: &str| {
        let mut parts = parts.clone();
        parts[at] = part;
        refused(&parts.join("."))
    };
    for text in ["", "pcs1", "pcs2.a.b.c.d", &whole.to_uppercase(), &format!(" {whole}")] {
        assert_eq!(refused(text), EnvelopeError::Version, "{text}");
    }
    for text in ["pcs1.", "pcs1.....", &format!("{whole}."), &whole[..whole.rfind('.').unwrap()]] {
        assert_eq!(refused(text), EnvelopeError::Parts, "{text}");
    }
    for key in ["", &parts[1][1..], &format!("{}0", parts[1]), "ABCDEF0123456789", "../../../../etc/"] {
        assert!(matches!(with(1, key), EnvelopeError::Key | EnvelopeError::Parts), "{key}");
    }
    for expires in ["", "01", "00", "+1", "-1", "1e9", " 1", "1 ", "253402300800", "18446744073709551616"] {
        assert_eq!(with(2, expires), EnvelopeError::Expires, "{expires}");
    }
    for encapsulated in ["", "AAAA", &parts[3][1..], &format!("{}A", parts[3]), &format!("{}=", parts[3])] {
        assert_eq!(with(3, encapsulated), EnvelopeError::Encapsulated, "{encapsulated}");
    }
    // No padded password has 0, 63, 65 or 1152 bytes.
    for ciphertext in
        ["", "AAAA", &parts[4][4..], &format!("{}AAAA", parts[4]), &"A".repeat(22), &format!("{}=", parts[4])]
    {
        assert_eq!(with(4, ciphertext), EnvelopeError::Ciphertext, "{ciphertext}");
    }
    assert!(matches!(with(4, &"A".repeat(1558)), EnvelopeError::TooLong | EnvelopeError::Ciphertext));
    assert_eq!(refused(&format!("{whole}\n")), EnvelopeError::Ciphertext);
    assert_eq!(refused(&"p".repeat(Envelope::MAX_TEXT + 1)), EnvelopeError::TooLong);
}

/// 32 bytes end in the middle of a character: its last two bits say nothing, and must be zero.
#[test]
fn bits_that_say_nothing_are_not_free() {
    let whole = Host::new().seal(SECRET).to_string();
    let parts: Vec<&str> = whole.split('.').collect();
    for at in [3, 4] {
        let part = parts[at];
        let (head, last) = part.split_at(part.len() - 1);
        let taken: Vec<char> = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
            .chars()
            .filter(|c| {
                let mut parts: Vec<String> = parts.iter().map(ToString::to_string).collect();
                parts[at] = format!("{head}{c}");
                parts.join(".").parse::<Envelope>().is_ok()
            })
            .collect();
        // 32 bytes leave 2 of 6 bits, and so do 80.
        assert_eq!(taken.len(), 16, "{at} {taken:?}");
        assert!(taken.contains(&last.chars().next().unwrap()));
    }
}

#[test]
fn the_longest_password_makes_the_longest_text() {
    let host = Host::new();
    let envelope = host.seal(&"x".repeat(1024));
    let text = envelope.to_string();
    // The expiry of the test is two digits short of the longest, and base64 without padding up to two.
    assert!(text.len() <= Envelope::MAX_TEXT && text.len() + 4 >= Envelope::MAX_TEXT, "{}", text.len());
    assert_eq!(text.parse::<Envelope>().unwrap(), envelope);
    assert_eq!(host.open(&envelope).unwrap().expose_secret().len(), 1024);
}

/// Every single character changed, left out or put in: nothing opens but the text itself.
#[test]
fn no_other_text_opens() {
    let host = Host::new();
    let envelope = host.seal(SECRET);
    let text = envelope.to_string();
    let opens = |text: &str| match text.parse::<Envelope>() {
        Ok(other) => {
            assert_eq!(other.to_string(), text, "an envelope has one text");
            assert_ne!(other.digest(), envelope.digest(), "{text}");
            host.open(&other).is_ok()
        }
        Err(_) => false,
    };
    for at in 0..text.len() {
        let (head, tail) = (&text[..at], &text[at + 1..]);
        let was = &text[at..=at];
        for instead in ["", "A", "B", "g", "0", "1", "_", "-", ".", "=", "+", "/", "%", " ", "\n", "\0", "é"] {
            if instead != was {
                assert!(!opens(&format!("{head}{instead}{tail}")), "{instead:?} in place of {was:?} at {at}");
            }
            let put_in = format!("{head}{instead}{was}{tail}");
            assert!(put_in == text || !opens(&put_in), "{instead:?} put in at {at}");
        }
    }
    assert!(host.open(&envelope).is_ok());
}

/// X25519 ignores the highest bit of a public key and reduces the rest (RFC 7748 section 5): other bytes are the same
/// point. Under HPKE they are another encapsulated key, since the bytes enter the key schedule.
#[test]
fn the_encapsulated_key_has_no_second_encoding_that_opens() {
    let host = Host::new();
    let envelope = host.seal(SECRET);
    let with = |encapsulated| {
        let ciphertext = envelope.ciphertext().to_vec();
        Envelope::new(envelope.key().clone(), envelope.expires(), encapsulated, ciphertext)
    };
    assert!(host.open(&with(*envelope.encapsulated())).is_ok());
    for bit in 0..256 {
        let mut other = *envelope.encapsulated();
        other[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(host.open(&with(other)).unwrap_err(), OpenError::Unopened, "bit {bit}");
        assert_ne!(with(other).digest(), envelope.digest(), "bit {bit}");
    }
    // Points of low order: the shared secret would be known to everybody.
    for low in [[0; 32], std::array::from_fn(|i| u8::from(i == 0))] {
        assert_eq!(host.open(&with(low)).unwrap_err(), OpenError::Unopened);
    }
}

#[test]
fn the_digest_is_of_the_text() {
    use sha2::{Digest as _, Sha256};
    let envelope = Host::new().seal(SECRET);
    assert_eq!(envelope.digest(), <[u8; 32]>::from(Sha256::digest(envelope.to_string().as_bytes())));
}

proptest! {
    #[test]
    fn every_envelope_is_read_back(
        key in any::<[u8; 32]>(), expires in 0..=crate::moment::LATEST, encapsulated in any::<[u8; 32]>(),
        blocks in 1_usize..=17, fill in any::<u8>(),
    ) {
        let envelope = Envelope::new(crate::KeyId::of(&key), expires, encapsulated, vec![fill; blocks * 64 + 16]);
        let text = envelope.to_string();
        prop_assert!(text.len() <= Envelope::MAX_TEXT);
        prop_assert_eq!(text.parse::<Envelope>(), Ok(envelope));
    }

    #[test]
    fn no_text_panics_and_each_that_is_taken_is_the_one_text(text in r"(pcs1\.)?([0-9a-f]{16}|.{0,20})\.[0-9]{0,14}\.[A-Za-z0-9_=-]{42,44}\..{0,200}") {
        if let Ok(envelope) = text.parse::<Envelope>() {
            prop_assert_eq!(envelope.to_string(), text);
        }
    }

    #[test]
    fn no_bytes_panic(text in any::<String>()) {
        prop_assert!(text.parse::<Envelope>().is_err());
    }
}
