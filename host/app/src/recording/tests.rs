//! What the redactor finds, and what it leaves alone.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use portcullis_model::{Login, Operation, Password, ResetOptions};
use proptest::prelude::*;

use super::format::{Value, WITHHELD, Which};
use super::redact::Redactor;

fn redactor(password: &str) -> (Redactor, Operation) {
    let account = Login::new("alice").unwrap();
    let password = Password::new(password.to_owned()).unwrap();
    let operation = Operation::reset(account, password, ResetOptions::default()).unwrap();
    (Redactor::new(&operation), operation)
}

/// The password in the forms in which it may come back, with something around it.
fn forms(password: &str) -> Vec<Vec<u8>> {
    let utf16: Vec<u8> = password.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let within = |bytes: &[u8]| [b"before ", bytes, b" after"].concat();
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02X}")).collect::<String>();
    let escaped: String = password.bytes().map(|byte| format!("\\{byte:02x}")).collect();
    vec![
        within(password.as_bytes()),
        within(password.to_ascii_uppercase().as_bytes()),
        within(&utf16),
        within(STANDARD.encode(password).as_bytes()),
        STANDARD.encode(within(password.as_bytes())).into_bytes(),
        STANDARD.encode(within(&utf16)).into_bytes(),
        URL_SAFE_NO_PAD.encode(password).into_bytes(),
        within(hex(password.as_bytes()).as_bytes()),
        within(hex(&utf16).as_bytes()),
        format!("{:?}", password.as_bytes()).into_bytes(),
        format!("{password:?}").into_bytes(),
        format!("(description={escaped})").into_bytes(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_password_is_found_in_every_form(password in "[a-zA-Z0-9 \"\\\\\u{e9}\u{1f600}*()=,+-]{6,40}") {
        let (redactor, _) = redactor(&password);
        for form in forms(&password) {
            prop_assert_eq!(redactor.value(&form), Value::Withheld, "{}", String::from_utf8_lossy(&form));
            if let Ok(text) = std::str::from_utf8(&form) {
                prop_assert_eq!(redactor.text(text), WITHHELD);
            }
        }
        prop_assert_eq!(redactor.value(b"20260101000000Z"), Value::Text("20260101000000Z".into()));
    }

    #[test]
    fn what_holds_none_is_kept_to_the_byte(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let (redactor, _) = redactor("Canary-51c0-Password");
        let kept = match redactor.value(&bytes) {
            Value::Text(text) => text.into_bytes(),
            Value::Base64(text) => STANDARD.decode(text).unwrap(),
            other => panic!("{other:?}"),
        };
        prop_assert_eq!(kept, bytes);
    }
}

#[test]
fn a_short_one_counts_where_it_stands_alone() {
    let (redactor, _) = redactor("5");
    assert_eq!(redactor.text("0000052D: too short"), "0000052D: too short");
    assert_eq!(redactor.text("refused: 5"), WITHHELD);
    assert_eq!(redactor.value(b"5"), Value::Withheld);
    assert_eq!(redactor.withheld(), 2);
}

#[test]
fn a_password_is_known_by_its_name_and_by_nothing_else() {
    let (redactor, operation) = redactor("Canary-51c0-Password");
    assert_eq!(redactor.which(operation.new_password().unwrap()), Some(Which::New));
    let other = |text: &str| Password::new(text.to_owned()).unwrap();
    assert_eq!(redactor.which(&other("Canary-51c0-Password")), Some(Which::New));
    assert_eq!(redactor.which(&other("another")), None);
    assert!(!format!("{redactor:?}").contains("Canary"));
}

#[test]
fn fields_of_the_host_stay_as_they_are() {
    let (redactor, _) = redactor("account");
    let mut event = serde_json::json!({ "event": "denied", "account": "account", "reason": "no account here",
        "wanted": { "grant": "read", "attribute": "account" }, "what": ["account"] });
    redactor.json(&mut event);
    let expected = serde_json::json!({ "event": "denied", "account": "account", "reason": WITHHELD,
        "wanted": { "grant": "read", "attribute": WITHHELD }, "what": [WITHHELD] });
    assert_eq!(event, expected);
}
